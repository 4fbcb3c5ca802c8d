"""Wish lists: a customer's word for a gift they have not the points for yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

#: After an earning, redemption may need a moment until it has posted it: asked again after these pauses, then at the next earning or date.
ASK_AGAIN_AFTER: Final = (timedelta(seconds=5), timedelta(seconds=20), timedelta(seconds=60))


class WishStatus(StrEnum):
    """Whether the customer was told."""

    OPEN = "open"
    WITHIN_REACH = "within-reach"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A wish. `points`: what one piece of the gift costs now; `tries`: how often redemption was asked in vain since the last earning."""

    legal_entity: str
    wish_id: str
    customer_no: str
    gift_code: str
    points: int
    status: WishStatus
    wished_at: datetime
    told_at: datetime | None = None
    tries: int = 0


def next_asking(wish: Wish, now: datetime) -> datetime | None:
    """Return when redemption is to be asked again after an answer that was too few points."""
    return now + ASK_AGAIN_AFTER[wish.tries] if wish.tries < len(ASK_AGAIN_AFTER) else None
