"""Sweep orders: finish what a crash or a silence of redemption left half done, and close what was not paid in time."""

from dataclasses import dataclass
from typing import Final

from gift_order.application.move_order import MoveOrder
from gift_order.application.ports import Begin
from gift_order.domain.orders import MOVING
from gift_order.domain.saga import LEASE
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.observability.logs import logger

ORDERS_MAX: Final = 20

log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOrders:
    """Moves orders whose time has come, at most ORDERS_MAX; safe in several processes. Returns how many came to rest.

    One that does not move, by whosever fault, keeps no other from moving. Only where redemption cannot be reached it ends: the others come again in seconds.
    """

    begin: Begin
    move: MoveOrder
    clock: Clock

    def __call__(self) -> int:
        now = self.clock.now()
        with self.begin() as work:
            due = work.orders.claim_due(now, now + LEASE, ORDERS_MAX)
        rested = 0
        for legal_entity, order_id in due:
            try:
                moved = self.move(legal_entity, order_id)
            except Exception:  # whatever it is about this order, the next one has its own turn
                log.exception("order not moved", legal_entity=legal_entity, order_id=order_id)
                continue
            if moved.is_cut_off:
                break
            rested += moved.order.status not in MOVING
        return rested
