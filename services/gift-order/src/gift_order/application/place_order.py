"""Place an order: write it down before anything is asked of redemption, so that no points are ever held for an order nobody knows."""

from dataclasses import dataclass

from gift_order.application.answering import Reply, refused, reply_of
from gift_order.application.move_order import MoveOrder
from gift_order.application.ports import Begin, Moving, NewId, Work
from gift_order.application.posting import fact_of
from gift_order.domain.gifts import Asked, Gift, Price, decide_price
from gift_order.domain.orders import Order, Status
from gift_order.domain.refusals import Refusal
from gift_order.domain.saga import LEASE
from loyalty_shared.contracts.gift_order import OrderPlacedV1
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer, Idempotency


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """Takes an order at the gift's price and moves it: points reserved, pieces taken, and captured unless a cash part is to be paid first."""

    begin: Begin
    move: MoveOrder
    clock: Clock
    new_id: NewId

    def __call__(self, call: Idempotency, asked: Asked) -> Reply:
        placed = self._place(call, asked)
        return reply_of(self.move(call.legal_entity, placed.order_id).order) if isinstance(placed, Moving) else Reply(placed)

    def _place(self, call: Idempotency, asked: Asked) -> Moving | Answer:
        with self.begin() as work:
            if (earlier := work.calls.find(call)) is not None:
                return earlier
            entity = work.hold_date(call.legal_entity)
            gift = work.gifts.find(call.legal_entity, asked.gift_code)
            price = self._price(work, gift, asked)
            now = self.clock.now()
            if isinstance(price, Refusal):
                return work.answers.keep(call, refused(price), now)
            assert gift is not None
            order = Order(
                legal_entity=call.legal_entity,
                order_id=self.new_id(),
                customer_no=asked.customer_no,
                gift_code=gift.gift_code,
                supplier=gift.supplier,
                quantity=asked.quantity,
                points=price.points,
                cash_minor=price.cash_minor,
                currency=gift.currency,
                delivery=asked.delivery,
                status=Status.PLACED,
                placed_on=entity.business_on,
                placed_at=now,
                changed_at=now,
                attend_at=now + LEASE,
            )
            work.orders.add(order)
            work.calls.begin(call, order.order_id)
            work.publish((order.legal_entity, order.customer_no), [fact_of(order, OrderPlacedV1, entity.business_on, now)], now)
            return Moving(order.order_id)

    def _price(self, work: Work, gift: Gift | None, asked: Asked) -> Price | Refusal:
        is_unlocked, ordered_before = True, 0
        if gift is not None and gift.campaign_code is not None:
            is_unlocked = work.campaigns.has_earned(gift.legal_entity, gift.campaign_code, asked.customer_no)
        if gift is not None and gift.customer_limit is not None:
            ordered_before = work.orders.count_pieces(gift.legal_entity, gift.gift_code, asked.customer_no)
        return decide_price(gift, asked, is_unlocked=is_unlocked, ordered_before=ordered_before)
