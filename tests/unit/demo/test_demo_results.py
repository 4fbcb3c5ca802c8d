"""When the demo says that all is well."""

from collections import Counter
from dataclasses import replace
from datetime import date

from nanzhu_demo.bus import PublishedLedger, PublishedPoints
from nanzhu_demo.report import Results
from nanzhu_demo.spending import SCENARIOS, Spending, in_turn
from nanzhu_demo.streaming import Streamed

RESULTS = Results(
    source="a test",
    streamed=Streamed(customers=1, transactions=2, decided_seconds=1.0, posted_seconds=2.0),
    earned_before=0,
    invented=0,
    decided=2,
    points=PublishedPoints(earnings=Counter(pkdd99=1), earned=Counter(pkdd99=50)),
    ledger=PublishedLedger(entries=1, by_source=Counter({("pkdd99", "earned"): 50})),
    spending=Spending(),
    invariants=({"name": "no lot below zero", "violations": 0},),
    business_on=date(2026, 5, 4),
)


def test_all_is_well_when_the_ledger_holds_what_accrual_gave_and_no_invariant_is_violated() -> None:
    assert RESULTS.faults == []


def test_a_violated_invariant_is_named() -> None:
    (fault,) = replace(RESULTS, invariants=({"name": "no lot below zero", "violations": 3},)).faults

    assert fault == "invariant no lot below zero: 3 violations"


def test_points_that_did_not_reach_the_ledger_are_a_fault() -> None:
    (fault,) = replace(RESULTS, ledger=PublishedLedger()).faults

    assert fault == "accrual gave 50 points for pkdd99, the ledger holds 0"


def test_a_call_that_was_not_refused_as_expected_is_a_fault() -> None:
    assert replace(RESULTS, spending=Spending(surprises=["done twice"])).faults == ["done twice"]


def test_a_stream_is_known_as_a_repeat_when_it_earned_nothing_more() -> None:
    assert replace(RESULTS, earned_before=50).were_repeats
    assert not replace(RESULTS, earned_before=20).were_repeats
    assert not RESULTS.were_repeats


def test_spent_is_net_of_what_came_back() -> None:
    spending = Spending(points=Counter(captured=100, redeemed=60, voided=10, refunded=5, reversed=15, released=40, expired=30))

    assert spending.spent == 130


def test_few_customers_still_go_through_every_scenario() -> None:
    assert set(in_turn(SCENARIOS)[: len(SCENARIOS)]) == {scenario for scenario, _ in SCENARIOS}
