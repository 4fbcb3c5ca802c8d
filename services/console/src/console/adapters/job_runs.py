"""Runs of jobs and their schedules, over one transaction's cursor."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from console.domain.jobs import LEASE_LASTS, Run, RunStatus, StartedHow

RUN_COLUMNS: Final = (
    "legal_entity, run_no, job, service, business_on, status, started_by, started_how, asked_at, attempts, detail, started_at, finished_at, next_attempt_at"
)
_ADD: Final = f"""
insert into job_run (legal_entity, job, service, business_on, status, attempts, started_by, started_how, asked_at, next_attempt_at)
values (%s, %s, %s, %s, 'queued', 0, %s, %s, %s, %s) returning {RUN_COLUMNS}
"""
# The oldest due run of each job and entity, unless one of them runs; its lock, and the check again behind it, keep two consoles from claiming two of one job.
_DUE: Final = """
select one.run_no, one.legal_entity, one.job from job_run as one
where one.status in ('queued', 'running') and coalesce(one.lease_until, one.next_attempt_at) <= %(now)s and not exists (
    select 1 from job_run as other where other.legal_entity = one.legal_entity and other.job = one.job and other.run_no <> one.run_no
        and other.status = 'running' and other.lease_until > %(now)s)
order by one.run_no limit 8
"""
_HOLD_JOB: Final = "select pg_try_advisory_xact_lock(7103, hashtext(%s))"
_CLAIM: Final = f"""
update job_run set status = 'running', attempts = attempts + 1, started_at = coalesce(started_at, %(now)s), lease_until = %(until)s, lease_owner = %(owner)s
where run_no = %(run_no)s and status in ('queued', 'running') and coalesce(lease_until, next_attempt_at) <= %(now)s and not exists (
    select 1 from job_run as other where other.legal_entity = %(legal_entity)s and other.job = %(job)s and other.run_no <> %(run_no)s
        and other.status = 'running' and other.lease_until > %(now)s)
returning {RUN_COLUMNS}
"""
_RENEW: Final = "update job_run set lease_until = %s where run_no = %s and lease_owner = %s and status = 'running'"
_FINISH: Final = """
update job_run set status = %s, detail = %s, finished_at = %s, next_attempt_at = %s, lease_until = null, lease_owner = null
where run_no = %s and lease_owner = %s and status = 'running'
"""
_SAVE_SCHEDULE: Final = """
insert into job_schedule (legal_entity, job, cron, next_at) values (%s, %s, %s, %s)
on conflict (legal_entity, job) do update set cron = excluded.cron, next_at = excluded.next_at
"""


class SqlJobRuns:
    """The runs of jobs."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def add(self, legal_entity: str, job: str, service: str, on: date, *, by: str, how: StartedHow, at: datetime) -> Run:
        self._cursor.execute(_ADD, (legal_entity, job, service, on, by, how, at, at))
        row = self._cursor.fetchone()
        assert row is not None
        return run_from(row)

    def claim(self, owner: str, now: datetime) -> Run | None:
        self._cursor.execute(_DUE, {"now": now})
        for run_no, legal_entity, job in self._cursor.fetchall():
            self._cursor.execute(_HOLD_JOB, (f"{legal_entity}/{job}",))
            held = self._cursor.fetchone()
            if held is None or not held[0]:
                continue
            values = {"now": now, "until": now + LEASE_LASTS, "owner": owner, "run_no": run_no, "legal_entity": legal_entity, "job": job}
            self._cursor.execute(_CLAIM, values)
            row = self._cursor.fetchone()
            if row is not None:
                return run_from(row)
        return None

    def renew(self, run: Run, owner: str, now: datetime) -> bool:
        self._cursor.execute(_RENEW, (now + LEASE_LASTS, int(run.run_id), owner))
        return self._cursor.rowcount == 1

    def finish(self, run: Run, owner: str, status: RunStatus, detail: str, now: datetime, next_attempt_at: datetime | None) -> bool:
        finished_at = None if status is RunStatus.QUEUED else now
        self._cursor.execute(_FINISH, (status, detail, finished_at, next_attempt_at, int(run.run_id), owner))
        return self._cursor.rowcount == 1


class SqlSchedules:
    """When jobs start by themselves."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def save(self, legal_entity: str, job: str, cron: str | None, next_at: datetime | None) -> None:
        if cron is None:
            self._cursor.execute("delete from job_schedule where legal_entity = %s and job = %s", (legal_entity, job))
        else:
            self._cursor.execute(_SAVE_SCHEDULE, (legal_entity, job, cron, next_at))

    def list_due_for_update(self, now: datetime) -> Sequence[tuple[str, str, str]]:
        self._cursor.execute(
            "select legal_entity, job, cron from job_schedule where next_at <= %s order by next_at limit 100 for update skip locked",
            (now,),
        )
        return [(legal_entity, job, cron) for legal_entity, job, cron in self._cursor.fetchall()]


def run_from(row: tuple[Any, ...]) -> Run:
    """Return the run of a row of RUN_COLUMNS."""
    legal_entity, number, job, service, on, status, started_by, how, asked_at, attempts, detail, started_at, finished_at, next_attempt_at = row
    return Run(
        legal_entity=legal_entity,
        run_id=str(number),
        job=job,
        service=service,
        on=on,
        status=RunStatus(status),
        started_by=started_by,
        started_how=StartedHow(how),
        asked_at=asked_at,
        attempts=attempts,
        detail=detail,
        started_at=started_at,
        finished_at=finished_at,
        next_attempt_at=next_attempt_at,
    )
