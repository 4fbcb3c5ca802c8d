"""A newcomer's journey: the bank's data go in, and every customer has the points that an independent recount gives them."""

import asyncio
from collections import Counter
from io import StringIO

import pytest
from rich.console import Console

from e2e.demo.recount import Points, points_by_customer, recount
from loyalty_shared.kernel.clock import SystemClock
from nanzhu_demo.bus import read_points
from nanzhu_demo.client import PlatformClient
from nanzhu_demo.core_bank import open_core_bank
from nanzhu_demo.mapping import LEGAL_ENTITY, SOURCE_SYSTEM, BankMapping
from nanzhu_demo.pkdd99 import read_pkdd99
from nanzhu_demo.rule_setup import approve_rules
from nanzhu_demo.rules import demo_rules
from nanzhu_demo.source import SAMPLE, Source
from nanzhu_demo.story import Story
from nanzhu_demo.streaming import stream_bank
from nanzhu_local.endpoints import Endpoints
from nanzhu_local.platform import LocalPlatform

PAGE = 200
PAGES_MAX = 20
EXPECTED = recount(SAMPLE)


@pytest.fixture(scope="module")
def endpoints(platform: LocalPlatform) -> Endpoints:
    """The platform with the demo's rules in force and the sample streamed through it."""
    asyncio.run(stream_sample(platform.endpoints))
    return platform.endpoints


def test_every_customer_has_the_points_of_the_recount_in_the_ledger(endpoints: Endpoints) -> None:
    assert asyncio.run(points_in_ledger(endpoints)) == EXPECTED


def test_the_points_published_by_accrual_are_those_of_the_recount(endpoints: Endpoints) -> None:
    published = asyncio.run(read_points(endpoints.kafka, LEGAL_ENTITY))

    assert published.earned[SOURCE_SYSTEM] == sum(points_by_customer(EXPECTED).values())


def test_the_same_data_once_more_change_nothing(endpoints: Endpoints) -> None:
    asyncio.run(stream_sample(endpoints))

    assert asyncio.run(points_in_ledger(endpoints)) == EXPECTED


@pytest.mark.parametrize("time", ["first", "second"])
def test_the_demo_tells_its_story_and_finds_nothing_amiss(endpoints: Endpoints, platform: LocalPlatform, time: str) -> None:
    printed = StringIO()
    story = Story(
        endpoints=endpoints,
        endpoints_file=platform.run.endpoints,
        source=Source(directory=SAMPLE, whole=False),
        console=Console(file=printed, width=140),
        run=f"test-{time}",
        now=SystemClock().now(),
    )

    as_it_should_be = asyncio.run(story.tell())

    said = " ".join(printed.getvalue().split())  # however the lines were broken
    assert as_it_should_be, said
    assert f"{sum(points_by_customer(EXPECTED).values()):,}" in said, "the table's points are the recount's"
    for outcome in ("captured", "released", "expired", "refused", "voided", "refunded", "reversed", "delivered", "paid in part", "cancelled", "returned"):
        assert f" {outcome}" in said
    assert "0 violations" in said
    for line in ("Day closed", "Settled", "Movement report, closing"):
        assert line in said
    assert said.count("the ledger's, to the point") == 2
    assert f"{endpoints.services['console'].http}/" in said
    assert all(text in said for operator in endpoints.operators[LEGAL_ENTITY].values() for text in operator.values())


async def stream_sample(endpoints: Endpoints) -> None:
    """Do what the demo does with the sample, up to the last point in the ledger."""
    mapping = BankMapping(read_pkdd99(SAMPLE))
    async with PlatformClient(endpoints, LEGAL_ENTITY) as client, open_core_bank(endpoints.kafka, SystemClock().now()) as bank:
        await approve_rules(client, demo_rules())
        await stream_bank(client, bank, list(mapping.customers()), list(mapping.transactions()), Console(file=StringIO()))


async def points_in_ledger(endpoints: Endpoints) -> Points:
    """Return what the statements say was earned from the bank's data, by customer and rule."""
    mapping = BankMapping(read_pkdd99(SAMPLE))
    points: Points = {}
    async with PlatformClient(endpoints, LEGAL_ENTITY) as client:
        for customer_no in sorted({event.customer_no for event in mapping.customers()} & set(EXPECTED)):
            points[customer_no] = dict(await earned_by_rule(client, customer_no))
    return points


async def earned_by_rule(client: PlatformClient, customer_no: str) -> Counter[str]:
    """Return the customer's points from the bank's data by rule, from the whole statement."""
    earned: Counter[str] = Counter()
    query: dict[str, str | int] = {"kind": "earned", "limit": PAGE}
    for _ in range(PAGES_MAX):
        page = await client.get("redemption", f"accounts/{customer_no}/entries", query)
        for entry in page["items"]:
            if entry["cause"]["source_system"] == SOURCE_SYSTEM:
                earned[entry["rule_code"]] += entry["points"]
        if page["next_cursor"] is None:
            return earned
        query["cursor"] = page["next_cursor"]
    raise AssertionError(f"the statement of {customer_no} has more than {PAGES_MAX * PAGE} lines")
