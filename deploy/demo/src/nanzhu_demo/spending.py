"""Spends points over HTTP as the bank's channels would: reservations captured, released, expired, refused; redemptions, voids, refunds, reversals, repeats."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

from nanzhu_demo.client import PlatformClient, Role
from nanzhu_demo.tally import Tally, expect_refusal

ROLE: Final[Role] = "channel"
#: A hold this short ends by the clock while the demo watches.
SHORT_HOLD_SECONDS: Final = 2
HOLD_SECONDS: Final = 900
CALLS_AT_ONCE: Final = 8
EXPIRY_WAIT_SECONDS_MAX: Final = 30
POLL_SECONDS: Final = 0.2
APPLICATIONS: Final = ("statement-credit", "mall", "pos-payment", "fee-waiver", "donation")
#: Every scenario's spend: this share of what the customer has, in whole tens, so that a second run finds points too.
SHARE_DIVISOR: Final = 5
AVAILABLE_MIN: Final = 50


class Spending(Tally):
    """What came of the calls that spend points and give them back."""

    @property
    def spent(self) -> int:
        """Points spent, less those given back."""
        return self.points["captured"] + self.points["redeemed"] - self.points["voided"] - self.points["refunded"] - self.points["reversed"]


@dataclass(slots=True)
class Channel:
    """A channel of the bank in one run: numbers its calls, so that a repeat is known as one."""

    client: PlatformClient
    run: str
    business_on: date
    _calls: int = 0

    def serial(self) -> dict[str, str]:
        """Return the channel's own number for the next call."""
        self._calls += 1
        return {"channel_serial": f"{self.run}-{self._calls:05d}", "channel_date": self.business_on.isoformat()}

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Post to redemption."""
        answer: dict[str, Any] = await self.client.post("redemption", path, body, role=ROLE)
        return answer

    def spend(self, customer_no: str, points: int, hold_seconds: int | None = None) -> dict[str, Any]:
        """Return the body of a reservation (with `hold_seconds`) or of a redemption."""
        body: dict[str, Any] = {"customer_no": customer_no, "points": points, "application": APPLICATIONS[self._calls % len(APPLICATIONS)], **self.serial()}
        return body if hold_seconds is None else body | {"expires_in_seconds": hold_seconds}


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer and the points that a scenario may spend of theirs."""

    customer_no: str
    available: int

    @property
    def points(self) -> int:
        return self.available // SHARE_DIVISOR // 10 * 10


Scenario = Callable[[Channel, Customer, Spending], Awaitable[None]]
S = TypeVar("S")


async def capture(channel: Channel, customer: Customer, spending: Spending) -> None:
    """Reserve and capture all."""
    held = await channel.post("reservations", channel.spend(customer.customer_no, customer.points, HOLD_SECONDS))
    captured = await channel.post(f"reservations/{held['reservation_id']}/capture", {})
    spending.note("captured", captured["points"])


async def capture_part(channel: Channel, customer: Customer, spending: Spending) -> None:
    """Reserve, and capture half: the rest is released."""
    held = await channel.post("reservations", channel.spend(customer.customer_no, customer.points, HOLD_SECONDS))
    captured = await channel.post(f"reservations/{held['reservation_id']}/capture", {"points": customer.points // 2})
    spending.note("captured", captured["points"])
    spending.note("captured in part")


async def release(channel: Channel, customer: Customer, spending: Spending) -> None:
    """Reserve, and let go."""
    held = await channel.post("reservations", channel.spend(customer.customer_no, customer.points, HOLD_SECONDS))
    await channel.post(f"reservations/{held['reservation_id']}/release", {})
    spending.note("released", customer.points)


async def let_expire(channel: Channel, customer: Customer, spending: Spending) -> None:
    """Reserve for a moment, wait until the clock has ended it, and find it cannot be captured any more."""
    held = await channel.post("reservations", channel.spend(customer.customer_no, customer.points, SHORT_HOLD_SECONDS))
    path = f"reservations/{held['reservation_id']}"
    for _ in range(int(EXPIRY_WAIT_SECONDS_MAX / POLL_SECONDS)):
        if (await channel.client.get("redemption", path, role=ROLE))["status"] != "reserved":
            break
        await asyncio.sleep(POLL_SECONDS)
    await expect_refusal("reservation-expired", channel.post(f"{path}/capture", {}), spending)
    spending.note("expired", customer.points)


async def ask_too_much(channel: Channel, customer: Customer, spending: Spending) -> None:
    """Ask for one point more than there are."""
    await expect_refusal(
        "insufficient-points", channel.post("reservations", channel.spend(customer.customer_no, customer.available + 1, HOLD_SECONDS)), spending
    )
    spending.note("refused")


async def redeem(channel: Channel, customer: Customer, spending: Spending) -> None:
    """Redeem in one step, and send the very same call again: the answer is the first one, and nothing more is spent."""
    body = channel.spend(customer.customer_no, customer.points)
    first = await channel.post("redemptions", body)
    again = await channel.post("redemptions", body)
    spending.note("redeemed", first["points"])
    spending.note("repeated without effect")
    if again["redemption_id"] != first["redemption_id"]:
        spending.surprises.append(f"a repeated redemption of {customer.customer_no} was done twice: {first['redemption_id']} and {again['redemption_id']}")


async def redeem_and_void(channel: Channel, customer: Customer, spending: Spending) -> None:
    """Redeem, and void it on the same business date."""
    done = await channel.post("redemptions", channel.spend(customer.customer_no, customer.points))
    spending.note("redeemed", done["points"])
    await channel.post(f"redemptions/{done['redemption_id']}/void", {})
    spending.note("voided", done["points"])


async def redeem_and_refund(channel: Channel, customer: Customer, spending: Spending) -> None:
    """Redeem, give half back, and be refused when more is asked back than is left."""
    done = await channel.post("redemptions", channel.spend(customer.customer_no, customer.points))
    spending.note("redeemed", done["points"])
    path = f"redemptions/{done['redemption_id']}/refunds"
    await channel.post(path, {"points": done["points"] // 2, **channel.serial()})
    spending.note("refunded", done["points"] // 2)
    await expect_refusal("refund-exceeds-original", channel.post(path, {"points": done["points"], **channel.serial()}), spending)


async def redeem_and_reverse(channel: Channel, customer: Customer, spending: Spending) -> None:
    """Redeem, hear no answer as it were, and reverse it by its serial."""
    body = channel.spend(customer.customer_no, customer.points)
    done = await channel.post("redemptions", body)
    spending.note("redeemed", done["points"])
    original = {"original_channel_serial": body["channel_serial"], "original_channel_date": body["channel_date"]}
    await channel.post("reversals", original | channel.serial())
    spending.note("reversed", done["points"])


#: How many customers go through each scenario.
SCENARIOS: Final[Sequence[tuple[Scenario, int]]] = (
    (let_expire, 3),
    (capture, 24),
    (capture_part, 6),
    (release, 8),
    (ask_too_much, 4),
    (redeem, 8),
    (redeem_and_void, 2),
    (redeem_and_refund, 3),
    (redeem_and_reverse, 2),
)
CUSTOMERS_NEEDED: Final = sum(count for _, count in SCENARIOS)


async def spend_points(channel: Channel, candidates: Sequence[str]) -> Spending:
    """Let customers spend, one scenario each, a few at once; the first of `candidates` who have points, and as many scenarios as there are such customers."""
    limit = asyncio.Semaphore(CALLS_AT_ONCE)
    spending = Spending()

    async def play(scenario: Scenario, customer: Customer) -> None:
        async with limit:
            await scenario(channel, customer, spending)

    customers = await customers_with_points(channel.client, candidates, AVAILABLE_MIN, CUSTOMERS_NEEDED)
    pairs = zip(in_turn(SCENARIOS), customers, strict=False)  # the sample has fewer customers than there are scenarios
    await asyncio.gather(*(play(scenario, customer) for scenario, customer in pairs))
    return spending


def in_turn(scenarios: Sequence[tuple[S, int]]) -> list[S]:
    """Return each scenario as often as it says, one of each first, so that few customers still show them all."""
    rounds = range(max(count for _, count in scenarios))
    return [scenario for number in rounds for scenario, count in scenarios if number < count]


async def customers_with_points(client: PlatformClient, candidates: Sequence[str], available_min: int, count_max: int) -> list[Customer]:
    """Return the first `count_max` of the candidates who have at least so many points to spend."""
    found: list[Customer] = []
    for customer_no in candidates:
        if len(found) == count_max:
            break
        account = await client.get("redemption", f"accounts/{customer_no}", role=ROLE)
        if account["available"] >= available_min:
            found.append(Customer(customer_no, account["available"]))
    return found
