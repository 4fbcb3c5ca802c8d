"""A stream with refunds, cancellations, expiry and returns: settlement, reports and the customers' statements agree to the point, day by day."""

from collections import Counter
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import psycopg2
import pytest

from nanzhu_local.platform import LocalPlatform
from support.bank import TODAY, Bank, at, open_bank
from support.closing import ClosedDay, close, entries_of, points_by_date
from support.eventually import eventually
from support.rules import rule

CUSTOMERS = [f"T{number:02d}" for number in range(12)]
TOMORROW = TODAY + timedelta(days=1)
DAYS = (TODAY, TOMORROW)
#: Two parties share what `base` costs.
RULES = (
    rule("base", {"per_minor": 100, "points": 1}, cost_bearers=[{"party": "retail", "percent": 60}, {"party": "cards", "percent": 40}]),
    rule("extra", {"per_minor": 1000, "points": 1}, point_type="bonus", cost_bearers=[{"party": "cards", "percent": 100}]),
)
MUG = {"gift_code": "MUG", "names": {"en": "Mug"}, "points": 30, "stock": 100, "supplier": "S1"}


@pytest.fixture(scope="module")
def busy_bank(platform: LocalPlatform) -> Bank:
    """A bank with rules and a gift, before anything has happened."""
    bank = open_bank(platform)
    bank.approve(*RULES)
    bank.post("gift-order", "gifts", MUG, role="maker")
    return bank


@pytest.fixture(scope="module")
def closed(busy_bank: Bank) -> dict[date, ClosedDay]:
    """Two days of everything, each closed."""
    return {on: live_through(busy_bank, on) for on in DAYS}


def live_through(bank: Bank, on: date) -> ClosedDay:
    """Let a day happen, and close it."""
    sells_and_takes_back(bank, on)
    bank.drained()
    grants(bank, on)
    spends_and_gives_back(bank, on)
    orders_and_sends_back(bank)
    return close(bank, on)


def sells_and_takes_back(bank: Bank, on: date) -> None:
    """Purchases; refunds of parts, of the whole, of the day before, and of one whose points are spent; a refund that comes first; a reversal."""
    day = on.isoformat()
    sold = [bank.purchase(f"P{day}-{number}", customer, f"{100 + number * 7}.00", **when(on)) for number, customer in enumerate(CUSTOMERS)]
    early = bank.refund(f"E{day}", sold[0], "25.00", **when(on))
    refunds = [bank.refund(f"R{day}-{number}", sold[number], yuan, **when(on)) for number, yuan in ((1, "10.50"), (2, "114.00"), (3, "33.00"))]
    reversal = bank.refund(f"X{day}", sold[4], "128.00", **when(on))
    late = [bank.refund(f"L{day}", bank.purchase(f"P{TODAY.isoformat()}-5", CUSTOMERS[5], "135.00", **when(TODAY)), "100.00", **when(on))]
    bank.publish(early, *sold, *refunds, bank.record(reversal, "core.transaction.reversed.v1"), *(late if on > TODAY else []))


def when(on: date) -> dict[str, Any]:
    """Return the dates of a transaction."""
    return {"transaction_at": at(on), "posted_on": on.isoformat()}


def grants(bank: Bank, on: date) -> None:
    """A grant, one that is undone by its serial, and one of points that live for the day only."""
    for customer, undone, expires_on in ((CUSTOMERS[6], False, None), (CUSTOMERS[7], True, None), (CUSTOMERS[6], False, on.isoformat())):
        body = {"customer_no": customer, "points": 70, "point_type": "bonus", "reason": "birthday", "expires_on": expires_on, **bank.serial(on)}
        bank.post("redemption", "grants", body)
        if undone:
            original = {"original_channel_serial": body["channel_serial"], "original_channel_date": body["channel_date"]}
            assert bank.post("redemption", "reversals", original | bank.serial(on))["status"] == "reversed"


def spends_and_gives_back(bank: Bank, on: date) -> None:
    """Redemptions: kept, voided, refunded in part, reversed; a reservation captured in part."""
    kept, voided, refunded, reversed_ = (bank.spend(customer, 40, **bank.serial(on)) for customer in CUSTOMERS[5:9])
    done = [bank.post("redemption", "redemptions", {**body, "application": name}) for body, name in
            ((kept, "donation"), (voided, "fee-waiver"), (refunded, "statement-credit"), (reversed_, "donation"))]  # fmt: skip
    bank.post("redemption", f"redemptions/{done[1]['redemption_id']}/void", {})
    bank.post("redemption", f"redemptions/{done[2]['redemption_id']}/refunds", {"points": 15, **bank.serial(on)})
    original = {"original_channel_serial": reversed_["channel_serial"], "original_channel_date": reversed_["channel_date"]}
    assert bank.post("redemption", "reversals", original | bank.serial(on))["status"] == "reversed"
    held = bank.post("redemption", "reservations", bank.spend(CUSTOMERS[9], 50, **bank.serial(on)))
    bank.post("redemption", f"reservations/{held['reservation_id']}/capture", {"points": 35})


def orders_and_sends_back(bank: Bank) -> None:
    """Gifts: delivered, cancelled, returned at once, and left for the next day, when it is returned too."""
    for customer, steps in ((CUSTOMERS[8], ("ship", "receive")), (CUSTOMERS[9], ("cancel",)), (CUSTOMERS[10], ("ship", "return")), (CUSTOMERS[11], ("ship",))):
        order_id = bank.post("gift-order", "orders", {"customer_no": customer, "gift_code": "MUG", "quantity": 1, "pay": {"points": 30}})["order_id"]
        for step in steps:
            bank.post("gift-order", f"orders/{order_id}/{step}")
    for earlier in bank.get("gift-order", "orders", customer_no=CUSTOMERS[11])["items"][1:]:
        bank.post("gift-order", f"orders/{earlier['order_id']}/return")


def test_the_statements_have_everything_that_can_happen(busy_bank: Bank, closed: dict[date, ClosedDay]) -> None:
    kinds = {kind for _, kind in points_by_date(entries_of(busy_bank, CUSTOMERS))}

    assert kinds >= {"earned", "clawed-back", "granted", "reversed", "redeemed", "restored", "expired"}
    assert busy_bank.violations() == {}


@pytest.mark.parametrize("on", DAYS, ids=["first day", "second day"])
def test_the_movement_report_is_what_the_statements_add_up_to(busy_bank: Bank, closed: dict[date, ClosedDay], on: date) -> None:
    entries = entries_of(busy_bank, CUSTOMERS)
    points, movement = points_by_date(entries), closed[on].movement
    spent = spent_by_date(entries)

    assert movement["closing"] == sum(number for (day, _), number in points.items() if day <= on)
    assert movement["opening"] == sum(number for (day, _), number in points.items() if day < on)
    assert movement["earned"] == points[on, "earned"] > 0
    assert movement["clawed_back"] == -points[on, "clawed-back"] > 0
    assert movement["expired"] == -points[on, "expired"]
    assert movement["used"] == -points[on, "redeemed"] > 0
    assert closed[on].used == spent[on]
    assert movement["closing"] == movement["opening"] + sum(movement[name] for name in ("granted", "adjusted", "transferred", "restored")) - sum(
        movement[name] for name in ("used", "expired", "clawed_back")
    )


@pytest.mark.parametrize("on", DAYS, ids=["first day", "second day"])
def test_the_batches_are_what_the_statements_say_was_used(busy_bank: Bank, closed: dict[date, ClosedDay], on: date) -> None:
    spent = spent_by_date(entries_of(busy_bank, CUSTOMERS))[on]

    assert closed[on].settled(applications=True) == closed[on].settled(applications=False) == spent > 0
    assert {"retail", "cards", "redeemed:mall", "redeemed:donation"} <= closed[on].batches.keys()
    assert closed[on].reconciliation["breaks"] == 0
    assert closed[on].reconciliation["without_batch"] == []


def test_points_that_lapse_are_in_the_report_of_the_day_they_lapse(closed: dict[date, ClosedDay]) -> None:
    assert closed[TODAY].movement["expired"] == 0
    assert closed[TOMORROW].movement["expired"] > 0


def spent_by_date(entries: list[dict[str, Any]]) -> Counter[date]:
    """Return the points that went into applications by date, less those given back. A grant that was undone has no application."""
    spent: Counter[date] = Counter()
    for entry in entries:
        if entry["application"] is not None:
            spent[date.fromisoformat(entry["business_on"])] -= entry["points"]
    return spent


def test_a_corrupted_row_of_the_mart_is_found_and_the_rebuild_mends_it(busy_bank: Bank, closed: dict[date, ClosedDay]) -> None:
    assert broken(busy_bank) == 0
    before = busy_bank.get("reporting", "reports/movement", **{"from": TODAY.isoformat()})["totals"]
    corrupt_a_row(busy_bank)

    assert broken(busy_bank) > 0
    assert busy_bank.call("GET", "reporting", "reports/movement", params={"from": TODAY.isoformat()}).json()["code"] == "mart-does-not-tie"

    busy_bank.platform.job("reporting", "rebuild", busy_bank.legal_entity, TODAY)
    eventually(lambda: broken(busy_bank) == 0, 60)
    assert eventually(lambda: busy_bank.get("reporting", "reports/movement", **{"from": TODAY.isoformat()}), 60)["totals"] == before


def broken(bank: Bank) -> int:
    """Return how many places of the mart do not tie."""
    return sum(item["violations"] for item in bank.get("reporting", "invariants")["items"])


def corrupt_a_row(bank: Bank) -> None:
    """Give one group of the mart a point more than it has."""
    with closing(psycopg2.connect(bank.platform.endpoints.services["reporting"].database)) as mart, mart, mart.cursor() as cursor:
        cursor.execute(
            "update posting_group set points = points + 1 where ctid = (select ctid from posting_group where legal_entity = %s and kind = 'earned' limit 1)",
            (bank.legal_entity,),
        )
        assert cursor.rowcount == 1
