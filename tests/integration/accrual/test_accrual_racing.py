"""Several workers on the same customers and keys at the same moment: limits stay exact, nothing is lost or doubled, nobody waits in a circle."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from random import Random
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from accrual.adapters.usage import SqlUsageRows
from accrual.application.facts import UsageBook
from loyalty_shared.contracts.core import TransactionPostedV1
from support.accrual_desk import AT, Desk, purchase, refund
from support.rules import rule

WORKERS = 4
BATCHES = 6
CUSTOMERS = 40
LIMIT = 500
BASE = rule("base", {"per_minor": 100, "points": 1}, limits=[{"points": LIMIT, "per": "day", "over": "trim"}])


def _decide_at_once(desk: Desk, streams: list[list[list[TransactionPostedV1]]]) -> None:
    """Give each worker a partition of its own and its batches, all at the same moments."""
    start = Barrier(len(streams))

    def work(partition: int) -> None:
        try:
            for events in streams[partition]:
                start.wait(timeout=60)
                desk.decide(*events, partition=partition)
        except BrokenBarrierError:
            pass  # another has failed, and says so
        except BaseException:
            start.abort()
            raise

    with ThreadPoolExecutor(len(streams)) as workers:
        for done in [workers.submit(work, partition) for partition in range(len(streams))]:
            done.result()


@pytest.mark.parametrize("seed", [1, 2])
def test_limits_are_exact_when_customers_are_in_every_partition(desk: Desk, seed: int) -> None:
    desk.approve(BASE)
    rng = Random(seed)
    streams = []
    for worker in range(WORKERS):
        events = [
            purchase(f"{worker}-{number}", customer_no=f"C{rng.randrange(CUSTOMERS)}", at=AT + timedelta(days=40 * (number % 2)))
            for number in range(BATCHES * 60)
        ]  # fmt: skip
        streams.append([events[first::BATCHES] for first in range(BATCHES)])
    _decide_at_once(desk, streams)

    per_day = desk.rows("select customer_no, transaction_on, count(*), sum(points) from decision group by 1, 2")
    assert sum(row[2] for row in per_day) == WORKERS * BATCHES * 60
    assert [row[3] for row in per_day] == [min(100 * row[2], LIMIT) for row in per_day]
    assert any(row[3] == LIMIT for row in per_day)


def test_the_same_stream_in_every_partition_at_once_is_decided_once(desk: Desk) -> None:
    desk.approve(BASE)
    events = [purchase(str(number), customer_no=f"C{number % CUSTOMERS}") for number in range(300)]
    orders = [Random(worker).sample(events, len(events)) for worker in range(WORKERS)]
    _decide_at_once(desk, [[order[first::3] for first in range(3)] for order in orders])
    assert desk.rows("select count(*), count(distinct transaction_no) from decision") == [(300, 300)]
    assert len(desk.published()) == desk.rows("select count(*) from decision where points > 0")[0][0]


def test_refunds_that_race_with_their_purchases_take_all_back_once(desk: Desk) -> None:
    desk.approve(BASE)
    bought = [purchase(f"p{number}", customer_no=f"C{number % CUSTOMERS}") for number in range(400)]
    halves = [[refund(f"r{half}-{one.transaction_no}", one, 50_00) for one in bought] for half in range(2)]
    streams: list[list[TransactionPostedV1]] = [list(bought), list(halves[0]), list(halves[1])]
    _decide_at_once(desk, [[stream[first::4] for first in range(4)] for stream in streams])
    while desk.match():
        pass
    assert desk.rows("select count(*) from waiting_refund") == [(0,)]
    assert desk.rows("select count(*), sum(points) from decision") == [(1200, 0)]
    published: list[dict[str, Any]] = desk.published()
    assert sum(body["points"] if "earned" in body["type"] else -body["points"] for body in published) == 0
    earned_first: set[Any] = set()
    for body in published:
        if "earned" in body["type"]:
            earned_first.add(body["earning_id"])
        else:
            assert body["earning_id"] in earned_first


def _decide_between_reading_and_writing(desk: Desk, monkeypatch: pytest.MonkeyPatch, *bought: TransactionPostedV1) -> None:
    """Let one worker for each purchase read its usage before any writes its own, where they do not wait for each other."""
    read = Barrier(len(bought))
    post = SqlUsageRows.post

    def post_once_all_have_read(rows: SqlUsageRows, book: UsageBook) -> None:
        with suppress(BrokenBarrierError):  # a worker that waits for the other's lock has not read yet
            read.wait(timeout=1)
        post(rows, book)

    monkeypatch.setattr(SqlUsageRows, "post", post_once_all_have_read)
    _decide_at_once(desk, [[[one]] for one in bought])


def test_two_workers_on_one_customer_and_month_share_one_limit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.approve(rule("base", {"per_minor": 100, "points": 1}, limits=[{"points": 100, "per": "month", "over": "trim"}]))
    _decide_between_reading_and_writing(desk, monkeypatch, purchase("1", 100_00), purchase("2", 100_00))
    assert sorted(desk.points("1", "2")) == [0, 100]


def test_two_workers_on_one_customer_in_two_months_share_one_limit_of_the_year(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.approve(rule("base", {"per_minor": 100, "points": 1}, limits=[{"points": 100, "per": "year", "over": "trim"}]))
    _decide_between_reading_and_writing(desk, monkeypatch, purchase("1", 100_00), purchase("2", 100_00, at=AT - timedelta(days=30)))
    assert sorted(desk.points("1", "2")) == [0, 100]
