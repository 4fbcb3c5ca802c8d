"""Open a family pool: a maker asks for it, a checker approves or rejects, either closes it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import refused
from redemption.application.online_ports import NewId
from redemption.application.staff_calls import StaffCall, answer_once, refusal_of_checker
from redemption.application.staff_ports import BeginStaffWork, StaffWork
from redemption.application.staff_shown import shown_pool
from redemption.domain.pools import Pool, PoolMember, PoolStatus
from redemption.domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPool:
    """Keeps that a maker asks for a pool; nobody spends from it until another person has approved it."""

    begin: BeginStaffWork
    clock: Clock
    new_id: NewId

    def __call__(self, call: StaffCall, owner_customer_no: str, members: Sequence[PoolMember], reason: str | None) -> Answer:
        """Return the pool, pending; or `same-customer` when the owner is named as a member too, `customer-unknown` for the owner."""

        def ask(work: StaffWork, entity: Entity) -> Answer:
            if any(member.customer_no == owner_customer_no for member in members):
                return refused(Refusal.SAME_CUSTOMER)
            if work.merges.list_unknown(call.legal_entity, (owner_customer_no,)):
                return refused(Refusal.CUSTOMER_UNKNOWN)
            pool = Pool(
                pool_id=self.new_id(),
                owner_customer_no=owner_customer_no,
                members=tuple(members),
                reason=reason,
                made_by=call.credential,
                made_at=self.clock.now(),
            )
            work.pools.add(call.legal_entity, pool)
            return Answer(shown_pool(pool))

        return answer_once(self.begin, self.clock, call, ask)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidePool:
    """Approves or rejects what somebody else asked for. `decision`: active or rejected."""

    begin: BeginStaffWork
    clock: Clock
    decision: PoolStatus

    def __call__(self, call: StaffCall, pool_id: str) -> Answer:
        """Return the pool; or `pool-unknown`, `maker-cannot-approve`, `function-not-granted`, `pool-not-pending`."""

        def decide(work: StaffWork, entity: Entity) -> Answer:
            pool = work.pools.find_for_update(call.legal_entity, pool_id)
            if pool is None:
                return refused(Refusal.POOL_UNKNOWN)
            if (refusal := refusal_of_checker(call, pool.made_by)) is not None:
                return refusal
            if pool.status is not PoolStatus.PENDING:
                return refused(Refusal.POOL_NOT_PENDING)
            decided = replace(pool, status=self.decision, checked_by=call.credential, checked_at=self.clock.now())
            work.pools.change(call.legal_entity, decided)
            return Answer(shown_pool(decided))

        return answer_once(self.begin, self.clock, call, decide)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePool:
    """Ends a pool: from now on its members spend nothing from it. What they hold can still be captured."""

    begin: BeginStaffWork
    clock: Clock

    def __call__(self, call: StaffCall, pool_id: str) -> Answer:
        """Return the pool, closed; or `pool-unknown`, `pool-not-active`."""

        def close(work: StaffWork, entity: Entity) -> Answer:
            pool = work.pools.find_for_update(call.legal_entity, pool_id)
            if pool is None:
                return refused(Refusal.POOL_UNKNOWN)
            if pool.status is not PoolStatus.ACTIVE:
                return refused(Refusal.POOL_NOT_ACTIVE)
            closed = replace(pool, status=PoolStatus.CLOSED, closed_by=call.credential, closed_at=self.clock.now())
            work.pools.change(call.legal_entity, closed)
            return Answer(shown_pool(closed))

        return answer_once(self.begin, self.clock, call, close)
