"""At which pace a campaign's budget goes, and when it will be spent."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from msgspec import Struct

#: The pace is that of so many business dates, today's included; of a younger campaign that of its dates since the first on which it gave.
PACE_DAYS: Final = 7
#: Days to exhaustion that are told at most: beyond, a forecast says nothing.
DAYS_AHEAD_MAX: Final = 3_660


class Forecast(Struct, frozen=True):
    """`points_per_day`, rounded down, and the business date on which the budget is spent at that pace; None: not within ten years, or without end."""

    points_per_day: int
    exhausted_on: date | None


def forecast(left: int | None, by_day: Sequence[tuple[date, int]], today: date) -> Forecast:
    """Return the pace of what was given `by_day` (business date, points; oldest first) and when `left` points last until; None: there is no budget."""
    since = today - timedelta(days=PACE_DAYS - 1)
    recent = [points for on, points in by_day if since <= on <= today]
    first = max(since, by_day[0][0]) if by_day else today
    pace = max(Fraction(0), Fraction(sum(recent), max(1, (today - first).days + 1)))
    if left is None:
        return Forecast(int(pace), None)
    if left <= 0:
        return Forecast(int(pace), today)
    days = -(-left // pace) if pace else DAYS_AHEAD_MAX + 1
    return Forecast(int(pace), today + timedelta(days=int(days)) if days <= DAYS_AHEAD_MAX else None)
