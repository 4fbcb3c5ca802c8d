"""Tell wishes: ask redemption whether the points for them are there, and publish those that are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gift_order.application.ports import Begin, Redemption
from gift_order.domain.wishes import Wish, next_asking
from loyalty_shared.contracts.gift_order import GiftCameWithinReachV1
from loyalty_shared.kernel.clock import Clock

WISHES_MAX: Final = 100
#: Longer than asking for WISHES_MAX customers takes, in most cases; asking twice does no harm.
LEASE: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class TellWishes:
    """Asks redemption for customers whose wishes are due, once each, and publishes what came within reach. Returns how many wishes were looked at."""

    begin: Begin
    redemption: Redemption
    clock: Clock

    def __call__(self) -> int:
        now = self.clock.now()
        with self.begin() as work:
            due = work.wishes.claim_due(now, now + LEASE, WISHES_MAX)
        customers = sorted({(wish.legal_entity, wish.customer_no) for wish in due})
        available = {customer: self.redemption.find_available(*customer) for customer in customers}
        for wish in due:
            self._tell(wish, available, now + LEASE)
        return len(due)

    def _tell(self, wish: Wish, available: Mapping[tuple[str, str], int | None], claimed_until: datetime) -> None:
        points = available[wish.legal_entity, wish.customer_no]
        if points is None:
            return  # no answer: it is due again when its lease ends
        with self.begin() as work:
            now = self.clock.now()
            if points < wish.points:
                work.wishes.ask_later(wish, claimed_until, next_asking(wish, now))
            elif work.wishes.tell(wish, now):
                fact = GiftCameWithinReachV1(
                    legal_entity=wish.legal_entity,
                    wish_id=wish.wish_id,
                    customer_no=wish.customer_no,
                    gift_code=wish.gift_code,
                    points=wish.points,
                    available=points,
                    at=now,
                )
                work.publish((wish.legal_entity, wish.customer_no), [fact], now)
