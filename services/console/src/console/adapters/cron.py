"""Cron expressions, as Debian's cron understands them, in a time zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError


def next_at(cron: str, zone: str, now: datetime) -> datetime:
    """Return the first instant after `now` that five fields mean in the zone. Raises ValueError with the fault when they mean none."""
    if len(cron.split()) != 5:
        raise ValueError("must have five fields: minute, hour, day, month, weekday")
    try:
        return next(CronSim(cron, now.astimezone(ZoneInfo(zone)))).astimezone(UTC)
    except (CronSimError, StopIteration) as error:
        raise ValueError(str(error) or "never comes") from error
