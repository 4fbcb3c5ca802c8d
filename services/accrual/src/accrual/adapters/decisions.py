"""The record of every event: written by the batch path, read to be explained."""

from collections.abc import Sequence
from typing import Final

from psycopg2.extensions import cursor as Cursor

from accrual.adapters import decision_rows
from accrual.adapters.business_keys import key_text
from accrual.adapters.customers import find_versions
from accrual.adapters.decision_rows import COLUMNS, StoredDecision, load_at, stored_from
from accrual.adapters.merchants import merchants_of
from accrual.adapters.rule_sets import RuleSets
from accrual.adapters.waiting_earnings import with_releases
from accrual.application.explained import Explainable
from accrual.application.facts import Decided, Place, TransactionKey
from accrual.domain.decide import local_time
from accrual.domain.occasions import trigger_of
from accrual.domain.trigger import Trigger
from loyalty_shared.persistence import business_keys
from loyalty_shared.persistence.entity_dates import find_entity

_OF_CUSTOMER: Final = f"""
select {COLUMNS} from decision where legal_entity = %s and customer_no = %s and (batch_no, position) < (%s, %s) and superseded_by is null
order by batch_no desc, position desc limit %s
"""
_EARLIER: Final = f"""
select {COLUMNS} from decision where legal_entity = %s and customer_no = %s and source_system = %s and transaction_no = %s and leg = %s
    and superseded_by is not null order by batch_no desc, position desc
"""
#: Beyond every decision's place.
_AFTER_ALL: Final = (2**63 - 1, 0)


class SqlDecisions:
    """The decisions, over one transaction's cursor."""

    def __init__(self, cursor: Cursor, rule_sets: RuleSets) -> None:
        self._cursor = cursor
        self._rule_sets = rule_sets

    def post(self, batch_no: int, decided: Sequence[Decided]) -> None:
        if decided:
            decision_rows.post(self._cursor, batch_no, decided)

    def find(self, key: TransactionKey, trigger: Trigger) -> Explainable | None:
        places = business_keys.find(self._cursor, [key_text(key, trigger)])
        return next((one for _, one in self._explainable(load_at(self._cursor, list(places.values())))), None)

    def list_earlier(self, current: Explainable) -> list[Explainable]:
        event = current.event
        values = (event.legal_entity, event.customer_no, event.source_system, event.transaction_no, event.leg)
        self._cursor.execute(_EARLIER, values)
        stored = [one for one in map(stored_from, self._cursor.fetchall()) if trigger_of(one.event) is trigger_of(event)]
        return [earlier for _, earlier in self._explainable(stored)]

    def list_of_customer(self, legal_entity: str, customer_no: str, before: Place | None, limit: int) -> list[tuple[Place, Explainable]]:
        self._cursor.execute(_OF_CUSTOMER, (legal_entity, customer_no, *(before or _AFTER_ALL), limit))
        return self._explainable([stored_from(row) for row in self._cursor.fetchall()])

    def list_institutions(self, legal_entity: str, customer_no: str) -> list[str]:
        self._cursor.execute("select distinct institution from decision where legal_entity = %s and customer_no = %s", (legal_entity, customer_no))
        return [institution for (institution,) in self._cursor.fetchall()]

    def _explainable(self, stored: Sequence[StoredDecision]) -> list[tuple[Place, Explainable]]:
        customers = find_versions(self._cursor, [(one.event.legal_entity, one.event.customer_no, one.facts_at) for one in stored if one.facts_at])
        self._cursor.execute("select batch_no, committed_at from outgoing_batch where batch_no = any(%s)", ([one.place[0] for one in stored],))
        decided_at = dict(self._cursor.fetchall())
        rules = [self._rule_sets.get(self._cursor, one.decision.rule_set).of(trigger_of(one.event)) for one in stored]
        merchants = merchants_of(self._cursor, stored, rules)
        decisions = with_releases(self._cursor, {one.place: one.decision for one in stored}, hold=False)
        explainable = []
        for one, decided_with, merchant in zip(stored, rules, merchants, strict=True):
            entity = find_entity(self._cursor, one.event.legal_entity)
            assert entity is not None
            customer = customers[one.event.legal_entity, one.event.customer_no, one.facts_at] if one.facts_at else None
            local = local_time(one.event, entity.zone)
            decision, at = decisions[one.place], decided_at[one.place[0]]
            explainable.append((one.place, Explainable(one.event, local, customer, decided_with, decision, at, merchant, one.recalculated_by)))
        return explainable
