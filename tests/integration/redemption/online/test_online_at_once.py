"""Online calls at the same moment, on a real database: one effect each, no deadlock, no balance below zero."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from threading import Event

import pytest
from httpx import Response

from loyalty_shared.contracts.accrual import Cause
from redemption.adapters.unit_of_work import SqlLedgerWork, begin_on
from redemption.domain.entries import Kind, Origin, issued
from redemption.domain.lots import LotKey
from support.online_bank import Bank, done, refusal

CALLERS = 25


def at_once(calls: Sequence[Callable[[], Response]], callers: int = CALLERS) -> list[Response]:
    with ThreadPoolExecutor(callers) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def outcomes(responses: list[Response]) -> Counter[str]:
    return Counter(response.json().get("code", str(response.status_code)) for response in responses)


def test_of_a_hundred_reservations_exactly_the_ten_that_can_be_afforded_succeed(bank: Bank) -> None:
    bank.grant(100)
    bodies = [bank.spending(10) for _ in range(100)]
    responses = at_once([partial(bank.post, "reservations", body) for body in bodies])
    assert outcomes(responses) == {"201": 10, "insufficient-points": 90}
    assert (bank.balance().available, bank.balance().held) == (0, 100)


def test_spending_while_the_same_account_earns(bank: Bank) -> None:
    bank.grant(100)
    begin = begin_on(bank.service.database, SqlLedgerWork)
    spent = Event()
    earned = 0

    def earn() -> int:
        credited = 0
        while not spent.is_set():
            with begin() as work:
                on = work.hold_date(bank.entity).business_on
                account = work.accounts.open_for_update(bank.entity, bank.customer_no, on)
                origin = Origin(kind=Kind.EARNED, counter_account=issued("retail"), cause=Cause(kind="transaction", source_system="core", no=str(credited)))
                account.credit(LotKey("base", None, None, "retail", "450100"), 1, origin)
                work.accounts.post(account, datetime(2026, 3, 1, tzinfo=UTC))
            credited += 1
        return credited

    def spend(body: dict[str, object]) -> Response:
        reserved = bank.post("reservations", body)
        return bank.post(f"reservations/{reserved.json()['reservation_id']}/capture") if reserved.status_code == 201 else reserved

    with ThreadPoolExecutor(2) as writers:
        earning = [writers.submit(earn) for _ in range(2)]
        responses = at_once([partial(spend, bank.spending(10)) for _ in range(100)], 8)
        spent.set()
        earned = sum(future.result() for future in earning)
    captured = outcomes(responses)["200"]
    assert outcomes(responses) == {"200": captured, "insufficient-points": 100 - captured}
    assert captured >= 10
    assert bank.available() == 100 + earned - 10 * captured


def test_the_same_key_at_the_same_moment_has_one_effect(bank: Bank) -> None:
    bank.grant(100)
    body = bank.spending(10)
    responses = at_once([lambda: bank.post("redemptions", body, key="once") for _ in range(CALLERS)])
    assert set(outcomes(responses)) <= {"201", "key-in-progress"}
    assert len({response.json()["redemption_id"] for response in responses if response.status_code == 201}) == 1
    assert bank.available() == 90


def test_the_same_serial_at_the_same_moment_has_one_effect(bank: Bank) -> None:
    bank.grant(100)
    body = bank.spending(10)
    responses = at_once([lambda: bank.post("redemptions", body) for _ in range(CALLERS)])
    assert outcomes(responses) == {"201": CALLERS}
    assert len({response.json()["redemption_id"] for response in responses}) == 1
    assert bank.available() == 90


def test_of_many_captures_and_releases_of_one_hold_one_is_done(bank: Bank) -> None:
    bank.grant(100)
    for _ in range(5):
        reservation = bank.reserve(10)
        calls = [partial(bank.post, f"reservations/{reservation}/{path}") for path in ("capture", "release") * 4]
        responses = at_once(calls, 8)
        captured = [response for response in responses if response.status_code == 200 and response.json()["status"] == "captured"]
        assert len(captured) <= 1
        assert outcomes(responses)["200"] == (1 if captured else 4)
    assert bank.balance().held == 0


@pytest.mark.parametrize("path", ["reservations", "redemptions", "grants"])
def test_a_reversal_and_its_original_at_the_same_moment_leave_nothing(bank: Bank, path: str) -> None:
    bank.grant(100)
    seen: Counter[tuple[str, str]] = Counter()
    for _ in range(15):
        body = bank.granting(10) if path == "grants" else bank.spending(10)
        reversal = bank.reversing(body)
        original, reversed_ = at_once([partial(bank.post, path, body), partial(bank.post, "reversals", reversal)], 2)
        status = done(reversed_)["status"]
        if status == "reversed":
            assert original.status_code == 201
        else:
            assert status == "nothing-to-reverse"
            assert refusal(original) == (409, "reversed-before-arrival")
        seen[status, str(original.status_code)] += 1
        assert bank.available() == 100
    assert sum(seen.values()) == 15


def test_refunds_at_the_same_moment_never_exceed_the_original(bank: Bank) -> None:
    bank.grant(100)
    redemption = bank.redeem(50)
    responses = at_once([partial(bank.post, f"redemptions/{redemption}/refunds", {"points": 10, **bank.serial()}) for _ in range(20)])
    assert outcomes(responses) == {"201": 5, "refund-exceeds-original": 15}
    assert bank.available() == 100


def test_reversals_that_name_each_other_do_not_wait_in_a_circle(bank: Bank) -> None:
    for _ in range(10):
        one, other = bank.serial(), bank.serial()
        crossed = [bank.reversing(other, **one), bank.reversing(one, **other)]
        responses = at_once([partial(bank.post, "reversals", body) for body in crossed], 2)
        # Whichever comes first keeps the other's serial out.
        assert sorted(response.json().get("status", 0) == "nothing-to-reverse" for response in responses) == [False, True]


def test_a_lock_that_is_not_had_in_time_is_503_with_retry_after(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    bank.grant(100)
    with bank.service.database.transaction() as cursor:
        cursor.execute("select from account where legal_entity = %s for update", (bank.entity,))
        body = bank.spending(10)
        response = bank.post("redemptions", body, key="once")
    assert refusal(response) == (503, "temporarily-unavailable")
    assert response.headers["retry-after"]
    done(bank.post("redemptions", body, key="once"), 201)
