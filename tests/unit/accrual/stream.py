"""One customer's events in batches, decided by the use case's own code; what would be stored between two batches is kept as it would be stored."""

from collections.abc import Sequence
from datetime import date
from itertools import count

import msgspec
from msgspec import structs

from accrual.application.decide_transactions import decide_in_order
from accrual.application.facts import (
    CustomerFacts,
    Decided,
    Facts,
    Fresh,
    OriginalBook,
    Place,
    TransactionKey,
    UsageBook,
    WaitingBook,
    WaitingRefund,
    key_of,
    months_given_back,
    original_key_of,
)
from accrual.domain.converting import Rates, RateTable
from accrual.domain.decide import local_time
from accrual.domain.decision import Decision, applied_from, stored_applied
from accrual.domain.refund import Original, OriginalLeft, untouched
from accrual.domain.rule_set import RuleSet
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1, TransactionRefundedV1
from unit.accrual.builders import ZONE


class Stream:
    """Decides batches one after the other. `months`, `originals` and `waiting` are what the database would hold."""

    def __init__(self, rules: RuleSet, facts: CustomerChangedV1, rates: Rates) -> None:
        self.rules = rules
        self.months: dict[str, str] = {}
        self.originals: dict[TransactionKey, tuple[Place, Original]] = {}
        self.waiting: list[WaitingRefund] = []
        self._facts = facts
        self._rates = {"001": RateTable([(date.min, rates)])}
        self._batch_no = count(1)

    def decide(self, events: Sequence[TransactionPostedV1]) -> list[Decided]:
        """Return the decisions of one batch, in the order in which they are published."""
        batch_no = next(self._batch_no)
        fresh = [Fresh(position, event, local_time(event, ZONE), None, position) for position, event in enumerate(events)]
        keys = {key_of(event) for event in events}
        held = [waiting for waiting in self.waiting if original_key_of(waiting.refund) in keys]
        taken_from = {original_key_of(event) for event in events if isinstance(event, TransactionRefundedV1)}
        originals = {key: self.originals[key] for key in taken_from if key in self.originals}
        facts = Facts(
            batch_no=batch_no,
            rules={"001": self.rules},
            customers=CustomerFacts([self._facts]),
            usage=self._usage(fresh, [original for _, original in originals.values()]),
            originals=OriginalBook(originals, awaited=taken_from.union(original_key_of(waiting.refund) for waiting in held)),
            rates=self._rates,
            waiting=WaitingBook(held),
            next_position=len(events),
        )
        decided = decide_in_order(fresh, facts)
        self._keep(decided, facts)
        self.waiting = [waiting for waiting in self.waiting if waiting not in held] + facts.waiting.of_batch(batch_no)
        return decided

    def _usage(self, fresh: Sequence[Fresh], originals: Sequence[Original]) -> UsageBook:
        """Return the documents that the use case would load, and no others."""
        purchases = [one for one in fresh if not isinstance(one.event, TransactionRefundedV1)]
        wanted = {
            (one.event.legal_entity, one.event.customer_no, month)
            for one in purchases
            for month in self.rules.on_date(one.local.date()).months_counted_for(one.event)
        }.union(*(months_given_back(original) for original in originals))
        return UsageBook(wanted, [(*key, 1, msgspec.json.decode(self.months[key[2]], type=dict[str, int])) for key in wanted if key[2] in self.months])

    def _keep(self, decided: Sequence[Decided], facts: Facts) -> None:
        for (_, _, month), _, counters in facts.usage.changed():
            self.months[month] = msgspec.json.encode(counters).decode()
        for one in decided:
            if not isinstance(one.event, TransactionRefundedV1):
                place, decision = (facts.batch_no, one.position), stored(one.decision)
                local = local_time(one.event, ZONE)
                self.originals[key_of(one.event)] = (place, Original(one.event, local, self._facts, self.rules, decision, untouched(one.event, decision)))
        for place, left in facts.originals.changed():
            for key, (at, original) in self.originals.items():
                if at == place:
                    self.originals[key] = (at, structs.replace(original, left=msgspec.json.decode(msgspec.json.encode(left), type=OriginalLeft)))


def stored(decision: Decision) -> Decision:
    """Return a decision as it is read back."""
    applied, used, seen = applied_from(stored_applied(decision))
    return structs.replace(decision, applied=applied, used=used, seen=seen)
