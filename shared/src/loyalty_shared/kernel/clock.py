"""The only place that reads the clock. Everything else is told what time it is."""

import time
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Tells the present instant."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 -- the one place


def monotonic_seconds() -> float:
    """Return seconds from an arbitrary start, for measuring how long a thing took."""
    return time.monotonic()


def date_in_zone(instant: datetime, zone: ZoneInfo) -> date:
    """Return the calendar date of an aware instant in an entity's zone: the transaction date of the rules."""
    return instant.astimezone(zone).date()
