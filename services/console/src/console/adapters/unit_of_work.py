"""One transaction on the console's database, and what use cases do in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from console.adapters.access import SqlInstitutions, SqlOperators, SqlRoles
from console.adapters.announcements import SqlAnnouncements
from console.adapters.credentials import SqlIssuedCredentials
from console.adapters.desk import SqlApprovals, SqlAuditTrail, SqlParameters
from console.adapters.entities import SqlEntities
from console.adapters.job_runs import SqlJobRuns, SqlSchedules
from console.application.ports import BeginUnitOfWork, UnitOfWork
from loyalty_shared.persistence.connections import Database
from loyalty_shared.web.idempotency import Answers


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlUnitOfWork:
    """The ports of one transaction."""

    answers: Answers
    entities: SqlEntities
    credentials: SqlIssuedCredentials
    announcements: SqlAnnouncements
    institutions: SqlInstitutions
    roles: SqlRoles
    operators: SqlOperators
    parameters: SqlParameters
    approvals: SqlApprovals
    audit: SqlAuditTrail
    runs: SqlJobRuns
    schedules: SqlSchedules


def units_of_work(database: Database) -> BeginUnitOfWork:
    """Return what begins a transaction: committed when the block ends, rolled back when it raises."""

    @contextmanager
    def begin() -> Iterator[UnitOfWork]:
        with database.transaction() as cursor:
            yield SqlUnitOfWork(
                answers=Answers(cursor),
                entities=SqlEntities(cursor),
                credentials=SqlIssuedCredentials(cursor),
                announcements=SqlAnnouncements(cursor),
                institutions=SqlInstitutions(cursor),
                roles=SqlRoles(cursor),
                operators=SqlOperators(cursor),
                parameters=SqlParameters(cursor),
                approvals=SqlApprovals(cursor),
                audit=SqlAuditTrail(cursor),
                runs=SqlJobRuns(cursor),
                schedules=SqlSchedules(cursor),
            )

    return begin
