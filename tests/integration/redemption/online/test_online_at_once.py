"""Online calls at the same moment, on a real database: one effect each, no deadlock, no balance below zero."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier, Event

import pytest
from httpx import Response

from loyalty_shared.contracts.accrual import Cause, CostBearer, PointsEarnedV1
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.offsets import Position, Span
from redemption.adapters.crediting import SqlCreditingWork
from redemption.adapters.unit_of_work import begin_on
from redemption.application.credit_earned_points import CreditEarnedPoints
from support.online_bank import TODAY, Bank, done, refusal

CALLERS = 25


def at_once(calls: Sequence[Callable[[], Response]], callers: int = CALLERS) -> list[Response]:
    """Make the calls with so many callers, who all begin at the same moment."""
    barrier = Barrier(min(callers, len(calls)))

    def first(call: Callable[[], Response]) -> Response:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(callers) as pool:
        futures = [pool.submit(first, call) for call in calls[: barrier.parties]] + [pool.submit(call) for call in calls[barrier.parties :]]
        return [future.result() for future in futures]


def outcomes(responses: list[Response]) -> Counter[str]:
    return Counter(response.json().get("code", str(response.status_code)) for response in responses)


def test_of_a_hundred_reservations_exactly_the_ten_that_can_be_afforded_succeed(bank: Bank) -> None:
    bank.grant(100)
    bodies = [bank.spending(10) for _ in range(100)]
    responses = at_once([partial(bank.post, "reservations", body) for body in bodies])
    assert outcomes(responses) == {"201": 10, "insufficient-points": 90}
    assert (bank.balance().available, bank.balance().held) == (0, 100)


def earnings(bank: Bank, partition: int) -> Iterator[Batch[PointsEarnedV1]]:
    """Make batches as the consumer of one partition would hand them over: a point for the bank's customer in each, among other customers."""
    before: Position | None = None
    for number in itertools.count():
        events = [
            PointsEarnedV1(
                legal_entity=bank.entity, customer_no=customer_no, points=1, point_type="base", rule_code="r", rule_version=1,
                cause=Cause(kind="transaction", source_system="core", no=f"{partition}-{number}-{customer_no}"), transaction_on=TODAY, available_on=TODAY,
                expires_on=None, expiry_policy="never", institution="450100", channel="POS", cost_bearers=(CostBearer(party="retail", percent=100),),
                campaign_code=None, earning_id=f"core:{partition}-{number}-{customer_no}:1:r",
            )
            for customer_no in (bank.customer_no, "C0000000", "C0000002")
        ]  # fmt: skip
        after = Position(cluster_id="test", topic_id=bank.entity, next_offset=number + 1)
        span = Span(group=f"test-{bank.entity}", topic="points", partition=partition, before=before, after=after)
        yield Batch(group=span.group, topic="points", partition=partition, events=events, offsets=(), traceparents=(), records=(), span=span)
        before = after


def test_spending_while_the_same_account_earns(bank: Bank) -> None:
    """The ledger's own batch path, for two partitions at once, and channels that reserve and capture: all on one account."""
    bank.grant(100)
    credit = CreditEarnedPoints(begin_on(bank.service.database, SqlCreditingWork), bank.service.clock)
    is_spent = Event()

    def earn(partition: int) -> int:
        batches = earnings(bank, partition)
        credited = 0
        while not is_spent.is_set():
            credit(next(batches))
            credited += 1
        return credited

    def spend(body: dict[str, object]) -> Response:
        reserved = bank.post("reservations", body)
        return bank.post(f"reservations/{reserved.json()['reservation_id']}/capture") if reserved.status_code == 201 else reserved

    with ThreadPoolExecutor(2) as writers:
        earning = [writers.submit(earn, partition) for partition in range(2)]
        responses = at_once([partial(spend, bank.spending(10)) for _ in range(100)], 8)
        is_spent.set()
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
