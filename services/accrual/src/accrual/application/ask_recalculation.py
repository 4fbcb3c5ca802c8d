"""Ask that a range of transaction dates be decided anew, and check what somebody else asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from accrual.application.history import Span
from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.application.recalculation_records import RecalculationRecord, RecalculationStatus
from accrual.application.refusals import NOT_KEPT, Refusal
from accrual.application.rule_changes import Call, refused
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.kernel.ids import new_id
from loyalty_shared.web.idempotency import Answer


@dataclass(frozen=True, slots=True)
class AskRecalculation:
    """Asks for a recalculation, which waits for a checker."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, span: Span, reason: str, customers: Sequence[str] | None, call: Call) -> Answer:
        """Return the recalculation's id. `customers` None: all. Raises UnknownEntity."""
        with self.begin() as work:
            earlier = work.answers.find(call.idempotency)
            if earlier is not None:
                return earlier
            work.entities.get(span.legal_entity)
            now = self.clock.now()
            record = RecalculationRecord(
                recalculation_id=new_id(),
                legal_entity=span.legal_entity,
                from_on=span.from_on,
                to_on=span.to_on,
                customers=None if customers is None else tuple(sorted(set(customers))),
                reason=reason,
                status=RecalculationStatus.PENDING,
                made_by=call.credential,
                made_at=now,
            )
            work.recalculations.add(record)
            return work.answers.keep(call.idempotency, standing_of(record), now)


@dataclass(frozen=True, slots=True)
class CheckRecalculation:
    """Approves and rejects recalculations."""

    begin: BeginUnitOfWork
    clock: Clock

    def approve(self, legal_entity: str, recalculation_id: str, call: Call) -> Answer:
        """Return the recalculation as running, with the rules now in force; or `maker-cannot-approve`, `recalculation-not-pending`."""

        def start(work: UnitOfWork, record: RecalculationRecord) -> RecalculationRecord | Answer:
            if record.made_by == call.credential:
                remedy = "Have another person check it."
                return refused(Refusal.MAKER_CANNOT_APPROVE, "header.Authorization", "this credential asked for the recalculation", remedy)
            rules = work.rules.in_force({legal_entity})[legal_entity]
            return replace(record, status=RecalculationStatus.RUNNING, rule_set=rules.number)

        return self._check(legal_entity, recalculation_id, call, start)

    def reject(self, legal_entity: str, recalculation_id: str, call: Call) -> Answer:
        """Return the recalculation as rejected, or `recalculation-not-pending`."""

        def reject(work: UnitOfWork, record: RecalculationRecord) -> RecalculationRecord | Answer:
            return replace(record, status=RecalculationStatus.REJECTED)

        return self._check(legal_entity, recalculation_id, call, reject)

    def _check(
        self, legal_entity: str, recalculation_id: str, call: Call, change: Callable[[UnitOfWork, RecalculationRecord], RecalculationRecord | Answer]
    ) -> Answer:
        with self.begin() as work:
            earlier = work.answers.find(call.idempotency)
            if earlier is not None:
                return earlier
            work.entities.get(legal_entity)
            record = work.recalculations.find_for_update(legal_entity, recalculation_id)
            answer = self._changed(work, record, call, change)
            return answer if answer.refusal in NOT_KEPT else work.answers.keep(call.idempotency, answer, self.clock.now())

    def _changed(
        self,
        work: UnitOfWork,
        record: RecalculationRecord | None,
        call: Call,
        change: Callable[[UnitOfWork, RecalculationRecord], RecalculationRecord | Answer],
    ) -> Answer:
        if record is None:
            remedy = "GET recalculations lists those there are."
            return refused(Refusal.RECALCULATION_UNKNOWN, "path.recalculation_id", "there is none of that id", remedy)
        changed = change(work, record)
        if isinstance(changed, Answer):
            return changed
        if not call.may_check:
            return refused(Refusal.FUNCTION_NOT_GRANTED, "header.Authorization", "the credential lacks it", "Use a credential with function checker.")
        if record.status is not RecalculationStatus.PENDING:
            return refused(Refusal.RECALCULATION_NOT_PENDING, "path.recalculation_id", f"it is {record.status}", "Only a pending one can be checked.")
        checked = replace(changed, checked_by=call.credential, checked_at=self.clock.now())
        work.recalculations.save(checked)
        return standing_of(checked)


def standing_of(record: RecalculationRecord) -> Answer:
    """Return where a recalculation stands."""
    return Answer({"recalculation_id": record.recalculation_id, "status": record.status})
