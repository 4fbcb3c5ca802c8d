"""Set the shelf: whether a gift can be ordered now."""

from dataclasses import dataclass, replace

from gift_order.application.answering import gift_shown, refused
from gift_order.application.ports import Begin
from gift_order.domain.gifts import Shelf
from gift_order.domain.refusals import Refusal
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer, Idempotency


@dataclass(frozen=True, slots=True, kw_only=True)
class SetShelf:
    """Puts a gift on the shelf or takes it off; orders that exist go on."""

    begin: Begin
    clock: Clock

    def __call__(self, call: Idempotency, gift_code: str, status: Shelf) -> Answer:
        with self.begin() as work:
            if (earlier := work.answers.find(call)) is not None:
                return earlier
            now = self.clock.now()
            gift = work.gifts.find(call.legal_entity, gift_code)
            if gift is None:
                return work.answers.keep(call, refused(Refusal.GIFT_UNKNOWN), now)
            work.gifts.set_shelf(call.legal_entity, gift_code, status)
            return work.answers.keep(call, Answer(gift_shown(replace(gift, status=status))), now)
