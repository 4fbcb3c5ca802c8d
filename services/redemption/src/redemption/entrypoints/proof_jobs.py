"""The jobs that prove the books: what is kept is what was posted, and what was posted is what was published."""

from collections.abc import Mapping
from datetime import date

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.connections import Database
from loyalty_shared.serving import Job
from redemption.adapters.outgoing import LedgerTopic
from redemption.adapters.rebuilding import SqlRebuildingWork, begin_comparing_on
from redemption.adapters.sealed_chain import verify_chain
from redemption.adapters.unit_of_work import begin_on
from redemption.application.rebuild_balances import RebuildBalances


def proof_jobs(database: Database, clock: Clock) -> Mapping[str, Job]:
    """Return the jobs by name. They go by what is so now, whatever the date; the chain is that of all entities together."""
    compare_balances = RebuildBalances(begin_comparing_on(database), clock)
    rebuild_balances = RebuildBalances(begin_on(database, SqlRebuildingWork), clock)

    def compare(legal_entity: str, _on: date) -> str:
        return str(compare_balances(legal_entity, repair=False))

    def rebuild(legal_entity: str, _on: date) -> str:
        return str(rebuild_balances(legal_entity, repair=True))

    def verify(_legal_entity: str, _on: date) -> str:
        with database.transaction() as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
            verified = verify_chain(cursor, LedgerTopic())
        return f"{verified.records} records in {verified.chunks} chunks are as they were published"

    return {"compare-balances": compare, "rebuild-balances": rebuild, "verify-chain": verify}
