"""Whose points paid, what they cost, and what ties: rules of settlement that need no database."""

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.application.refused import REASONS
from settlement.domain.batches import Batch, Movements, Spend, Status, decide_release, decide_review, lines_of, points_by_kind, used_points
from settlement.domain.cost import COST_DEFAULT, CostPerPoint, cost_from
from settlement.domain.ledger_view import view_of
from settlement.domain.parties import ARREARS, allocate, bearers_of, divide, is_application
from settlement.domain.reconciliation import BatchSums, Closed, Standing, reconcile
from settlement.domain.refusals import Refusal
from settlement.entrypoints.problems import PROBLEMS
from support.ledger_entries import earned, entry, redeemed, restored

MARCH_1 = date(2026, 3, 1)
NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)

POINTS = st.integers(-(2**53), 2**53)
FUNDINGS = st.sampled_from(["retail", "card", "card=40+retail=60", "a=33+b=33+c=34", "x=1+y=99", "bank", "a=b"])
PAID = st.lists(st.tuples(FUNDINGS, POINTS), max_size=6)
SPENT = st.tuples(st.integers(1, 10_000), PAID, st.sampled_from(["mall", "donation"]))
MOVED = st.dictionaries(st.tuples(st.sampled_from(["earned", "expired"]), FUNDINGS), POINTS, max_size=5)
NO_COSTS: tuple[object, ...] = (True, None, [], -1, "x", "NaN", "1e999999", "1e-13", float("inf"), {"currency": "CNY"}, {"amount_minor": 1, "currency": "XX"})


def spend(points: int, *paid: tuple[str, int], application: str = "mall", kind: str = "redeemed") -> Spend:
    return Spend(
        entry_id="1-0", customer_no="C1", kind=kind, points=points, point_type="base", application=application, channel="MOBILE", cause_kind="redemption",
        cause_no="R1", posted_at=NOON, paid=paid,
    )  # fmt: skip


def batch(**others: object) -> Batch:
    fields = {
        "batch_id": "b", "legal_entity": "001", "party": "retail", "business_on": MARCH_1, "status": Status.MADE, "lines": 1, "points": 5, "amount_minor": 5,
        "cost": COST_DEFAULT, "by_kind": {"redeemed": -5}, "made_by": "maker", "made_at": NOON, **others,
    }  # fmt: skip
    return Batch(**fields)  # type: ignore[arg-type]


@given(POINTS, PAID)
def test_an_allocation_by_lot_sums_to_the_points_that_moved(points: int, paid: list[tuple[str, int]]) -> None:
    assert sum(allocate(points, paid).values()) == points


@given(st.lists(st.tuples(FUNDINGS, st.integers(1, 10_000)), min_size=1, max_size=6))
def test_what_a_redemption_took_from_lots_is_allocated_to_their_bearers_alone(paid: list[tuple[str, int]]) -> None:
    allocated = allocate(sum(part for _, part in paid), paid)
    assert ARREARS not in allocated
    assert all(share >= 0 for share in allocated.values())
    for party, share in allocated.items():
        exact = sum((Fraction(part * percent, 100) for funding, part in paid for name, percent in bearers_of(funding) if name == party), Fraction())
        assert abs(share - exact) < len(paid), "each lot is rounded by less than a point"


@given(POINTS, FUNDINGS)
def test_dividing_sums_to_the_whole_and_gives_back_what_it_took(points: int, funding: str) -> None:
    parts = divide(points, bearers_of(funding))
    assert sum(part for _, part in parts) == points
    assert divide(-points, bearers_of(funding)) == [(party, -part) for party, part in parts]


@pytest.mark.parametrize(
    ("funding", "bearers"),
    [
        ("retail", (("retail", 100),)),
        ("card=40+retail=60", (("card", 40), ("retail", 60))),
        ("a+b=40+c=60", (("a+b", 40), ("c", 60))),
        ("card=40+retail=50", (("card=40+retail=50", 100),)),
        ("x=100", (("x=100", 100),)),
        ("a=b", (("a=b", 100),)),
        ("", (("", 100),)),
    ],
)
def test_bearers_are_read_from_what_the_ledger_writes(funding: str, bearers: object) -> None:
    assert bearers_of(funding) == bearers


def test_the_point_left_by_rounding_goes_to_whom_it_took_most_from() -> None:
    assert divide(1, bearers_of("card=40+retail=60")) == [("card", 0), ("retail", 1)]
    assert divide(7, bearers_of("card=40+retail=60")) == [("card", 3), ("retail", 4)]
    assert divide(1, bearers_of("a=50+b=50")) == [("a", 1), ("b", 0)]


@pytest.mark.parametrize(
    ("rate", "points", "amount"), [("1", 7, 7), ("0.25", 2, 1), ("0.25", -2, -1), ("0.25", 1, 0), ("0.333", 3, 1), ("0", 9, 0), ("0.5", 1, 1), ("0.49", 1, 0)]
)
def test_an_amount_is_rounded_half_away_from_zero(rate: str, points: int, amount: int) -> None:
    assert CostPerPoint(rate, "CNY").amount_of(points) == amount


@given(st.lists(SPENT, max_size=8), st.sampled_from(["0.25", "0.333", "1", "0.5", "7.77", "0.001"]))
def test_what_bearers_pay_for_a_spend_is_what_its_application_receives(spent: list[tuple[int, list[tuple[str, int]], str]], rate: str) -> None:
    cost = CostPerPoint(rate, "CNY")
    for points, paid, to in spent:
        one = spend(-points, *paid, application=to)
        back = spend(points, *((funding, -part) for funding, part in reversed(paid)), application=to, kind="restored")
        amounts = {party: sum(line.amount_minor for line in lines_of(party, [one], cost)) for party in used_points(Movements(spends=[one], points={}))}
        received = {party: amount for party, amount in amounts.items() if is_application(party)}
        assert sum(amounts.values()) == 2 * sum(received.values()) == 2 * cost.amount_of(points)
        assert all(sum(line.amount_minor for line in lines_of(party, [back], cost)) == -amount for party, amount in amounts.items()), "a refund gives it back"


@pytest.mark.parametrize(
    ("rate", "shares", "amounts"),
    [
        ("0.25", {"retail": 1, "card": 1}, {"card": 1, "retail": 0}),
        ("0.25", {"retail": -1, "card": -1}, {"card": -1, "retail": 0}),
        ("0.25", {"card": 1, "retail": 3}, {"card": 0, "retail": 1}),
        ("0.5", {"a": 1, "b": 1, "c": 1}, {"a": 1, "b": 1, "c": 0}),
        ("1", {"a": 2, "b": 5}, {"a": 2, "b": 5}),
        ("0.5", {"a": 3, "arrears": -1}, {"a": 2, "arrears": -1}),
        ("0.5", {"a": 1}, {"a": 1}),
    ],
)
def test_the_minor_unit_left_by_rounding_goes_to_whom_it_took_most_from(rate: str, shares: dict[str, int], amounts: dict[str, int]) -> None:
    assert CostPerPoint(rate, "CNY").divide(shares) == amounts


@pytest.mark.parametrize(
    ("value", "cost"),
    [
        (1, CostPerPoint("1", "CNY")),
        ("0.250", CostPerPoint("0.25", "CNY")),
        (0.1, CostPerPoint("0.1", "CNY")),
        ({"amount_minor": "2", "currency": "USD"}, CostPerPoint("2", "USD")),
        ({"amount_minor": 3}, CostPerPoint("3", "CNY")),
        (0, CostPerPoint("0", "CNY")),
        *((value, None) for value in NO_COSTS),
    ],
)
def test_a_cost_is_read_exactly_or_not_at_all(value: object, cost: CostPerPoint | None) -> None:
    assert cost_from(value) == cost


def test_every_entry_of_the_ledger_is_in_the_view_once() -> None:
    entries = [
        earned(100), earned(7, "card=40+retail=60"), entry("clawed-back", -30, "issued:retail", ("card", -10)), redeemed(20, ("retail", 15), ("card", 5)),
        restored(8, ("retail", 3)), entry("expired", -5, "expired", ("card", -5)), entry("repaid", 0, "customer:base", ("retail", -4)),
        entry("adjusted", 12, "issued:bank", ("bank", 12)), entry("reversed", -9, "issued:bank"), entry("reversed", -6, "redeemed:mall", ("retail", -2)),
    ]  # fmt: skip
    view = view_of(entries, [])
    assert sum(view.entries.values()) == len(entries)
    assert sum(view.points.values()) + sum(one.points for one in view.spends) == sum(one.points for one in entries)
    assert {(group.kind, group.funding): points for group, points in view.points.items() if group.kind in ("clawed-back", "repaid")} == {
        ("clawed-back", "retail"): -30,
        ("repaid", "retail"): -4,
        ("repaid", ARREARS): 4,
    }
    assert [one.kind for one in view.spends] == ["redeemed", "restored", "reversed"]


@given(st.lists(SPENT, max_size=8), MOVED)
def test_bearers_and_applications_settle_the_same_points_and_the_day_ties(
    spent: list[tuple[int, list[tuple[str, int]], str]], moved: dict[tuple[str, str], int]
) -> None:
    movements = Movements(spends=[spend(-points, *paid, application=to, kind="reversed") for points, paid, to in spent], points=moved)
    used = used_points(movements)
    assert sum(points for party, points in used.items() if is_application(party)) == sum(points for points, _, _ in spent)
    assert sum(points for party, points in used.items() if not is_application(party)) == sum(points for points, _, _ in spent)
    for party, points in used.items():
        assert sum(line.points for line in lines_of(party, movements.spends, COST_DEFAULT)) == points
    ledger: dict[str, int] = {}
    for (kind, _), points in moved.items():
        ledger[kind] = ledger.get(kind, 0) + points
    ledger["reversed"] = -sum(points for points, _, _ in spent)
    sums = [
        BatchSums(
            batch=batch(party=party, points=points, amount_minor=points, lines=0, by_kind=points_by_kind(movements)[party]), line_count=0, line_points=points,
            line_amount_minor=points,
        )
        for party, points in used.items()
    ]  # fmt: skip
    done = reconcile(MARCH_1, Closed(entries=1, points_by_kind=ledger, entries_here=1), movements, sums)
    assert (done.standing, done.breaks) == (Standing.TIED, [])


def test_a_figure_that_differs_is_a_break_and_names_itself() -> None:
    movements = Movements(spends=[spend(-5, ("retail", -4))], points={("earned", "retail"): 9})
    closed = Closed(entries=3, points_by_kind={"redeemed": -5, "earned": 10, "expired": -1}, entries_here=2)
    wrong = BatchSums(batch=batch(points=6), line_count=1, line_points=5, line_amount_minor=5)
    done = reconcile(MARCH_1, closed, movements, [wrong])
    assert done.standing is Standing.BROKEN
    assert {check.name: check.difference for check in done.breaks} == {
        "entries": -1,
        "points.earned": -1,
        "points.expired": 1,
        "redeemed-by-lot": 1,
        "batch.retail.points": 2,
        "batch.retail.lines": -1,
        "batch.retail.earned": -9,
        "batch.retail.redeemed": -1,
    }
    assert done.without_batch == [ARREARS, "redeemed:mall"]


def test_money_paid_that_is_not_received_is_a_break_once_every_party_has_its_batch() -> None:
    movements = Movements(spends=[spend(-5, ("retail", -5))], points={})
    closed = Closed(entries=1, points_by_kind={"redeemed": -5}, entries_here=1)
    paid = BatchSums(batch=batch(amount_minor=4), line_count=1, line_points=5, line_amount_minor=4)
    received = BatchSums(batch=batch(party="redeemed:mall"), line_count=1, line_points=5, line_amount_minor=5)
    assert [(check.name, check.difference) for check in reconcile(MARCH_1, closed, movements, [paid, received]).breaks] == [("paid-equals-received", -1)]
    assert reconcile(MARCH_1, closed, movements, [paid]).breaks == []


def test_steps_go_in_order_and_never_by_the_maker() -> None:
    made = batch()
    assert decide_review(made, "maker", may_check=True, at=NOON) is Refusal.MAKER_CANNOT_APPROVE
    assert decide_review(made, "other", may_check=False, at=NOON) is Refusal.FUNCTION_NOT_GRANTED
    assert decide_release(made, "checker", may_check=True, at=NOON) is Refusal.BATCH_NOT_REVIEWED
    reviewed = decide_review(made, "checker", may_check=True, at=NOON)
    assert isinstance(reviewed, Batch)
    assert decide_review(reviewed, "checker", may_check=True, at=NOON) is Refusal.BATCH_ALREADY_REVIEWED
    assert decide_release(reviewed, "maker", may_check=True, at=NOON) is Refusal.MAKER_CANNOT_APPROVE
    released = decide_release(reviewed, "checker", may_check=True, at=NOON)
    assert isinstance(released, Batch)
    assert (released.status, released.reviewed_by, released.released_by) == (Status.RELEASED, "checker", "checker")
    assert decide_release(released, "checker", may_check=True, at=NOON) is Refusal.BATCH_ALREADY_RELEASED


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_has_a_problem_of_its_code_and_a_reason(refusal: Refusal) -> None:
    assert PROBLEMS[refusal].code == refusal.value
    assert all(REASONS[refusal])
