"""The period of a report: whole business dates, `from` inclusive, `to` exclusive."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

PERIOD_DAYS_MAX: Final = 3_660
ONE_DAY: Final = timedelta(days=1)


class PeriodBackwards(ValueError):
    """`from` is after `to`."""


class PeriodTooLong(ValueError):
    """More days than a report covers."""


@dataclass(frozen=True, slots=True)
class Period:
    """Business dates from `start`, included, to `end`, not included."""

    start: date
    end: date


def period_from(start: date | None, end: date | None, newest: date) -> Period:
    """Return the period that a caller means. Raises PeriodBackwards, PeriodTooLong.

    Equal dates mean that one day: an empty period is never meant, and callers used to inclusive ends ask for a day so. A date left out makes it one day;
    without either it is `newest`, the last complete day.
    """
    if start is None:
        start = newest if end is None else max(end, date.min + ONE_DAY) - ONE_DAY
    if end is None or end == start:
        end = min(start, date.max - ONE_DAY) + ONE_DAY
    if start > end:
        raise PeriodBackwards(f"{start} is after {end}")
    if (end - start).days > PERIOD_DAYS_MAX:
        raise PeriodTooLong(f"{(end - start).days} days")
    return Period(start, end)


def first_incomplete(period: Period, complete_until: date | None) -> date | None:
    """Return the first day of the period that is not complete; None when all are. `complete_until`: the last complete date, with all before it."""
    if complete_until is None:
        return period.start
    if period.end - ONE_DAY <= complete_until:
        return None
    return max(period.start, complete_until + ONE_DAY)
