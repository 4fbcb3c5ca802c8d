"""Add a wish: a gift that a customer has not the points for yet."""

from dataclasses import dataclass

from gift_order.application.answering import refused, wish_shown
from gift_order.application.ports import Begin, NewId
from gift_order.domain.refusals import Refusal
from gift_order.domain.wishes import Wish, WishStatus
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer, Idempotency


@dataclass(frozen=True, slots=True, kw_only=True)
class AddWish:
    """Puts a gift on a customer's wish list; it is asked at once whether it is within reach already."""

    begin: Begin
    clock: Clock
    new_id: NewId

    def __call__(self, call: Idempotency, customer_no: str, gift_code: str) -> Answer:
        with self.begin() as work:
            if (earlier := work.answers.find(call)) is not None:
                return earlier
            now = self.clock.now()
            gift = work.gifts.find(call.legal_entity, gift_code)
            if gift is None:
                return work.answers.keep(call, refused(Refusal.GIFT_UNKNOWN), now)
            wish = Wish(
                legal_entity=call.legal_entity,
                wish_id=self.new_id(),
                customer_no=customer_no,
                gift_code=gift_code,
                points=gift.points,
                status=WishStatus.OPEN,
                wished_at=now,
            )
            return work.answers.keep(call, Answer(wish_shown(work.wishes.add(wish, ask_at=now))), now)
