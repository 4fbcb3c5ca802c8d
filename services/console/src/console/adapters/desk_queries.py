"""What the desk shows in lists: operators, approvals, versions of parameters, the audit trail, jobs and their runs."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from console.adapters.access import OPERATOR_COLUMNS, operator_from
from console.adapters.desk import APPROVAL_COLUMNS, AUDIT_COLUMNS, approval_from, audit_record_from, number_of
from console.adapters.job_runs import RUN_COLUMNS, run_from
from console.domain.approvals import Approval
from console.domain.audit import CHAIN_START, AuditRecord
from console.domain.jobs import Run
from console.domain.operators import Operator

#: Records that are read at once when a chain is counted again.
VERIFIED_AT_ONCE: Final = 2_000
NUMBER_MAX: Final = 2**63 - 1


def _matching(conditions: dict[str, Any]) -> tuple[str, list[Any]]:
    """Return ` and ...` for the conditions that have a value, each with one placeholder, and the values."""
    kept = {condition: value for condition, value in conditions.items() if value is not None}
    return "".join(f" and {condition}" for condition in kept), list(kept.values())


def list_operators(
    cursor: Cursor, legal_entity: str, *, within: Collection[str] | None, institution: str | None, status: str | None, after: str, limit: int
) -> list[Operator]:
    """Return operators by code. `within`: only of these institutions; None: of all."""
    seen = None if within is None else list(within)
    where, values = _matching({"institution = any(%s)": seen, "institution = %s": institution, "status = %s": status})
    query = f"select {OPERATOR_COLUMNS} from operator where legal_entity = %s and operator > %s{where} order by operator limit %s"
    cursor.execute(query, (legal_entity, after, *values, limit))
    return [operator_from(row) for row in cursor.fetchall()]


def list_approvals(cursor: Cursor, legal_entity: str, *, status: str | None, kind: str | None, before: int, limit: int) -> list[Approval]:
    """Return approvals, newest first."""
    where, values = _matching({"status = %s": status, "kind = %s": kind})
    query = f"select {APPROVAL_COLUMNS} from approval where legal_entity = %s and approval_no < %s{where} order by approval_no desc limit %s"
    cursor.execute(query, (legal_entity, before, *values, limit))
    return [approval_from(row) for row in cursor.fetchall()]


def find_approval(cursor: Cursor, legal_entity: str, approval_id: str) -> Approval | None:
    """Return an approval, or None."""
    cursor.execute(f"select {APPROVAL_COLUMNS} from approval where legal_entity = %s and approval_no = %s", (legal_entity, number_of(approval_id)))
    row = cursor.fetchone()
    return approval_from(row) if row else None


def list_parameter_versions(cursor: Cursor, legal_entity: str, name: str, *, before: int, limit: int) -> list[dict[str, Any]]:
    """Return a parameter's versions, newest first, each with who asked for it and who decided."""
    cursor.execute(
        "select v.version, v.value, v.effective_on, v.status, v.approval_no, a.made_by, a.made_at, a.decided_by, a.decided_at"
        " from parameter_version as v join approval as a using (approval_no)"
        " where v.legal_entity = %s and v.name = %s and v.version < %s order by v.version desc limit %s",
        (legal_entity, name, before, limit),
    )
    return [
        {
            "name": name,
            "version": version,
            "value": value,
            "effective_on": effective_on,
            "status": status,
            "approval_id": str(approval_no),
            "made_by": made_by,
            "made_at": made_at,
            "decided_by": decided_by,
            "decided_at": decided_at,
        }
        for version, value, effective_on, status, approval_no, made_by, made_at, decided_by, decided_at in cursor.fetchall()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which records are asked for; None: whatever it is. `begin` inclusive, `end` exclusive."""

    who: str | None = None
    action: str | None = None
    subject: str | None = None
    begin: datetime | None = None
    end: datetime | None = None


def list_audit(cursor: Cursor, legal_entity: str, wanted: AuditFilter, *, before: int, limit: int) -> list[AuditRecord]:
    """Return the audit trail, newest first."""
    conditions = {"who = %s": wanted.who, "action = %s": wanted.action, "subject = %s": wanted.subject, "at >= %s": wanted.begin, "at < %s": wanted.end}
    where, values = _matching(conditions)
    query = f"select {AUDIT_COLUMNS} from audit_record where legal_entity = %s and number < %s{where} order by number desc limit %s"
    cursor.execute(query, (legal_entity, before, *values, limit))
    return [audit_record_from(row) for row in cursor.fetchall()]


def audit_head(cursor: Cursor, legal_entity: str) -> tuple[int, bytes]:
    """Return the number and hash of the last record written."""
    cursor.execute("select number, sha256 from audit_head where legal_entity = %s", (legal_entity,))
    row = cursor.fetchone()
    return (row[0], bytes(row[1])) if row else (0, CHAIN_START)


def audit_chain(cursor: Cursor, legal_entity: str) -> Iterator[AuditRecord]:
    """Return an entity's records in order, a part at a time."""
    last = 0
    while True:
        query = f"select {AUDIT_COLUMNS} from audit_record where legal_entity = %s and number > %s order by number limit %s"
        cursor.execute(query, (legal_entity, last, VERIFIED_AT_ONCE))
        rows = cursor.fetchall()
        yield from map(audit_record_from, rows)
        if len(rows) < VERIFIED_AT_ONCE:
            return
        last = rows[-1][1]


def last_runs(cursor: Cursor, legal_entity: str) -> dict[str, Run]:
    """Return the newest run of each job."""
    cursor.execute(f"select distinct on (job) {RUN_COLUMNS} from job_run where legal_entity = %s order by job, run_no desc", (legal_entity,))
    return {run.job: run for run in map(run_from, cursor.fetchall())}


def schedules(cursor: Cursor, legal_entity: str) -> dict[str, dict[str, Any]]:
    """Return the schedule of each job that has one."""
    cursor.execute("select job, cron, next_at from job_schedule where legal_entity = %s", (legal_entity,))
    return {job: {"cron": cron, "next_at": next_at} for job, cron, next_at in cursor.fetchall()}


def list_runs(cursor: Cursor, legal_entity: str, job: str, *, status: str | None, before: int, limit: int) -> list[Run]:
    """Return a job's runs, newest first."""
    where, values = _matching({"status = %s": status})
    query = f"select {RUN_COLUMNS} from job_run where legal_entity = %s and job = %s and run_no < %s{where} order by run_no desc limit %s"
    cursor.execute(query, (legal_entity, job, before, *values, limit))
    return [run_from(row) for row in cursor.fetchall()]


def find_run(cursor: Cursor, legal_entity: str, job: str, run_id: str) -> Run | None:
    """Return a run of the job, or None."""
    cursor.execute(f"select {RUN_COLUMNS} from job_run where legal_entity = %s and job = %s and run_no = %s", (legal_entity, job, number_of(run_id)))
    row = cursor.fetchone()
    return run_from(row) if row else None
