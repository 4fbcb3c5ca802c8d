"""Strict budgets under racing partitions whose workers die at any moment: never exceeded, spent to the last point, given back once."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from random import Random
from threading import Barrier

import pytest

from accrual.adapters.budgets import SqlBudgets
from accrual.application.budget_book import BudgetBook
from accrual.application.campaign_records import CampaignRecord, CampaignStatus
from accrual.application.deciding_again import decide_until_it_stands
from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from loyalty_shared.contracts.core import TransactionPostedV1
from loyalty_shared.persistence.connections import Database
from support.accrual_desk import AT, Desk, purchase, refund, reversal
from support.eventually import eventually
from support.rules import rule

PARTITIONS = 4
BATCHES = 12
EVENTS = 40


class Killed(Exception):
    """A worker is gone, in the middle of whatever it was doing."""


def _campaign(desk: Desk, code: str, points: int, *, strict: bool = True) -> None:
    document = {"code": code, "budget": {"points": points, "strict": strict}}
    with desk.begin() as work:
        work.campaigns.add(
            CampaignRecord(
                campaign_no=0, legal_entity="001", code=code, version=0, document=document, list_no=None, listed=None, status=CampaignStatus.ACTIVE,
                made_by="maker", made_at=AT,
            )
        )  # fmt: skip


def _dying(begin: BeginUnitOfWork, dies: Callable[[], bool]) -> BeginUnitOfWork:
    """Return units of work of a worker that may die when its transaction is about to commit: one that draws from a budget, or its batch's."""

    @contextmanager
    def begin_and_die() -> Iterator[UnitOfWork]:
        with begin() as work:
            yield work
            if dies():
                raise Killed

    return begin_and_die


def _race(desk: Desk, streams: list[list[list[TransactionPostedV1]]], *, dies_in_100: int) -> None:
    """Let each partition's consumer decide its batches, all at the same time; one that dies is followed by another, which goes on from the stored offset."""
    start = Barrier(len(streams))

    def consume(partition: int) -> None:
        rng = Random(partition)
        mine = Desk(desk.database)
        mine.begin = _dying(desk.begin, lambda: rng.randrange(100) < dies_in_100)
        start.wait(timeout=60)
        for events in streams[partition]:
            for _ in range(1_000):
                with suppress(Killed):
                    mine.decide(*events, partition=partition)
                    break
            else:
                raise AssertionError("no worker came through")

    with ThreadPoolExecutor(len(streams)) as workers:
        for done in [workers.submit(consume, partition) for partition in range(len(streams))]:
            done.result()


def _used(desk: Desk, code: str) -> int:
    """Return what the leases say was used; they never hold more than the budget."""
    (row,) = desk.rows("select sum(granted), sum(used), min(granted - used) from campaign_lease where code = %s", code)
    assert row[2] >= 0, "no lease gives what it does not hold"
    assert row[1] <= row[0]
    return int(row[1])


@pytest.mark.parametrize(("budget", "dies_in_100"), [(30_000, 0), (30_000, 15), (4_321, 15), (7, 15)])
def test_a_strict_budget_is_never_exceeded_and_spent_to_the_last_point(desk: Desk, budget: int, dies_in_100: int) -> None:
    _campaign(desk, "spring", budget)
    desk.approve(rule("extra", {"per_minor": 100, "points": 1}, campaign="spring"))
    rng = Random(budget)
    streams = [
        [[purchase(f"{partition}-{batch}-{number}", rng.randrange(1, 60) * 100, customer_no=f"C{partition}-{number}") for number in range(EVENTS)]
         for batch in range(BATCHES)]
        for partition in range(PARTITIONS)
    ]  # fmt: skip
    assert sum(event.amount_minor // 100 for stream in streams for batch in stream for event in batch) > budget
    _race(desk, streams, dies_in_100=dies_in_100)
    ((given, decided),) = desk.rows("select sum(points), count(*) from decision")
    assert decided == PARTITIONS * BATCHES * EVENTS, "none is lost or decided twice"
    assert given == budget == _used(desk, "spring")
    assert desk.rows("select sum(granted) from campaign_lease") == [(budget,)]
    assert desk.rows("select sum(points) from campaign_day") == [(budget,)]


def _consume_in_a_process(url: str, partition: int, batches: list[list[TransactionPostedV1]], *, lives_seconds: float | None) -> int:
    """Start a process that decides a partition's batches from its stored offset on, and return its id. It is killed wherever it is after its time."""
    pid = os.fork()
    if pid:
        return pid
    with suppress(BaseException):  # nothing of the parent's may run in the child
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process at once, as SIGKILL does
        signal.setitimer(signal.ITIMER_REAL, lives_seconds or 0)
        mine = Desk(Database(url, application_name="test"))
        for events in batches[mine.resume(partition) // EVENTS :]:
            mine.decide(*events, partition=partition)
        os._exit(0)
    os._exit(1)


def _race_of_processes(desk: Desk, streams: list[list[list[TransactionPostedV1]]], deaths_max: int) -> int:
    """Let a process consume each partition; one that dies is followed by another. Return how many died."""
    rng = Random(deaths_max)
    deaths = dict.fromkeys(range(len(streams)), -1)
    running: dict[int, int] = {}
    left = set(deaths)

    def start(partition: int) -> None:
        deaths[partition] += 1
        lives_seconds = rng.uniform(0.05, 0.4) if deaths[partition] < deaths_max else None
        running[partition] = _consume_in_a_process(desk.database.url, partition, streams[partition], lives_seconds=lives_seconds)

    def all_done() -> bool:
        for partition in list(left):
            ended, status = os.waitpid(running[partition], os.WNOHANG)
            if ended and status:
                start(partition)
            elif ended:
                left.remove(partition)
        return not left

    for partition in deaths:
        start(partition)
    eventually(all_done, timeout_seconds=90)
    return sum(deaths.values())


def test_processes_that_are_killed_anywhere_exceed_no_budget_and_leave_nothing_of_it(desk: Desk) -> None:
    budget = 40_000
    _campaign(desk, "spring", budget)
    desk.approve(rule("extra", {"per_minor": 100, "points": 1}, campaign="spring"))
    rng = Random(7)
    streams = [
        [[purchase(f"{partition}-{batch}-{number}", rng.randrange(1, 60) * 100, customer_no=f"C{partition}-{number}") for number in range(EVENTS)]
         for batch in range(BATCHES)]
        for partition in range(PARTITIONS)
    ]  # fmt: skip
    assert _race_of_processes(desk, streams, deaths_max=6) > 0
    assert desk.rows("select count(*), sum(points) from decision") == [(PARTITIONS * BATCHES * EVENTS, budget)]
    assert _used(desk, "spring") == budget


def test_refunds_by_any_worker_give_back_what_others_gave(desk: Desk) -> None:
    budget = 3_000
    _campaign(desk, "spring", budget)
    _campaign(desk, "summer", 1_000)
    desk.approve(rule("extra", {"per_minor": 100, "points": 1}, campaign="spring"), rule("more", {"per_minor": 300, "points": 1}, campaign="summer"))
    rng = Random(1)
    streams: list[list[list[TransactionPostedV1]]] = [[[] for _ in range(BATCHES)] for _ in range(PARTITIONS)]
    for number in range(PARTITIONS * BATCHES * 25):
        bought = purchase(f"p{number}", rng.randrange(1, 60) * 100, customer_no=f"C{number % 50}")
        batch = rng.randrange(BATCHES)
        streams[rng.randrange(PARTITIONS)][batch].append(bought)
        if rng.random() < 0.5:
            taken = refund(f"r{number}", bought, rng.randrange(1, bought.amount_minor // 100 + 1) * 100)
            streams[rng.randrange(PARTITIONS)][rng.randrange(BATCHES)].append(taken)
    _race(desk, streams, dies_in_100=10)
    while desk.match():
        pass
    by_rule = desk.rows(
        """select document ->> 'campaign', sum((given ->> 2)::int) from decision cross join jsonb_array_elements(applied::jsonb -> 'a') as given
        join rule_version on rule_no = (given ->> 0)::int group by 1 order by 1"""
    )
    assert by_rule == [("spring", _used(desk, "spring")), ("summer", _used(desk, "summer"))]
    assert all(points <= total for (_, points), total in zip(by_rule, (budget, 1_000), strict=True))
    desk.decide(*[purchase(f"last-{number}", 60_00, customer_no=f"L{number}") for number in range(200)], partition=PARTITIONS)
    assert (_used(desk, "spring"), _used(desk, "summer")) == (budget, 1_000), "what was given back is given again, to the last point"


def test_a_worker_that_dies_after_drawing_leaves_what_it_drew_to_the_next(desk: Desk) -> None:
    _campaign(desk, "spring", 1_000)
    desk.approve(rule("extra", {"per_minor": 100, "points": 1}, campaign="spring"))

    def die(work: UnitOfWork, hold_usage: bool) -> None:
        work.budgets.post(work.budgets.read({("001", "spring"): 1_000}, 3))
        raise Killed

    with desk.begin() as work:
        work.budgets.draw({("001", "spring"): 900}, 3)
    with suppress(Killed):
        decide_until_it_stands(desk.begin, 3, die)
    assert desk.rows("select worker, granted, used from campaign_lease") == [(3, 900, 0)]
    desk.decide(purchase("1", 950_00), partition=0)
    desk.decide(purchase("2", 950_00), partition=3)
    assert desk.points("1", "2") == [950, 50]


def test_what_is_taken_back_from_a_worker_between_its_deciding_and_its_writing_is_not_given_twice(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    _campaign(desk, "spring", 1_000)
    desk.approve(rule("extra", {"per_minor": 100, "points": 1}, campaign="spring"))
    desk.decide(purchase("1", 900_00), partition=0)
    desk.decide(reversal("2", purchase("1", 900_00)), partition=0)  # the worker holds a lease of 900 that it has not used
    post = SqlBudgets.post
    others = [lambda: desk.decide(purchase("4", 950_00, customer_no="C2"), partition=1)]

    def post_after_another(self: SqlBudgets, book: BudgetBook) -> None:
        if others:
            others.pop()()
        post(self, book)

    monkeypatch.setattr(SqlBudgets, "post", post_after_another)
    desk.decide(purchase("3", 800_00), partition=0)
    assert desk.points("3", "4") == [50, 950]
    assert _used(desk, "spring") == 1_000


def test_a_lowered_budget_takes_back_what_was_leased_of_the_higher_one(desk: Desk) -> None:
    _campaign(desk, "spring", 1_000)
    desk.approve(rule("extra", {"per_minor": 100, "points": 1}, campaign="spring"))
    desk.decide(purchase("1", 10_00))
    with desk.begin() as work:
        (record,) = work.campaigns.list_in_force("001", ["spring"])
        work.campaigns.add(replace(record, document={"code": "spring", "budget": {"points": 30}}))
        work.budgets.take_back("001", "spring")
        work.rule_versions.publish("001", work.rule_versions.list_in_force("001"), AT)
    desk.decide(purchase("2", 15_00), purchase("3", 15_00))
    assert desk.points("1", "2", "3") == [10, 15, 5]
