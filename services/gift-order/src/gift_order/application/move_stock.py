"""Move stock: pieces come in, or are taken away by hand."""

from dataclasses import dataclass

from gift_order.application.answering import gift_shown, refused
from gift_order.application.ports import Begin
from gift_order.domain.refusals import Refusal
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer, Idempotency


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveStock:
    """Adds pieces to a gift's stock, or takes them away (negative)."""

    begin: Begin
    clock: Clock

    def __call__(self, call: Idempotency, gift_code: str, pieces: int) -> Answer:
        with self.begin() as work:
            if (earlier := work.answers.find(call)) is not None:
                return earlier
            now = self.clock.now()
            if work.gifts.find(call.legal_entity, gift_code) is None:
                return work.answers.keep(call, refused(Refusal.GIFT_UNKNOWN), now)
            if not work.gifts.move_stock(call.legal_entity, gift_code, pieces, call.credential, now):
                return work.answers.keep(call, refused(Refusal.STOCK_BELOW_ZERO), now)
            gift = work.gifts.find(call.legal_entity, gift_code)
            assert gift is not None
            return work.answers.keep(call, Answer(gift_shown(gift)), now)
