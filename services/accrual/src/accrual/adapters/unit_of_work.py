"""One transaction on accrual's database, as the use cases see it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from accrual.adapters.balances import SqlBalances
from accrual.adapters.batches import SqlBatches
from accrual.adapters.budgets import SqlBudgets
from accrual.adapters.business_keys import SqlBusinessKeys
from accrual.adapters.campaigns import SqlCampaigns
from accrual.adapters.costs import SqlCosts
from accrual.adapters.customers import SqlCustomers
from accrual.adapters.decisions import SqlDecisions
from accrual.adapters.history import SqlHistory
from accrual.adapters.merchants import SqlMerchants
from accrual.adapters.merges import SqlMerges
from accrual.adapters.originals import SqlOriginals, SqlWaitingRefunds
from accrual.adapters.rates import RateTables, SqlRates
from accrual.adapters.recalculations import SqlRecalculations
from accrual.adapters.revisions import SqlRevisions
from accrual.adapters.rule_sets import RuleSets, SqlRules
from accrual.adapters.rule_versions import SqlRuleVersions
from accrual.adapters.simulations import SqlSimulations
from accrual.adapters.usage import SqlUsageRows
from accrual.adapters.waiting_earnings import SqlWaitingEarnings
from accrual.application.ports import BeginUnitOfWork
from loyalty_shared.messaging.records import Batch
from loyalty_shared.messaging.taking import take_batch
from loyalty_shared.persistence import dead_letters, entity_dates
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.dead_letters import Rejected
from loyalty_shared.persistence.entity_dates import Entity, UnknownEntity
from loyalty_shared.web.idempotency import Answers

#: Every statement here looks up a batch's few thousand keys by index. Without this the planner, which sees how many they are, reads whole tables of
#: some hundred thousand rows instead: faster today, and slower with every customer that is added.
_PLANS: Final = "set local enable_hashjoin = off; set local enable_mergejoin = off; set local enable_seqscan = off"


class SqlOffsets:
    """The consumer's place, over one transaction's cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def advance(self, batch: Batch[Any]) -> None:
        take_batch(self._cursor, batch)


class SqlEntities:
    """The legal entities, over one transaction's cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def hold_dates(self, legal_entities: Collection[str]) -> Mapping[str, Entity]:
        return entity_dates.hold_dates(self._cursor, legal_entities)

    def hold_dates_exclusively(self, legal_entities: Collection[str]) -> Mapping[str, Entity]:
        held = [entity_dates.hold_date_exclusively(self._cursor, code) for code in sorted(legal_entities)]  # in the order in which decisions hold them
        return {entity.legal_entity: entity for entity in held if entity is not None}

    def get(self, legal_entity: str) -> Entity:
        entity = entity_dates.find_entity(self._cursor, legal_entity)
        if entity is None:
            raise UnknownEntity(legal_entity)
        return entity


class SqlDeadLetters:
    """Records set aside, over one transaction's cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def post(self, batch_no: int, group: str, rejected: Sequence[Rejected], at: datetime) -> None:
        dead_letters.post(self._cursor, batch_no, group, rejected, at)


class SqlUnitOfWork:
    """Every port, over one cursor."""

    def __init__(self, cursor: Cursor, rule_sets: RuleSets, rate_tables: RateTables) -> None:
        self.offsets = SqlOffsets(cursor)
        self.entities = SqlEntities(cursor)
        self.batches = SqlBatches(cursor, rule_sets)
        self.business_keys = SqlBusinessKeys(cursor)
        self.rules = SqlRules(cursor, rule_sets)
        self.rule_versions = SqlRuleVersions(cursor)
        self.campaigns = SqlCampaigns(cursor)
        self.budgets = SqlBudgets(cursor)
        self.customers = SqlCustomers(cursor)
        self.merchants = SqlMerchants(cursor)
        self.merges = SqlMerges(cursor)
        self.balances = SqlBalances(cursor)
        self.rates = SqlRates(cursor, rate_tables)
        self.usage = SqlUsageRows(cursor)
        self.originals = SqlOriginals(cursor, rule_sets)
        self.decisions = SqlDecisions(cursor, rule_sets)
        self.waiting_earnings = SqlWaitingEarnings(cursor)
        self.waiting_refunds = SqlWaitingRefunds(cursor)
        self.dead_letters = SqlDeadLetters(cursor)
        self.answers = Answers(cursor)
        self.history = SqlHistory(cursor, rule_sets)
        self.simulations = SqlSimulations(cursor)
        self.recalculations = SqlRecalculations(cursor)
        self.revisions = SqlRevisions(cursor)
        self.costs = SqlCosts(cursor)


def units_of_work(database: Database, rule_sets: RuleSets) -> BeginUnitOfWork:
    """Return what opens one transaction: committed when its block ends, rolled back when it raises."""
    rate_tables = RateTables()

    @contextmanager
    def begin() -> Iterator[SqlUnitOfWork]:
        with database.transaction() as cursor:
            cursor.execute(_PLANS)
            yield SqlUnitOfWork(cursor, rule_sets, rate_tables)

    return begin
