"""The committed batches and their summaries."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from psycopg2.extensions import cursor as Cursor

from accrual.adapters.rule_sets import RuleSets
from accrual.application.facts import Decided
from accrual.application.history import Revision
from accrual.application.summary import groups_of, groups_of_revisions
from accrual.application.suspects import Minima, suspects_of
from loyalty_shared.persistence.outgoing import begin_batch


class SqlBatches:
    """The committed batches, over one transaction's cursor."""

    def __init__(self, cursor: Cursor, rule_sets: RuleSets) -> None:
        self._cursor = cursor
        self._rule_sets = rule_sets

    def begin(self, at: datetime, *, may_repeat: bool = False) -> int:
        return begin_batch(self._cursor, at, may_repeat=may_repeat)

    def summarise(self, batch_no: int, decided: Sequence[Decided]) -> None:
        if decided:
            minima: Minima = {}
            for number in {one.decision.rule_set for one in decided}:
                minima = {**minima, **self._rule_sets.get(self._cursor, number).minima}
            suspects = suspects_of(decided, minima)
            body, noticed = msgspec.json.encode(groups_of(decided)).decode(), msgspec.json.encode(suspects).decode() if suspects else None
            self._cursor.execute("insert into batch_summary (batch_no, groups, suspects) values (%s, %s, %s)", (batch_no, body, noticed))

    def summarise_revisions(self, batch_no: int, revisions: Sequence[Revision]) -> None:
        groups = groups_of_revisions(revisions)
        if groups:
            body = msgspec.json.encode(groups).decode()
            self._cursor.execute("insert into batch_summary (batch_no, groups) values (%s, %s)", (batch_no, body))
