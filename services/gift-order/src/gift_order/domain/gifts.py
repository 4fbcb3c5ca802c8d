"""Gifts: what they cost, and who may order how many."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gift_order.domain.refusals import Refusal
from loyalty_shared.kernel.points import POINTS_MAX


class GiftKind(StrEnum):
    """What is given (requirements 2.1.6)."""

    PHYSICAL = "physical"
    VOUCHER = "voucher"
    SERVICE = "service"
    RIGHT = "right"


class Shelf(StrEnum):
    """Whether a gift can be ordered now."""

    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """A gift of the catalogue. One piece costs `points` and `cash_minor` of `currency`; `stock` is the pieces that no order has.

    `campaign_code`: only customers who earned in that campaign may order it; `customer_limit`: pieces one customer may order, None: any number.
    """

    legal_entity: str
    gift_code: str
    names: Mapping[str, str]
    kind: GiftKind
    points: int
    cash_minor: int
    currency: str
    stock: int
    supplier: str | None
    campaign_code: str | None
    customer_limit: int | None
    status: Shelf


@dataclass(frozen=True, slots=True)
class Price:
    """What a number of pieces costs."""

    points: int
    cash_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a customer asks for. `pay` None: whatever it costs; `delivery` is the channel's own, and kept as it is."""

    customer_no: str
    gift_code: str
    quantity: int
    pay: Price | None
    delivery: Mapping[str, Any] | str | None


def decide_price(gift: Gift | None, asked: Asked, *, is_unlocked: bool, ordered_before: int) -> Price | Refusal:
    """Return what the order costs, or why it is not taken. `ordered_before`: pieces of the gift that the customer's other orders have."""
    if gift is None:
        return Refusal.GIFT_UNKNOWN
    price = Price(gift.points * asked.quantity, gift.cash_minor * asked.quantity)
    if gift.status is Shelf.OFF:
        return Refusal.GIFT_OFF_SHELF
    if gift.campaign_code is not None and not is_unlocked:
        return Refusal.GIFT_LOCKED
    if asked.pay is not None and asked.pay != price:
        return Refusal.PRICE_MISMATCH
    if gift.customer_limit is not None and ordered_before + asked.quantity > gift.customer_limit:
        return Refusal.GIFT_LIMIT_REACHED
    if gift.stock < asked.quantity:
        return Refusal.OUT_OF_STOCK
    if price.points > POINTS_MAX or price.cash_minor > POINTS_MAX:  # more than anyone can have
        return Refusal.INSUFFICIENT_POINTS
    return price
