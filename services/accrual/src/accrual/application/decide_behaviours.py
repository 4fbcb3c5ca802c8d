"""Where a behaviour becomes points: the same step as a transaction's, with the rules on behaviours."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accrual.application.admission import REPEATED, admit_dated, reject_repeated_keys
from accrual.application.decide_transactions import decide_in_order, load_facts, post_decided, worker_of
from accrual.application.deciding_again import decide_until_it_stands
from accrual.application.facts import Facts, Fresh
from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.application.waiting_earnings import Occurred
from accrual.domain.occasions import behaviour_from
from accrual.domain.trigger import Trigger
from loyalty_shared.contracts.core import BehaviourOccurredV1
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.entity_dates import Entity


@dataclass(frozen=True, slots=True)
class DecideBehaviours:
    """Decides a batch of behaviours. Safe to run twice: a business key that was here before changes nothing."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, batch: Batch[BehaviourOccurredV1]) -> Mapping[str, int]:
        """Decide the batch and return how many behaviours met each outcome. Usage is read and, where that was not enough, held as for transactions."""
        return decide_until_it_stands(self.begin, worker_of(batch), lambda work, hold_usage: self._decide(work, batch, hold_usage=hold_usage))

    def _decide(self, work: UnitOfWork, batch: Batch[BehaviourOccurredV1], *, hold_usage: bool) -> Mapping[str, int]:
        work.offsets.advance(batch)
        entities = work.entities.hold_dates({event.legal_entity for event in batch.events})
        admitted, rejected = admit_dated(batch, entities, field="occurred_at", date_of=lambda event, entity: event.occurred_at.astimezone(entity.zone).date())
        if not admitted and not rejected:
            return {}
        now = self.clock.now()
        batch_no = work.batches.begin(now, may_repeat=batch.retry_of is not None)

        claim = work.business_keys.claim_behaviours([batch.events[index] for index in admitted], batch_no)
        rejected += reject_repeated_keys(batch, [admitted[position] for position in claim.conflicts], "behaviour_no")
        fresh = [_fresh(batch, position, admitted[position], entities) for position in claim.fresh]

        releases = work.waiting_earnings.hold_for([_occurred(one) for one in fresh])  # before usage is, as in refunds
        facts = load_facts(work, batch_no, fresh, next_position=len(admitted), hold_usage=hold_usage, trigger=Trigger.BEHAVIOUR, worker=worker_of(batch))
        decided = decide_in_order(_with_institutions(batch, fresh, facts, entities), facts)

        post_decided(work, batch_no, decided, facts, now)
        work.waiting_earnings.release(batch_no, releases)
        work.dead_letters.post(batch_no, batch.group, rejected, now)
        outcomes = Counter([one.decision.outcome.value for one in decided] + [letter.fault.value for letter in rejected])
        outcomes[REPEATED] += len(claim.repeats)
        return outcomes


def _fresh(batch: Batch[BehaviourOccurredV1], position: int, index: int, entities: Mapping[str, Entity]) -> Fresh:
    event = batch.events[index]
    zone = entities[event.legal_entity].zone
    return Fresh(position, behaviour_from(event, zone, None), event.occurred_at.astimezone(zone), batch.traceparents[index], index)


def _occurred(one: Fresh) -> Occurred:
    event = one.event
    return Occurred(event.legal_entity, event.customer_no, event.transaction_code, event.transaction_at, one.local.date())


def _with_institutions(batch: Batch[BehaviourOccurredV1], fresh: Sequence[Fresh], facts: Facts, entities: Mapping[str, Entity]) -> list[Fresh]:
    """Return the behaviours with their customers' institutions, which are known only when the facts have been loaded."""
    placed = []
    for one in fresh:
        event = batch.events[one.index]
        customer = facts.customers.find_at(event.legal_entity, event.customer_no, event.occurred_at)
        behaviour = behaviour_from(event, entities[event.legal_entity].zone, customer)
        placed.append(Fresh(one.position, behaviour, one.local, one.traceparent, one.index))
    return placed
