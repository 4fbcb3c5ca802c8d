"""Make a merge: a maker asks that two customer numbers become one."""

from dataclasses import dataclass

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import refused
from redemption.application.online_ports import NewId
from redemption.application.staff_calls import StaffCall, answer_once
from redemption.application.staff_ports import BeginStaffWork, StaffWork
from redemption.application.staff_shown import shown_merge
from redemption.domain.merging import Merge
from redemption.domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """What a maker asks for: `into_customer_no` is to answer for both."""

    from_customer_no: str
    into_customer_no: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeMerge:
    """Keeps what a maker asks for; nothing moves until a checker approves it."""

    begin: BeginStaffWork
    clock: Clock
    new_id: NewId

    def __call__(self, call: StaffCall, asked: Merging) -> Answer:
        """Return the merge, pending; or `same-customer`, `customer-unknown`, `already-merged`."""

        def make(work: StaffWork, entity: Entity) -> Answer:
            if asked.from_customer_no == asked.into_customer_no:
                return refused(Refusal.SAME_CUSTOMER)
            numbers = (asked.from_customer_no, asked.into_customer_no)
            if work.merges.list_unknown(call.legal_entity, numbers):
                return refused(Refusal.CUSTOMER_UNKNOWN)
            for number in numbers:
                account = work.accounts.find(call.legal_entity, number, entity.business_on)
                if account is not None and account.customer_no != number:
                    return refused(Refusal.ALREADY_MERGED)
            merge = Merge(
                merge_id=self.new_id(),
                from_customer_no=asked.from_customer_no,
                into_customer_no=asked.into_customer_no,
                reason=asked.reason,
                made_by=call.credential,
                made_at=self.clock.now(),
            )
            work.merges.add(call.legal_entity, merge)
            return Answer(shown_merge(merge))

        return answer_once(self.begin, self.clock, call, make)
