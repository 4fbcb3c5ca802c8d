"""Where a transaction becomes points.

A batch of posted transactions, refunds and reversals of one Kafka partition comes in; one database transaction later each has a decision that
says what it earned or took back, and why. The decisions are also the rows that the relay publishes to `loyalty.accrual.points`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accrual.application.admission import REPEATED, admit, reject_conflicts
from accrual.application.budget_book import NO_PARTITION, budgets_seen
from accrual.application.deciding_again import decide_until_it_stands
from accrual.application.facts import (
    Decided,
    Facts,
    Fresh,
    MerchantAt,
    OriginalBook,
    TransactionKey,
    WaitingBook,
    WaitingRefund,
    key_of,
    merchant_seen,
    months_given_back,
    original_key_of,
    reads_several_months,
)
from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.domain.converting import NO_RATES, NO_TABLE
from accrual.domain.decide import decide_posted
from accrual.domain.merchant_facts import UNREGISTERED, MerchantFacts
from accrual.domain.refund import Original, decide_refunded, decide_waiting, untouched
from accrual.domain.rule_set import RuleSet
from accrual.domain.trigger import Trigger
from loyalty_shared.contracts.core import TransactionPostedV1, TransactionRefundedV1
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.records import Batch


@dataclass(frozen=True, slots=True)
class DecideTransactions:
    """Decides a batch of core transactions. Safe to run twice: a business key that was here before changes nothing."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, batch: Batch[TransactionPostedV1]) -> Mapping[str, int]:
        """Decide the batch and return how many events met each outcome.

        Usage is read without locks, as one worker nearly always has a customer to itself; where another did count meanwhile, the batch is decided again
        with the usage held. Where a customer's decisions read several months it is held at once: what is written is one month, and only that is compared.
        """
        return decide_until_it_stands(self.begin, worker_of(batch), lambda work, hold_usage: self._decide(work, batch, hold_usage=hold_usage))

    def _decide(self, work: UnitOfWork, batch: Batch[TransactionPostedV1], *, hold_usage: bool) -> Mapping[str, int]:
        work.offsets.advance(batch)  # compare-and-set; raises Fenced when another owner went on
        entities = work.entities.hold_dates({event.legal_entity for event in batch.events})
        admitted, rejected = admit(batch, entities)  # unknown entities and events that are too old go to the dead letters
        if not admitted and not rejected:
            return {}
        now = self.clock.now()
        batch_no = work.batches.begin(now, may_repeat=batch.retry_of is not None)

        claim = work.business_keys.claim([one.event for one in admitted], batch_no)
        rejected += reject_conflicts(batch, admitted, claim.conflicts)
        fresh = [admitted[position] for position in claim.fresh]

        facts = load_facts(work, batch_no, fresh, next_position=len(admitted), hold_usage=hold_usage, worker=worker_of(batch))
        decided = decide_in_order(fresh, facts)

        post_decided(work, batch_no, decided, facts, now)
        work.dead_letters.post(batch_no, batch.group, rejected, now)
        outcomes = Counter([one.decision.outcome.value for one in decided] + [letter.fault.value for letter in rejected])
        outcomes[REPEATED] += len(claim.repeats)
        return outcomes


def post_decided(work: UnitOfWork, batch_no: int, decided: Sequence[Decided], facts: Facts, at: datetime) -> None:
    """Write a batch's decisions and all that they have changed. Raises UsageChanged or BudgetShort where that is no longer what it was decided from."""
    facts.budgets.require_covered()
    work.decisions.post(batch_no, decided)
    work.usage.post(facts.usage)
    work.originals.post(facts.originals)
    work.waiting_earnings.post(facts.waiting_earnings, at)
    work.waiting_refunds.post(batch_no, facts.waiting, at)
    work.business_keys.move(facts.waiting.matched)
    work.batches.summarise(batch_no, decided)
    work.budgets.post(facts.budgets)  # the last of all locks, so that who draws from a budget waits for a batch only as it commits


def worker_of(batch: Batch[Any]) -> int:
    """Return whose leases of budgets a batch gives from: its partition's, or, where somebody asked for it again, those of all who consume none."""
    return batch.partition if batch.retry_of is None else NO_PARTITION


def load_facts(
    work: UnitOfWork,
    batch_no: int,
    fresh: Sequence[Fresh],
    *,
    next_position: int,
    hold_usage: bool,
    trigger: Trigger = Trigger.TRANSACTION,
    worker: int = NO_PARTITION,
) -> Facts:
    """Load what the events' decisions are made from, one query per kind; all events are of the trigger, and meet its rules.

    Locks waiting refunds, then originals, then usage where it is held: each by key.
    """
    purchases = [one for one in fresh if not isinstance(one.event, TransactionRefundedV1)]
    taken_from = {original_key_of(one.event) for one in fresh if isinstance(one.event, TransactionRefundedV1)}
    in_force = work.rules.in_force({one.event.legal_entity for one in fresh})  # after the fetch: a version approved before an event was published decides it
    rules = {legal_entity: rule_set.of(trigger) for legal_entity, rule_set in in_force.items()}

    waiting = work.waiting_refunds.hold_for([one.event for one in purchases]) if trigger is Trigger.TRANSACTION else []
    originals = work.originals.hold(taken_from, before_batch=batch_no)
    counted = {
        (one.event.legal_entity, one.event.customer_no, month)
        for one in purchases
        for month in rules[one.event.legal_entity].on_date(one.local.date()).months_counted_for(one.event)
    }.union(*(months_given_back(original) for _, original in originals.values()))
    return Facts(
        batch_no=batch_no,
        rules=rules,
        customers=work.customers.load([one.event for one in purchases]),
        merchants=work.merchants.load(merchants_seen(purchases, rules, batch_no)),
        rates=work.rates.load([legal_entity for legal_entity, rule_set in rules.items() if rule_set.converts]),
        originals=OriginalBook(originals, awaited=taken_from.union(original_key_of(one.refund) for one in waiting)),
        waiting=WaitingBook(waiting),
        usage=work.usage.hold(counted) if hold_usage or reads_several_months(counted) else work.usage.read(counted),
        budgets=work.budgets.read(budgets_seen(purchases, rules), worker),
        next_position=next_position,
    )


def decide_in_order(fresh: Sequence[Fresh], facts: Facts) -> list[Decided]:
    """Decide each event after those before it: what they gave counts against its limits, and a refund finds a purchase of its own batch."""
    decided: list[Decided] = []
    for one in fresh:
        event = one.event
        if not isinstance(event, TransactionRefundedV1):
            awaited = facts.originals.awaits(event)
            decided.append(_accrue(one, facts, awaited=awaited))
            if awaited:
                decided += take_back_waiting(key_of(event), facts)
        elif facts.originals.find(original_key_of(event)) is not None:
            decided.append(_take_back(event, one.local, one.traceparent, one.position, facts))
        else:
            facts.waiting.add(WaitingRefund((facts.batch_no, one.position), event, one.local, one.traceparent))
    return decided + [_wait(waiting) for waiting in facts.waiting.of_batch(facts.batch_no)]


def _accrue(one: Fresh, facts: Facts, *, awaited: bool) -> Decided:
    event, rules = one.event, facts.rules[one.event.legal_entity]
    customer = facts.customers.find_at(event.legal_entity, event.customer_no, event.transaction_at)
    usage = facts.usage.of(event.legal_entity, event.customer_no)
    merchant = _merchant_of(event, facts) if facts.merchants else UNREGISTERED
    budget = facts.budgets.of(event.legal_entity) if rules.has_budgets else None
    rates = facts.rates.get(event.legal_entity, NO_TABLE).on(one.local.date()) if rules.converts else NO_RATES
    decision = decide_posted(event, one.local, customer, rules, usage, merchant, rates, budget)
    usage.add(decision, event, decision.transaction_on, rules)
    if rules.campaigns:
        facts.budgets.add(event.legal_entity, decision.applied, rules)
    if rules.awaits:
        facts.waiting_earnings.add((facts.batch_no, one.position), event, decision, rules)
    if awaited:
        facts.originals.add((facts.batch_no, one.position), Original(event, one.local, customer, rules, decision, untouched(event, decision), merchant))
    facts_at = None if customer is None else customer.changed_at
    return Decided(one.position, event, decision, event.customer_no, facts_at, None, one.traceparent)


def merchants_seen(purchases: Sequence[Fresh], rules: Mapping[str, RuleSet], batch_no: int) -> set[MerchantAt]:
    """Return the merchants that some decision of the batch looks at; none where no rule asks."""
    if not any(rule_set.names_merchants for rule_set in rules.values()):
        return set()
    seen = {merchant_seen(one.event, one.local.date(), rules[one.event.legal_entity], batch_no) for one in purchases}
    return {merchant for merchant in seen if merchant is not None}


def _merchant_of(event: TransactionPostedV1, facts: Facts) -> MerchantFacts:
    return UNREGISTERED if event.merchant_no is None else facts.merchants.get((event.legal_entity, event.merchant_no, facts.batch_no), UNREGISTERED)


def take_back_waiting(purchase: TransactionKey, facts: Facts) -> list[Decided]:
    """Decide the refunds that waited for a purchase. They stand after all events of the batch, so that they are published after the purchase."""
    decided = []
    for waiting in facts.waiting.take(purchase):
        decided.append(_take_back(waiting.refund, waiting.local, waiting.traceparent, facts.next_position, facts))
        facts.waiting.matched.append((waiting, (facts.batch_no, facts.next_position)))
        facts.next_position += 1
    return decided


def _take_back(refund: TransactionRefundedV1, local: datetime, traceparent: str | None, position: int, facts: Facts) -> Decided:
    place, original = facts.originals.get(original_key_of(refund))
    owner = original.event.customer_no
    usage = facts.usage.of(refund.legal_entity, owner)
    decision, left = decide_refunded(refund, local, original, usage)
    usage.add(decision, original.event, original.decision.transaction_on, original.rules)
    if original.rules.awaits:
        facts.waiting_earnings.take(place, decision)
    if original.rules.campaigns:
        facts.budgets.add(refund.legal_entity, decision.applied, original.rules)
    facts.originals.take(original_key_of(refund), left)
    return Decided(position, refund, decision, owner, None, place, traceparent)


def _wait(waiting: WaitingRefund) -> Decided:
    return Decided(waiting.place[1], waiting.refund, decide_waiting(waiting.refund, waiting.local), waiting.refund.customer_no, None, None, waiting.traceparent)
