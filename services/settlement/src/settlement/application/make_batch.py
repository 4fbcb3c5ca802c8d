"""Use case: make the settlement batch of one party and business date."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer
from settlement.application.ports import BeginSettling, Call, NewId, SettlingWork
from settlement.application.refused import NOT_KEPT, refused
from settlement.application.shown import shown
from settlement.domain.batches import Batch, Line, Movements, Status, lines_of, points_by_kind
from settlement.domain.reconciliation import checks_of_day
from settlement.domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What the batches of one making have in common."""

    legal_entity: str
    business_on: date
    by: str
    at: datetime
    new_id: NewId


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeBatch:
    """Works out what a party pays, or receives, for the points used on a closed date. A party without any has an empty batch."""

    begin: BeginSettling
    clock: Clock
    new_id: NewId

    def __call__(self, call: Call, party: str, business_on: date) -> Answer:
        """Return the batch; or `day-not-complete`, `date-not-reached`, `party-unknown`, `batch-already-made`."""
        legal_entity = call.idempotency.legal_entity
        with self.begin() as work:
            if (earlier := work.answers.find(call.idempotency)) is not None:
                return earlier
            movements = movements_of(work, legal_entity, business_on)
            if isinstance(movements, Answer):
                answer = movements
            elif not work.days.is_party(legal_entity, party):
                answer = refused(Refusal.PARTY_UNKNOWN)
            else:
                making = Making(legal_entity=legal_entity, business_on=business_on, by=call.credential, at=self.clock.now(), new_id=self.new_id)
                made = make(work, making, party, movements, points_by_kind(movements).get(party, {}))
                answer = refused(Refusal.BATCH_ALREADY_MADE) if made is None else Answer(shown(*made))
            return answer if answer.refusal in NOT_KEPT else work.answers.keep(call.idempotency, answer, self.clock.now())


def movements_of(work: SettlingWork, legal_entity: str, business_on: date) -> Movements | Answer:
    """Return what moved on a date, once the ledger has closed it and settlement counts the same; else why it cannot be settled."""
    if business_on > work.get_entity(legal_entity).business_on:
        return refused(Refusal.DATE_NOT_REACHED)
    closed = work.days.find_closed(legal_entity, business_on)
    if closed is None:
        return refused(Refusal.DAY_NOT_COMPLETE)
    movements = work.days.load(legal_entity, business_on)
    differing = [check.name for check in checks_of_day(closed, movements) if check.difference]
    if differing:
        return refused(Refusal.DAY_NOT_COMPLETE, f"settlement differs from the ledger in {', '.join(differing)}: GET reconciliations/{business_on}/breaks")
    return movements


def make(work: SettlingWork, making: Making, party: str, movements: Movements, by_kind: Mapping[str, int]) -> tuple[Batch, list[Line]] | None:
    """Make, write and announce a party's batch; None when it has one of that date."""
    cost = work.cost_per_point(making.legal_entity, making.business_on)
    lines = lines_of(party, movements.spends, cost)
    batch = Batch(
        batch_id=making.new_id(),
        legal_entity=making.legal_entity,
        party=party,
        business_on=making.business_on,
        status=Status.MADE,
        lines=len(lines),
        points=sum(line.points for line in lines),
        amount_minor=sum(line.amount_minor for line in lines),
        cost=cost,
        by_kind=by_kind,
        made_by=making.by,
        made_at=making.at,
    )
    if not work.batches.add(batch, lines):
        return None
    work.publish(batch, making.at)
    return batch, lines
