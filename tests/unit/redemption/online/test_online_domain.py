"""The pure rules of holds, spending and channel serials."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_shared.kernel.points import POINTS_MAX
from redemption.application.answering import REASONS
from redemption.domain.account import Account
from redemption.domain.applications import Application
from redemption.domain.entries import Totals
from redemption.domain.grants import refusal_of_grant
from redemption.domain.holds import Captured, Hold, HoldStatus, decide_capture, decide_release, divide
from redemption.domain.lots import Lot, LotKey, LotPart, total
from redemption.domain.refusals import Refusal
from redemption.domain.reversals import Arrival, Effect, KeptSerial, Reversal, decide_arrival, decide_reversal
from redemption.domain.spending import (
    GivenBack,
    Redemption,
    RedemptionStatus,
    decide_refund,
    decide_spending,
    decide_void,
    refusal_of_merchant,
    reverse_redemption,
    spend_again,
)
from redemption.entrypoints.http_online_problems import PROBLEMS

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
TODAY = date(2026, 3, 1)


def lot(number: int) -> LotKey:
    return LotKey("base", None, date(2026 + number, 12, 31), "bank", "")


def hold(*points: int, status: HoldStatus = HoldStatus.RESERVED) -> Hold:
    lots = tuple(LotPart(lot(number), held) for number, held in enumerate(points))
    return Hold(
        reservation_id="R1",
        customer_no="C1",
        points=total(lots),
        application="mall",
        channel="MOBILE",
        lots=lots,
        expires_at=NOON + timedelta(minutes=15),
        status=status,
    )


def redemption(*points: int) -> Redemption:
    lots = tuple(LotPart(lot(number), taken) for number, taken in enumerate(points))
    return Redemption(redemption_id="S1", customer_no="C1", points=total(lots), application="mall", business_on=TODAY, taken=lots, left=lots)


some_points = st.lists(st.integers(1, 1000), min_size=1, max_size=6)


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_has_a_problem_and_a_reason(refusal: Refusal) -> None:
    assert PROBLEMS[refusal].code == refusal.value
    assert all(REASONS[refusal])


@given(some_points, st.integers(0, 6000))
def test_dividing_keeps_every_point_and_their_order(points: list[int], wanted: int) -> None:
    parts = hold(*points).lots
    first, rest = divide(parts, wanted)
    assert total(first) == min(wanted, total(parts))
    together: dict[LotKey, int] = {}
    for part in (*first, *rest):
        together[part.lot] = together.get(part.lot, 0) + part.points
    assert list(together.items()) == list(parts)


@given(some_points, st.data())
def test_a_capture_takes_what_was_held_first(points: list[int], data: st.DataObject) -> None:
    held = hold(*points)
    wanted = data.draw(st.integers(1, held.points))
    captured = decide_capture(held, wanted, NOON)
    assert isinstance(captured, Captured)
    assert total(captured.taken) == wanted
    assert total(captured.released) == held.points - wanted
    assert captured.taken[0].lot == lot(0)


@pytest.mark.parametrize(
    ("status", "passed", "captured", "released"),
    [
        (HoldStatus.RESERVED, timedelta(minutes=15) - timedelta.resolution, None, hold(10).lots),
        (HoldStatus.RESERVED, timedelta(minutes=15), Refusal.RESERVATION_EXPIRED, ()),
        (HoldStatus.EXPIRED, timedelta(), Refusal.RESERVATION_EXPIRED, ()),
        (HoldStatus.RELEASED, timedelta(), Refusal.RESERVATION_RELEASED, ()),
        (HoldStatus.CAPTURED, timedelta(), Refusal.ALREADY_CAPTURED, Refusal.ALREADY_CAPTURED),
    ],
)
def test_what_may_be_done_with_a_hold(status: HoldStatus, passed: timedelta, captured: Refusal | None, released: object) -> None:
    held = hold(10, status=status)
    assert decide_release(held, NOON + passed) == released
    outcome = decide_capture(held, None, NOON + passed)
    assert outcome == (captured or Captured(held.lots, ()))


def test_a_capture_of_more_than_is_held_is_refused() -> None:
    assert decide_capture(hold(10), 11, NOON) is Refusal.INSUFFICIENT_POINTS


@given(some_points, st.lists(st.integers(1, 400), max_size=12))
def test_refunds_sum_to_the_whole_and_never_exceed_it(points: list[int], refunds: list[int]) -> None:
    spent = redemption(*points)
    restored: list[LotPart] = []
    for asked in refunds:
        given_back = decide_refund(spent, asked)
        if isinstance(given_back, Refusal):
            assert asked > spent.points_left
            continue
        assert total(given_back.restored) == asked
        restored += given_back.restored
        spent = given_back.redemption
    assert spent.points_left + total(restored) == spent.points
    rest = reverse_redemption(spent)
    assert total(rest.restored) + total(restored) == spent.points
    assert rest.redemption.points_left == 0
    # Last taken first: a lot is begun only when those taken after it are given back.
    order = [part.lot for part in (*restored, *rest.restored)]
    assert list(dict.fromkeys(order)) == [part.lot for part in reversed(spent.taken)]


@given(some_points, st.data())
def test_taking_a_refund_back_undoes_it(points: list[int], data: st.DataObject) -> None:
    spent = redemption(*points)
    given_back = decide_refund(spent, data.draw(st.integers(1, spent.points)))
    assert isinstance(given_back, GivenBack)
    assert spend_again(given_back.redemption, given_back.restored) == spent


def test_a_void_is_of_the_whole_on_its_date() -> None:
    spent = redemption(10, 20)
    void = decide_void(spent, TODAY)
    assert isinstance(void, GivenBack)
    assert void.restored == tuple(reversed(spent.taken))
    assert decide_void(void.redemption, TODAY) is Refusal.ALREADY_VOID
    assert decide_void(spent, TODAY + timedelta(days=1)) is Refusal.BUSINESS_DATE_PASSED
    refunded = decide_refund(spent, 1)
    assert isinstance(refunded, GivenBack)
    assert decide_void(refunded.redemption, TODAY) is Refusal.ALREADY_REFUNDED
    assert decide_void(replace(spent, status=RedemptionStatus.REVERSED), TODAY) is Refusal.ALREADY_VOID


MALL = Application(code="mall", is_open=True, minimum=None, step=None, points_max=None)


@pytest.mark.parametrize(
    ("application", "points", "expected"),
    [
        (MALL, 1, None),
        (None, 1, Refusal.APPLICATION_NOT_OPEN),
        (replace(MALL, is_open=False), 1, Refusal.APPLICATION_NOT_OPEN),
        (replace(MALL, minimum=10), 9, Refusal.BELOW_MINIMUM),
        (replace(MALL, minimum=10), 10, None),
        (replace(MALL, step=5), 11, Refusal.NOT_A_STEP),
        (replace(MALL, step=5), 10, None),
        (replace(MALL, points_max=10), 11, Refusal.LIMIT_EXCEEDED),
        (replace(MALL, points_max=10), 10, None),
        (MALL, 101, Refusal.INSUFFICIENT_POINTS),
    ],
)
def test_what_an_application_takes(application: Application | None, points: int, expected: Refusal | None) -> None:
    account = Account(legal_entity="001", customer_no="C1", lots={lot(0): Lot(points=100)})
    outcome = decide_spending(account, application, points, None)
    assert outcome == (expected or (LotPart(lot(0), points),))


@pytest.mark.parametrize(("status", "expected"), [("blacklisted", Refusal.CUSTOMER_BLACKLISTED), ("closed", Refusal.ACCOUNT_CLOSED)])
def test_who_may_not_spend(status: str, expected: Refusal) -> None:
    account = Account(legal_entity="001", customer_no="C1", customer_status=status, lots={lot(0): Lot(points=100)})
    assert decide_spending(account, MALL, 1, None) is expected


def test_a_balance_stays_exact() -> None:
    account = Account(legal_entity="001", customer_no="C1", totals={"base": Totals(earned=POINTS_MAX - 1)})
    assert refusal_of_grant(account, "base", 1) is None
    assert refusal_of_grant(account, "base", 2) is Refusal.LIMIT_EXCEEDED
    assert refusal_of_grant(account, "bonus", POINTS_MAX) is None


DONE = KeptSerial(body_sha256=b"one", refusal=None, body={}, effect=Effect.REDEMPTION, effect_id="S1", customer_no="C1", is_reversed=False)
REFUSED = replace(DONE, refusal="insufficient-points", effect=None, effect_id=None, customer_no=None)
KEPT_OUT = replace(REFUSED, body_sha256=None, refusal=None, body=None)


@pytest.mark.parametrize(
    ("kept", "sha256", "expected"),
    [
        (None, b"one", Arrival.FIRST),
        (DONE, b"one", Arrival.REPEATED),
        (DONE, b"other", Refusal.CHANNEL_SERIAL_REUSED),
        (REFUSED, b"one", Arrival.REPEATED),
        (KEPT_OUT, b"one", Refusal.REVERSED_BEFORE_ARRIVAL),
    ],
)
def test_how_a_call_stands_to_its_serial(kept: KeptSerial | None, sha256: bytes, expected: object) -> None:
    assert decide_arrival(kept, sha256) is expected


@pytest.mark.parametrize(
    ("original", "expected"),
    [
        (None, Reversal.KEEP_OUT),
        (KEPT_OUT, Reversal.NOTHING),
        (REFUSED, Reversal.NOTHING),
        (DONE, Reversal.UNDO),
        (replace(DONE, is_reversed=True), Reversal.DONE_BEFORE),
        (replace(DONE, effect=Effect.REVERSAL), Reversal.NOTHING),
    ],
)
def test_what_a_reversal_does(original: KeptSerial | None, expected: Reversal) -> None:
    assert decide_reversal(original) is expected


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        ("active", None),
        (None, Refusal.MERCHANT_UNKNOWN),
        *[(status, Refusal.MERCHANT_NOT_ACTIVE) for status in ("applied", "suspended", "terminated", "of a later version")],
    ],
)
def test_points_are_spent_at_active_merchants_only(status: str | None, refusal: Refusal | None) -> None:
    assert refusal_of_merchant(status) is refusal
