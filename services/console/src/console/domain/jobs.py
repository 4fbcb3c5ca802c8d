"""The installation's jobs: which there are, who does them, and what an attempt comes to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

ATTEMPTS_MAX: Final = 30
PAUSE_SECONDS_MAX: Final = 60
#: A console that runs a job says so at least this often; another takes the run up when it has not.
LEASE_LASTS: Final = timedelta(seconds=20)
CLOSE_DAY: Final = "close-day"


class DateOf(StrEnum):
    """Which business date a run is for when none is asked for."""

    PRESENT = "present"
    LAST_CLOSED = "last-closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobType:
    """One job there is, and the service that does it."""

    name: str
    service: str
    names: Mapping[str, str]
    date: DateOf = DateOf.PRESENT


JOBS: Final[Mapping[str, JobType]] = {
    job.name: job
    for job in (
        JobType(name=CLOSE_DAY, service="console", names={"zh": "日终关账", "en": "Close the day"}),
        JobType(name="mature-points", service="redemption", names={"zh": "积分到账", "en": "Make due points available"}),
        JobType(name="expire-points", service="redemption", names={"zh": "积分过期", "en": "Expire points"}),
        JobType(name="raise-expiry-notices", service="redemption", names={"zh": "积分到期提醒", "en": "Raise notices of points that will lapse"}),
        JobType(name="compare-balances", service="redemption", names={"zh": "核对积分余额", "en": "Compare balances with the ledger's entries"}),
        JobType(name="verify-chain", service="redemption", names={"zh": "校验账本防篡改链", "en": "Verify the ledger's sealed chain"}),
        JobType(name="decide-balances", service="accrual", names={"zh": "按月均余额累积积分", "en": "Decide months' average balances"}),
        JobType(name="make-batches", service="settlement", names={"zh": "生成结算批次", "en": "Make settlement batches"}, date=DateOf.LAST_CLOSED),
        JobType(name="make-reports", service="reporting", names={"zh": "生成报表", "en": "Make reports"}, date=DateOf.LAST_CLOSED),
    )
}


class RunStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class StartedHow(StrEnum):
    HAND = "hand"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a job for an entity's date. `attempts`: those begun; `detail`: what the last one came to."""

    legal_entity: str
    run_id: str
    job: str
    service: str
    on: date
    status: RunStatus
    started_by: str
    started_how: StartedHow
    asked_at: datetime
    attempts: int = 0
    detail: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    next_attempt_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Performed:
    """The service did it."""

    detail: str


@dataclass(frozen=True, slots=True)
class NotYet:
    """It cannot be done now: what it waits for has not come, or the service does not answer."""

    detail: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It was refused, and asking again would not help."""

    detail: str


Outcome = Performed | NotYet | Failed


def next_attempt_at(attempts: int, now: datetime) -> datetime | None:
    """Return when to try again after so many attempts, twice as late each time up to a minute; None: no more."""
    if attempts >= ATTEMPTS_MAX:
        return None
    return now + timedelta(seconds=min(2 ** (attempts - 1), PAUSE_SECONDS_MAX))
