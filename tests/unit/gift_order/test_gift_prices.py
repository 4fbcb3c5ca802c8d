"""What an order costs, and whether it is taken."""

from dataclasses import replace

import pytest

from gift_order.domain.gifts import Asked, Gift, GiftKind, Price, Shelf, decide_price
from gift_order.domain.refusals import Refusal
from loyalty_shared.kernel.points import POINTS_MAX

KETTLE = Gift(
    legal_entity="001", gift_code="KETTLE", names={}, kind=GiftKind.PHYSICAL, points=100, cash_minor=50, currency="CNY", stock=5, supplier=None,
    campaign_code="SPRING", customer_limit=3, status=Shelf.ON,
)  # fmt: skip
ASKED = Asked(customer_no="C1", gift_code="KETTLE", quantity=2, pay=None, delivery=None)


def price(gift: Gift | None = KETTLE, asked: Asked = ASKED, *, is_unlocked: bool = True, ordered_before: int = 0) -> Price | Refusal:
    return decide_price(gift, asked, is_unlocked=is_unlocked, ordered_before=ordered_before)


def test_an_order_costs_as_many_times_the_price_as_it_has_pieces() -> None:
    assert price() == Price(200, 100)
    assert price(asked=replace(ASKED, pay=Price(200, 100))) == Price(200, 100)


@pytest.mark.parametrize("pay", [Price(199, 100), Price(201, 100), Price(200, 99), Price(200, 0), Price(100, 50)])
def test_what_is_offered_must_be_the_price(pay: Price) -> None:
    assert price(asked=replace(ASKED, pay=pay)) is Refusal.PRICE_MISMATCH


def test_why_an_order_is_not_taken() -> None:
    assert price(None) is Refusal.GIFT_UNKNOWN
    assert price(replace(KETTLE, status=Shelf.OFF)) is Refusal.GIFT_OFF_SHELF
    assert price(is_unlocked=False) is Refusal.GIFT_LOCKED
    assert price(replace(KETTLE, campaign_code=None), is_unlocked=False) == Price(200, 100)
    assert price(ordered_before=1) == Price(200, 100)
    assert price(ordered_before=2) is Refusal.GIFT_LIMIT_REACHED
    assert price(replace(KETTLE, customer_limit=None), ordered_before=10**6) == Price(200, 100)
    assert price(replace(KETTLE, stock=2)) == Price(200, 100)
    assert price(replace(KETTLE, stock=1)) is Refusal.OUT_OF_STOCK
    assert price(replace(KETTLE, points=POINTS_MAX)) is Refusal.INSUFFICIENT_POINTS
