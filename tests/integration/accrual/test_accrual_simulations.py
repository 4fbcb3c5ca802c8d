"""What-if: a draft over the stored history gives what the stream would have given, event by event, and goes on after any stop."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import msgspec
import pytest

from accrual.application import run_simulations
from accrual.application.history import Span
from accrual.application.replaying import replay
from accrual.application.rule_changes import Call
from accrual.application.run_simulations import RunSimulations, around_history, compare, effect_on_sample
from accrual.application.show_simulations import ShowSimulations
from accrual.application.simulation_records import PARTS
from accrual.application.start_simulation import StartSimulation
from accrual.domain.rule import Rule
from accrual.domain.rule_document import rule_from_document
from accrual.entrypoints.background import background_chores
from loyalty_shared.contracts.core import TransactionPostedV1
from loyalty_shared.kernel.ids import new_id
from loyalty_shared.web.idempotency import Idempotency
from support.accrual_desk import AT, Desk, desk_on, facts, purchase, refund, reversal
from support.eventually import eventually
from support.platform import MakeDatabase
from support.rules import rule

MARCH = Span(legal_entity="001", from_on=date(2026, 3, 1), to_on=date(2026, 4, 1))
BASE = rule("base", {"per_minor": 100, "points": 1}, limits=[{"points": 150, "per": "day", "over": "trim"}, {"points": 400, "per": "month", "over": "trim"}])
#: The draft: a version of a rule in force with other limits, seen by level.
DRAFT = rule(
    "base", {"per_minor": 50, "points": 1}, when={"all": [{"fact": "customer.level", "is": "gold"}]},
    limits=[{"points": 250, "per": "day", "over": "trim"}, {"points": 500, "per": "month", "over": "trim"}],
)  # fmt: skip
SIDE = rule("side", {"multiply": {"rules": ["base"], "by": "1.5"}}, limits=[{"points": 90, "per": "year", "over": "reject"}])


@pytest.fixture
def other(database: MakeDatabase) -> Iterator[Desk]:
    """Accrual once more, for the stream as it would have been."""
    with desk_on(database("accrual")) as opened:
        yield opened


def _stream(seed: int) -> list[list[TransactionPostedV1]]:
    """Return batches of purchases and refunds of a few customers over two months, limits often reached."""
    rng = Random(seed)
    bought: list[TransactionPostedV1] = []
    batches: list[list[TransactionPostedV1]] = []
    for batch in range(12):
        events: list[TransactionPostedV1] = []
        for number in range(25):
            if bought and rng.random() < 0.2:
                of = rng.choice(bought)
                taken = refund(f"r{batch}-{number}", of, rng.randrange(1, of.amount_minor + 50_00), customer_no=rng.choice([of.customer_no, "C9"]))
                events.append(reversal(f"v{batch}-{number}", of) if rng.random() < 0.2 else taken)
            else:
                at = AT + timedelta(days=rng.randrange(-10, 40), minutes=rng.randrange(600))
                bought.append(purchase(f"p{batch}-{number}", rng.randrange(1, 200_00), customer_no=f"C{rng.randrange(4)}", at=at))
                events.append(bought[-1])
        batches.append(events)
    return batches


def _announce(desk: Desk) -> None:
    desk.announce(facts("C1", AT - timedelta(days=90), level="gold"), facts("C2", AT - timedelta(days=90), level="gold"), facts("C2", AT, level="basic"))


def _draft() -> Rule:
    made = rule_from_document(DRAFT)
    assert isinstance(made, Rule)
    return made


def _simulated(desk: Desk, span: Span) -> dict[tuple[str, str], int]:
    with desk.begin() as work:
        comparison = compare(span, work.rules.in_force({"001"})["001"], _draft())
        page = work.history.read_page(comparison.reach, "", 100_000)
        assert page.is_last
        around = around_history(work, page.customers, comparison.tried)
        replayed = [one for customer in page.customers for one in replay(customer, comparison.tried, span, around)]
        return {(one.past.event.transaction_no, one.earner.event.transaction_no): one.decided.decision.points for one in replayed}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_equals_what_the_stream_would_have_given_event_by_event(desk: Desk, other: Desk, seed: int) -> None:
    everything = Span(legal_entity="001", from_on=date(2026, 1, 1), to_on=date(2026, 6, 1))
    for one in (desk, other):
        _announce(one)
        one.approve(BASE, SIDE)
    other.approve(DRAFT)
    for partition, batch in enumerate(_stream(seed)):
        desk.decide(*batch, partition=partition)
        other.decide(*batch, partition=partition)
    simulated = _simulated(desk, everything)
    really = dict(other.rows("select transaction_no, points from decision"))
    before = dict(desk.rows("select transaction_no, points from decision"))
    assert {number: points for (number, _), points in simulated.items()} == really
    assert really != before
    assert any(number.startswith("r") and points for number, points in really.items())


def test_what_was_counted_before_the_range_leaves_less_room_in_it(desk: Desk) -> None:
    desk.approve(BASE)
    _announce(desk)
    early, late = purchase("1", 130_00, customer_no="C1", at=AT), purchase("2", 300_00, customer_no="C1", at=AT + timedelta(days=9))
    desk.decide(early, late)
    assert desk.points("1", "2") == [130, 150]
    from_the_ninth = Span(legal_entity="001", from_on=date(2026, 3, 9), to_on=date(2026, 4, 1))
    assert _simulated(desk, from_the_ninth) == {("2", "2"): 250}
    desk.decide(purchase("3", 130_00, customer_no="C1", at=AT + timedelta(days=1)), purchase("4", 300_00, customer_no="C1", at=AT + timedelta(days=10)))
    assert _simulated(desk, from_the_ninth) == {("2", "2"): 250, ("4", "4"): 0}, "500 a month, of which 130 + 250 + 130 were counted before it"


def test_an_event_that_came_later_does_not_count_before(desk: Desk) -> None:
    desk.approve(BASE)
    _announce(desk)
    desk.decide(purchase("1", 300_00, customer_no="C1", at=AT + timedelta(days=9)))
    desk.decide(purchase("2", 150_00, customer_no="C1", at=AT), purchase("3", 150_00, customer_no="C1", at=AT + timedelta(days=1)))
    assert _simulated(desk, Span(legal_entity="001", from_on=date(2026, 3, 9), to_on=date(2026, 4, 1))) == {("1", "1"): 250}


def _call(key: str = "") -> Call:
    return Call(idempotency=Idempotency("001", "maker", key or new_id(), b"x"), credential="maker", may_check=False)


def _start(desk: Desk, span: Span = MARCH) -> str:
    answer = StartSimulation(desk.begin, desk.clock)(DRAFT, span, _call())
    assert answer.refusal is None, answer
    return str(answer.body["simulation_id"])


def _shown(desk: Desk, simulation_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(ShowSimulations(desk.begin).find("001", simulation_id)))
    return shown


def test_points_customers_and_money_by_day_and_institution(desk: Desk) -> None:
    desk.approve(BASE)
    _announce(desk)
    bought = purchase("1", 100_00, customer_no="C1")
    desk.decide(
        bought, refund("2", bought, 50_00, transaction_at=AT + timedelta(days=60)),
        purchase("3", 40_00, customer_no="C3", at=AT + timedelta(days=1), institution="450200"), purchase("4", 10_00, at=AT - timedelta(days=1)),
    )  # fmt: skip
    desk.approve(rule("late", {"fixed": 7}, when={"all": [{"fact": "transaction.transaction_code", "is": "NONE"}]}))
    with desk.database.transaction() as cursor:
        cursor.execute("insert into cost_per_point values ('001', '2026-01-01', '2.5', 'CNY'), ('001', '2027-01-01', '9', 'CNY')")
    simulation_id = _start(desk)
    assert _shown(desk, simulation_id)["progress"] == {"events": 0, "of": None, "percent": 0}
    RunSimulations(desk.begin, desk.clock)()
    shown = _shown(desk, simulation_id)
    assert shown["status"] == "done"
    assert shown["progress"] == {"events": 3, "of": 2, "percent": 100}
    assert (shown["points"], shown["customers"], shown["money"]) == (100, 1, 250)
    assert shown["before"] == {"points": 90, "customers": 2, "money": 225}
    assert shown["difference"] == {"points": 10, "customers": -1, "money": 25}
    assert [(day["transaction_on"], day["events"], day["before"], day["after"]) for day in shown["by_day"]] == [
        ("2026-03-01", 2, 50, 100), ("2026-03-02", 1, 40, 0)
    ]  # fmt: skip
    assert [(group["institution"], group["before"], group["after"]) for group in shown["by_institution"]] == [("450100", 50, 100), ("450200", 40, 0)]


def test_the_difference_is_against_the_live_rules_whatever_the_history_was_decided_with(desk: Desk) -> None:
    _announce(desk)
    desk.decide(purchase("1", 100_00, customer_no="C1"))
    desk.approve(BASE)
    simulation_id = _start(desk)
    RunSimulations(desk.begin, desk.clock)()
    shown = _shown(desk, simulation_id)
    assert (shown["before"]["points"], shown["after"]["points"]) == (100, 200)


def test_it_goes_on_from_its_saved_place_and_counts_nothing_twice(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.approve(BASE)
    desk.decide(*(purchase(f"{customer}-{number}", 20_00, customer_no=f"C{customer:02d}") for customer in range(20) for number in range(3)))
    desk.announce(*(facts(f"C{customer:02d}", AT - timedelta(days=5), level="gold") for customer in range(20)))
    simulation_id = _start(desk)
    monkeypatch.setattr(run_simulations, "PAGE_ROWS", 7)
    pages = 0

    def begin_until_killed() -> Any:
        nonlocal pages
        pages += 1
        if pages in (7, 12):
            raise KeyboardInterrupt
        return desk.begin()

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            RunSimulations(begin_until_killed, desk.clock)()
        assert 0 < _shown(desk, simulation_id)["progress"]["events"] < 60
    RunSimulations(desk.begin, desk.clock)()
    shown = _shown(desk, simulation_id)
    assert (shown["status"], shown["points"], shown["before"]["points"], shown["progress"]["events"]) == ("done", 0, 1200, 60)


def test_a_place_that_another_process_moved_is_left_to_it(desk: Desk) -> None:
    desk.approve(BASE)
    desk.decide(purchase("1", customer_no="C1"))
    _start(desk)
    with desk.begin() as work:
        undivided = work.simulations.find_running(range(PARTS))
        assert undivided is not None
        work.simulations.divide(undivided, 1, ["C1"])
        work.simulations.divide(undivided, 1, ["C1"])  # another process did it before
        record = work.simulations.find_running(range(PARTS))
        assert record is not None
        assert [(part.after_customer, part.until_customer) for part in record.parts] == [("", "C1"), ("C1", None)]
        after = replace(record.parts[0], after_customer="C1")
        assert work.simulations.advance(record, record.parts[0], after)
        assert not work.simulations.advance(record, record.parts[0], after)


def test_processes_share_it_by_customers_and_find_what_one_would_find(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.approve(BASE, SIDE)
    _announce(desk)
    for partition, batch in enumerate(_stream(4)):
        desk.decide(*batch, partition=partition)
    monkeypatch.setattr(run_simulations, "PAGE_ROWS", 40)
    simulation_id = _start(desk)
    RunSimulations(desk.begin, desk.clock, parts=(1,))()
    with desk.begin() as work:
        record = work.simulations.find("001", simulation_id)
        assert record is not None
        assert work.simulations.find_running((1,)) is None
    assert record.status == "running"
    assert [part.is_done for part in record.parts] == [False, True]
    assert (record.parts[0].after_customer, record.parts[1].until_customer) == ("", None)
    RunSimulations(desk.begin, desk.clock, parts=(0,))()
    shown = _shown(desk, simulation_id)
    with desk.begin() as work:
        divided, whole = work.simulations.find("001", simulation_id), effect_on_sample(work, MARCH, _draft())
    assert divided is not None
    assert all(part.effect.total[0] > 50 for part in divided.parts)
    assert (shown["status"], divided.effect) == ("done", whole)


def test_two_processes_at_once_end_it_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.approve(BASE)
    desk.decide(*(purchase(f"{customer}-{number}", 20_00, customer_no=f"C{customer:02d}") for customer in range(20) for number in range(5)))
    monkeypatch.setattr(run_simulations, "PAGE_ROWS", 7)
    simulation_id = _start(desk)
    with ThreadPoolExecutor(3) as pool:
        for running in [pool.submit(RunSimulations(desk.begin, desk.clock, parts=parts)) for parts in [(0,), (1,), (0, 1)]]:
            running.result()
    shown = _shown(desk, simulation_id)
    assert (shown["status"], shown["progress"]["events"], shown["before"]["points"]) == ("done", 100, 2000)


def test_the_effect_for_a_checker_is_found_at_once(desk: Desk) -> None:
    desk.approve(BASE)
    _announce(desk)
    desk.decide(purchase("1", 100_00, customer_no="C1"), purchase("2", 30_00, customer_no="C3"))
    with desk.begin() as work:
        effect = effect_on_sample(work, MARCH, _draft())
    assert effect.total == (2, 130, 200)


def test_a_process_of_its_own_carries_it_out(desk: Desk) -> None:
    desk.approve(BASE)
    _announce(desk)
    desk.decide(purchase("1", 100_00, customer_no="C1"))
    chores = [chore for chore in background_chores(desk.begin, desk.database) if chore.name.startswith("run-simulations-")]
    assert len(chores) == PARTS
    for chore in chores:
        chore.run()  # nothing to do
    simulation_id = _start(desk)
    for chore in chores:
        chore.run()
    eventually(lambda: _shown(desk, simulation_id)["status"] == "done", timeout_seconds=180)  # they step back for all others
    assert _shown(desk, simulation_id)["points"] == 200


def test_one_that_cannot_be_decided_fails_and_says_why(desk: Desk) -> None:
    desk.decide(purchase("1", customer_no="C1"))
    simulation_id = _start(desk)
    with desk.database.transaction() as cursor:
        cursor.execute("update simulation set rule = '{}'")
    RunSimulations(desk.begin, desk.clock)()
    shown = _shown(desk, simulation_id)
    assert shown["status"] == "failed"
    assert "no longer fits" in shown["fault"]
