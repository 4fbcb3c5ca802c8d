"""Groups of postings, and the reports made of them: nothing is lost, and the identities hold for any entries."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_shared.contracts.redemption import EntryPostedV1
from reporting.domain.catalogue import CATALOGUE, DIMENSION_NAMES, MEASURE_NAMES, Code, Dimension
from reporting.domain.movement import movements_from
from reporting.domain.periods import PERIOD_DAYS_MAX, Period, PeriodBackwards, PeriodTooLong, first_incomplete, period_from
from reporting.domain.postings import GroupKey, Sums, groups_from, shares_of, tallies_from
from reporting.domain.refusals import Refusal
from reporting.domain.report import Asked, document_of, report_from_lines
from reporting.domain.sums import Line
from reporting.entrypoints.problems import PROBLEMS, REASONS
from support.mart import MARCH_1, MARCH_2, MARCH_3, entry_of, lot_of

KINDS = {
    "earned": (1, "issued:retail"), "granted": (1, "issued:mall"), "clawed-back": (-1, "issued:retail"), "redeemed": (-1, "redeemed:mall"),
    "restored": (1, "redeemed:mall"), "expired": (-1, "expired"), "reversed": (0, "redeemed:mall"), "adjusted": (0, "issued:bank"),
    "transferred": (0, "customer:base"), "repaid": (0, "customer:base"), "of-a-later-version": (0, "elsewhere"),
}  # fmt: skip
INSTITUTIONS = ("450100", "450200", "450300")


@st.composite
def entries(draw: st.DrawFn) -> EntryPostedV1:
    """Return any entry that a ledger could post, also on lots of several institutions and with a change of arrears."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    sign, counter = KINDS[kind]
    if kind == "reversed":
        counter = draw(st.sampled_from(["redeemed:mall", "issued:mall"]))
    points = 0 if kind == "repaid" else draw(st.integers(0, 1_000)) * (sign or draw(st.sampled_from([-1, 1])))
    lots = [lot_of(draw(st.integers(-500, 500)), draw(st.sampled_from(INSTITUTIONS))) for _ in range(draw(st.integers(0, 3)))]
    return entry_of(
        kind, points, counter=counter, business_on=draw(st.sampled_from([MARCH_1, MARCH_2])),
        lots=draw(st.sampled_from([lots, [lot_of(points)]])), institution=draw(st.sampled_from([None, *INSTITUTIONS])),
        point_type=draw(st.sampled_from(["base", "bonus"])), rule_code=draw(st.sampled_from([None, "debit-base"])),
        channel=draw(st.sampled_from([None, "POS"])),
    )  # fmt: skip


def lines_from(groups: dict[GroupKey, Sums], period: Period) -> list[Line]:
    """Return groups as the mart's query sums them, by point type and institution."""
    return [
        Line(
            (key.point_type, key.institution), key.kind, key.counter_account.partition(":")[0],
            points if key.business_on < period.start else 0, points if key.business_on >= period.start else 0, lots - points,
            count if key.business_on >= period.start else 0,
        )
        for key, (count, points, lots) in groups.items() if key.business_on < period.end
    ]  # fmt: skip


@given(st.lists(entries(), max_size=30))
def test_groups_hold_every_entry_once_and_every_point(posted: list[EntryPostedV1]) -> None:
    groups = groups_from(posted)
    assert sum(sums[0] for sums in groups.values()) == len(posted)
    assert sum(sums[1] for sums in groups.values()) == sum(entry.points for entry in posted)
    assert sum(sums[2] for sums in groups.values()) == sum(lot.points for entry in posted for lot in entry.lots)
    tallies = tallies_from(groups)
    for key, sums in tallies.items():
        of_key = [entry for entry in posted if (entry.legal_entity, entry.business_on, entry.kind) == key]
        assert sums[:2] == [len(of_key), sum(entry.points for entry in of_key)]


@given(st.lists(entries(), max_size=30))
def test_the_movement_identity_holds_for_any_entries(posted: list[EntryPostedV1]) -> None:
    period = Period(MARCH_2, MARCH_3)
    movements = movements_from(lines_from(groups_from(posted), period))
    for (point_type, institution), of_one in movements.items():
        change = of_one.granted + of_one.adjusted + of_one.transferred + of_one.restored - of_one.used - of_one.expired - of_one.clawed_back
        assert of_one.opening + change == of_one.closing
        for kind, column in (("earned", of_one.earned), ("clawed-back", -of_one.clawed_back), ("redeemed", -of_one.used), ("expired", -of_one.expired)):
            of_kind = [entry for entry in posted if (entry.kind, entry.point_type, entry.business_on) == (kind, point_type, MARCH_2)]
            assert column == sum(points for entry in of_kind for at, points, _ in shares_of(entry) if at == institution), kind
        shares = [
            share for entry in posted if entry.point_type == point_type for share in shares_of(entry) if share[0] == institution
        ]  # fmt: skip
        assert of_one.closing == sum(points for _, points, _ in shares), "what the ledger posted, day after day"
        assert of_one.closing + of_one.arrears == sum(into_lots for _, _, into_lots in shares), "points in lots, less what customers owe"
    for point_type in ("base", "bonus"):
        closing = sum(of_one.closing for (of_type, _), of_one in movements.items() if of_type == point_type)
        assert closing == sum(entry.points for entry in posted if entry.point_type == point_type)


@given(st.lists(entries(), max_size=30))
def test_issued_and_used_are_the_sums_of_the_ledgers_own_accounts(posted: list[EntryPostedV1]) -> None:
    lines = lines_from(groups_from(posted), Period(MARCH_1, MARCH_3))
    issued = report_from_lines(asked(Code.POINTS_ISSUED), lines).totals
    used = report_from_lines(asked(Code.POINTS_USED), lines).totals
    on_accounts = {"issued": 0, "redeemed": 0}
    for entry in posted:
        family = (entry.debit_account if entry.points > 0 else entry.credit_account).partition(":")[0]
        if family in on_accounts:
            on_accounts[family] += entry.points
    assert issued["issued"] == on_accounts["issued"] == issued["earned"] + issued["granted"] + issued["adjusted"] - issued["clawed_back"]
    assert used["used_net"] == -on_accounts["redeemed"] == used["used"] - used["restored"]


def asked(code: Code, **others: Any) -> Asked:
    fields: dict[str, Any] = {"group_by": (Dimension.POINT_TYPE, Dimension.INSTITUTION), "institution": None, "institutions": None, **others}
    return Asked(definition=CATALOGUE[code], legal_entity="001", period=Period(MARCH_1, MARCH_3), **fields)


def test_an_entry_on_lots_of_two_institutions_is_split_and_counted_once() -> None:
    spent = entry_of("redeemed", -30, counter="redeemed:mall", lots=[lot_of(-20, "450200"), lot_of(-10, "450100")], institution=None)
    assert {key.institution: sums for key, sums in groups_from([spent]).items()} == {"450200": [1, -20, -20], "450100": [0, -10, -10]}


@pytest.mark.parametrize(
    ("entry", "shares"),
    [
        (entry_of("clawed-back", -30, lots=[lot_of(-10)], institution="450300"), [("450100", -10, -10), ("450300", -20, 0)]),
        (entry_of("earned", 30, lots=[lot_of(10)]), [("450100", 30, 10)]),
        (entry_of("repaid", 0, lots=[lot_of(-7)], institution=None), [("450100", 0, -7)]),
        (entry_of("clawed-back", 0, lots=[]), [("450100", 0, 0)]),
        (entry_of("restored", 5, lots=[], institution=None), [("", 5, 0)]),
    ],
)
def test_what_lots_do_not_account_for_is_at_the_entrys_institution_or_its_first_lots(entry: EntryPostedV1, shares: Sequence[tuple[str, int, int]]) -> None:
    assert shares_of(entry) == shares


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (MARCH_1, MARCH_3, (MARCH_1, MARCH_3)),
        (MARCH_1, MARCH_1, (MARCH_1, MARCH_2)),
        (MARCH_1, None, (MARCH_1, MARCH_2)),
        (None, MARCH_2, (MARCH_1, MARCH_2)),
        (None, None, (MARCH_2, MARCH_3)),
    ],
)
def test_a_period_ends_before_its_end_and_equal_dates_are_that_day(start: date | None, end: date | None, expected: tuple[date, date]) -> None:
    assert period_from(start, end, newest=MARCH_2) == Period(*expected)


def test_a_period_backwards_or_without_end_is_refused() -> None:
    with pytest.raises(PeriodBackwards, match="2026-03-02 is after 2026-03-01"):
        period_from(MARCH_2, MARCH_1, newest=MARCH_1)
    with pytest.raises(PeriodTooLong):
        period_from(date(2000, 1, 1), date.max, newest=MARCH_1)
    assert period_from(date.max, date.max, newest=MARCH_1) == Period(date.max, date.max)
    longest = period_from(date(2016, 1, 1), date.fromordinal(date(2016, 1, 1).toordinal() + PERIOD_DAYS_MAX), newest=MARCH_1)
    assert (longest.end - longest.start).days == PERIOD_DAYS_MAX


def test_the_first_incomplete_day_is_named() -> None:
    period = Period(MARCH_1, MARCH_3)
    assert first_incomplete(period, None) == MARCH_1
    assert first_incomplete(period, MARCH_1) == MARCH_2
    assert first_incomplete(period, MARCH_2) is None
    assert first_incomplete(period, date(2026, 2, 1)) == MARCH_1


def test_every_refusal_has_its_problem_and_its_reason_and_every_column_its_names() -> None:
    assert set(PROBLEMS) == set(REASONS) == set(Refusal)
    assert {problem.code for problem in PROBLEMS.values()} == set(Refusal)
    assert set(DIMENSION_NAMES) == set(Dimension)
    for definition in CATALOGUE.values():
        assert set(definition.measures) <= set(MEASURE_NAMES)
        assert set(definition.group_by) <= set(definition.dimensions)


def test_a_document_says_null_for_what_entries_do_not_say_and_sums_what_it_shows() -> None:
    lines = [Line(("base", ""), "earned", "issued", 5, 10, 0, 1), Line(("base", "450100"), "redeemed", "redeemed", 0, -3, 0, 1)]
    document = document_of(report_from_lines(asked(Code.MOVEMENT), lines))
    items: Any = document["items"]
    assert [(item["institution"], item["opening"], item["granted"], item["used"], item["closing"]) for item in items] == [
        (None, 5, 10, 0, 15), ("450100", 0, 0, 3, -3),
    ]  # fmt: skip
    assert document["totals"] == {
        "opening": 5, "granted": 10, "earned": 10, "adjusted": 0, "transferred": 0, "restored": 0, "used": 3, "expired": 0, "clawed_back": 0, "closing": 12,
        "arrears": 0, "entries": 2,
    }  # fmt: skip
