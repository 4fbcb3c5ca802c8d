"""kill -9 of gift-order or redemption at every step of an order: points, pieces and the order's state end together, within a minute, by themselves."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import pytest

from nanzhu_local.platform import LocalPlatform
from support.bank import open_bank
from support.eventually import eventually
from support.gated_gift_order import GatedGiftOrder, gated_gift_order
from support.mall import SERVICE, Mall
from support.redemption_gate import Moment

ALL_WITHIN_SECONDS = 60


@dataclass(frozen=True)
class Way:
    """What is done to an order before, the call in which it is caught, the step at which it is, and how it may end."""

    gift: str
    before: tuple[str, ...]
    caught_in: str
    step: str
    ends: tuple[str, ...]


WAYS = (
    Way("KETTLE", (), "", "reserve", ("confirmed",)),
    Way("KETTLE", (), "", "capture", ("confirmed",)),
    Way("FRIDGE", (), "", "reserve", ("awaiting-payment",)),
    Way("FRIDGE", (), "pay", "capture", ("confirmed",)),
    Way("FRIDGE", (), "cancel", "reverse", ("cancelled",)),
    Way("FRIDGE", ("pay",), "cancel", "reverse", ("cancelled",)),
    Way("KETTLE", ("ship", "receive"), "return", "reverse", ("returned",)),
)


@pytest.fixture(scope="module")
def gated(platform: LocalPlatform) -> Iterator[GatedGiftOrder]:
    with gated_gift_order(platform) as running:
        yield running


@pytest.fixture(scope="module")
def mall(platform: LocalPlatform, gated: GatedGiftOrder) -> Mall:
    opened = Mall(open_bank(platform))
    opened.gift("KETTLE")
    opened.gift("FRIDGE", cash_minor=19_900)
    return opened


@pytest.mark.parametrize("victim", [SERVICE, "redemption"])
def test_killed_at_every_step_all_ends_together(platform: LocalPlatform, gated: GatedGiftOrder, mall: Mall, victim: str) -> None:
    caught = [(mall.customer(), way, moment) for way in WAYS for moment in Moment]
    before = [mall.placed(customer_no, way.gift, *way.before) if way.caught_in else None for customer_no, way, _ in caught]
    ends = {customer_no: way.ends for customer_no, way, _ in caught}
    with ThreadPoolExecutor(len(caught)) as pool:
        for (customer_no, way, moment), order in zip(caught, before, strict=True):
            gated.gate.hold(customer_no, way.step, moment)
            pool.submit(send, mall, customer_no, way, order)
        eventually(lambda: len(gated.gate.held) == len(ends))  # every order is at its step now
        if victim == SERVICE:
            gated.kill9()
        else:
            platform.kill9(victim)
        gated.gate.open()
    if victim == SERVICE:
        gated.start()
    else:
        platform.start(victim)
    eventually(mall.at_rest, ALL_WITHIN_SECONDS)
    assert {customer_no: status for customer_no, status in mall.statuses().items() if customer_no in ends and status not in ends[customer_no]} == {}
    assert mall.untied() == []


def send(mall: Mall, customer_no: str, way: Way, order: dict[str, str] | None) -> None:
    """Make the call in which the order is caught; who makes it may never get an answer."""
    try:
        if order is None:
            mall.order(customer_no, way.gift)
        else:
            mall.bank.call("POST", SERVICE, f"orders/{order['order_id']}/{way.caught_in}", role="channel")
    except httpx.TransportError:
        """The service was killed meanwhile."""


def test_redemption_killed_under_load_loses_nothing(platform: LocalPlatform, mall: Mall) -> None:
    buyers = [mall.customer() for _ in range(40)]
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda buyer: mall.order(buyer, "KETTLE", key=f"load-{buyer}"), buyers)
        platform.kill9("redemption")
        platform.start("redemption")
        for answer in answers:
            assert answer.status_code in (201, 202), answer.text
    eventually(mall.at_rest, ALL_WITHIN_SECONDS)
    again = [mall.order(buyer, "KETTLE", key=f"load-{buyer}") for buyer in buyers]
    assert {(answer.status_code, answer.json()["status"]) for answer in again} == {(201, "confirmed")}
    assert mall.untied() == []
