"""Change an order: what a caller asks of one that exists, by a decision of the domain: pay, ship, receive, cancel, return."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gift_order.application.answering import Reply, refused, reply_of
from gift_order.application.move_order import MoveOrder
from gift_order.application.ports import Begin, Moving
from gift_order.application.posting import post_change
from gift_order.domain.orders import Order
from gift_order.domain.refusals import Refusal
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer, Idempotency

Decide = Callable[[Order, datetime], Order | Refusal]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOrder:
    """Has an order changed as `decide` says, and moves it on where that takes more steps (a capture, points given back)."""

    begin: Begin
    move: MoveOrder
    clock: Clock

    def __call__(self, call: Idempotency, order_id: str, decide: Decide) -> Reply:
        changed = self._change(call, order_id, decide)
        return reply_of(self.move(call.legal_entity, changed.order_id).order) if isinstance(changed, Moving) else Reply(changed)

    def _change(self, call: Idempotency, order_id: str, decide: Decide) -> Moving | Answer:
        with self.begin() as work:
            if (earlier := work.calls.find(call)) is not None:
                return earlier
            entity = work.hold_date(call.legal_entity)
            before = work.orders.find_for_update(call.legal_entity, order_id)
            now = self.clock.now()
            if before is None:
                return work.answers.keep(call, refused(Refusal.ORDER_UNKNOWN), now)
            after = decide(before, now)
            if after is Refusal.ORDER_IN_PROGRESS:
                return refused(after)  # not kept: a moment later it may be done
            if isinstance(after, Refusal):
                return work.answers.keep(call, refused(after), now)
            work.calls.begin(call, order_id)
            post_change(work, before, after, entity.business_on, now)
            return Moving(order_id)
