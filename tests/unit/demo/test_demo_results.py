"""When the demo says that all is well."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from nanzhu_demo import ordering
from nanzhu_demo.bus import PublishedLedger, PublishedPoints
from nanzhu_demo.closing import Closed
from nanzhu_demo.ordering import Ordering
from nanzhu_demo.report import Results
from nanzhu_demo.spending import SCENARIOS, Spending, in_turn
from nanzhu_demo.streaming import Streamed

TODAY = date(2026, 5, 4)
LEDGER = PublishedLedger(
    entries=2,
    by_source=Counter({("pkdd99", "earned"): 50}),
    by_date=Counter({TODAY: 30}),
    used_on=Counter({TODAY: 20}),
)
MOVEMENT = {"opening": 0, "granted": 50, "adjusted": 0, "transferred": 0, "restored": 5, "used": 25, "expired": 0, "clawed_back": 0, "closing": 30}
CLOSED = Closed(
    on=TODAY,
    jobs={"close-day": "done: closed"},
    batches=[{"direction": "pays", "points": 20}, {"direction": "receives", "points": 15}, {"direction": "receives", "points": 5}],
    reconciliation={"breaks": 0, "without_batch": []},
    movement=MOVEMENT,
)
RESULTS = Results(
    source="a test",
    streamed=Streamed(customers=1, transactions=2, decided_seconds=1.0, posted_seconds=2.0),
    earned_before=0,
    invented=0,
    decided=2,
    points=PublishedPoints(earnings=Counter(pkdd99=1), earned=Counter(pkdd99=50)),
    ledger=LEDGER,
    spending=Spending(),
    ordering=Ordering(),
    closed=CLOSED,
    invariants=({"name": "no lot below zero", "violations": 0},),
)


def test_all_is_well_when_the_ledger_holds_what_accrual_gave_and_no_invariant_is_violated() -> None:
    assert RESULTS.faults == []


def test_a_violated_invariant_is_named() -> None:
    (fault,) = replace(RESULTS, invariants=({"name": "no lot below zero", "violations": 3},)).faults

    assert fault == "invariant no lot below zero: 3 violations"


def test_points_that_did_not_reach_the_ledger_are_a_fault() -> None:
    (fault,) = replace(RESULTS, ledger=replace(LEDGER, by_source=Counter())).faults

    assert fault == "accrual gave 50 points for pkdd99, the ledger holds 0"


def test_a_call_that_was_not_refused_as_expected_is_a_fault() -> None:
    assert replace(RESULTS, spending=Spending(surprises=["done twice"])).faults == ["done twice"]
    assert replace(RESULTS, ordering=Ordering(surprises=["ordered twice"])).faults == ["ordered twice"]


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        (replace(CLOSED, batches=CLOSED.batches[1:]), "who pay"),
        (replace(CLOSED, batches=CLOSED.batches[:1]), "who receive"),
        (replace(CLOSED, reconciliation={"breaks": 1, "without_batch": []}), "breaks"),
        (replace(CLOSED, reconciliation={"breaks": 0, "without_batch": ["retail"]}), "without a batch"),
        (replace(CLOSED, movement={**MOVEMENT, "closing": 31}), "closing balance, by the movement report:"),
        (replace(CLOSED, movement={**MOVEMENT, "granted": 49}), "own columns"),
        (replace(CLOSED, movement={**MOVEMENT, "used": 26, "granted": 51}), "points used, by the movement report"),
        (replace(CLOSED, jobs={"make-reports": "failed: no"}), "make-reports: failed"),
    ],
)
def test_a_close_that_does_not_tie_to_the_ledger_is_a_fault(changed: Closed, what: str) -> None:
    (fault,) = replace(RESULTS, closed=changed).faults

    assert what in fault


def test_points_used_for_gifts_are_net_of_what_came_back() -> None:
    assert Ordering(points=Counter(ordered=100, cancelled=40, returned=30)).used == 30


def test_a_stream_is_known_as_a_repeat_when_it_earned_nothing_more() -> None:
    assert replace(RESULTS, earned_before=50).were_repeats
    assert not replace(RESULTS, earned_before=20).were_repeats
    assert not RESULTS.were_repeats


def test_spent_is_net_of_what_came_back() -> None:
    spending = Spending(points=Counter(captured=100, redeemed=60, voided=10, refunded=5, reversed=15, released=40, expired=30))

    assert spending.spent == 130


def test_few_customers_still_go_through_every_scenario() -> None:
    assert set(in_turn(SCENARIOS)[: len(SCENARIOS)]) == {scenario for scenario, _ in SCENARIOS}
    assert len(in_turn(ordering.SCENARIOS)) == sum(count for _, count in ordering.SCENARIOS)
