"""Register a gift: it is in the catalogue from then on, with its first stock."""

from dataclasses import dataclass

from gift_order.application.answering import gift_shown, refused
from gift_order.application.ports import Begin
from gift_order.domain.gifts import Gift
from gift_order.domain.refusals import Refusal
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer, Idempotency


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterGift:
    """Adds a gift to the catalogue, with its first stock."""

    begin: Begin
    clock: Clock

    def __call__(self, call: Idempotency, gift: Gift) -> Answer:
        with self.begin() as work:
            if (earlier := work.answers.find(call)) is not None:
                return earlier
            work.hold_date(call.legal_entity)  # an entity that is not known has no gifts
            now = self.clock.now()
            added = work.gifts.add(gift, call.credential, now)
            return work.answers.keep(call, Answer(gift_shown(gift)) if added else refused(Refusal.GIFT_EXISTS), now)
