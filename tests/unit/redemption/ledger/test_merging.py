"""Merging and undoing on accounts alone: nothing is lost, and undone at once everything is as it was."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_shared.contracts.accrual import Cause
from redemption.domain.account import Account
from redemption.domain.entries import EXPIRED, Entry, Kind, Origin, issued, redeemed
from redemption.domain.lots import Lot, LotKey, LotPart
from redemption.domain.merging import CameBy, PostedMeanwhile, merge_accounts, origins_of, undo_merge

TODAY, LATER, MUCH_LATER = date(2026, 3, 1), date(2026, 3, 5), date(2027, 1, 1)
LOTS = (
    LotKey("base", None, date(2026, 12, 31), "retail", "450100"),
    LotKey("base", None, None, "bank", ""),
    LotKey("base", LATER, None, "retail", "450100"),
    LotKey("bonus", None, date(2026, 2, 1), "bank", ""),
)


def because(kind: Kind, counter_account: str) -> Origin:
    return Origin(kind=kind, counter_account=counter_account, cause=Cause(kind="test", source_system="test", no="1"))


def account(customer_no: str, credits: list[tuple[int, int]], spent: int, taken_back: int, held: int) -> Account:
    """Return an account after credits of (lot, points), a spend, a claw-back and a hold, as far as there are points for them."""
    made = Account(legal_entity="001", customer_no=customer_no)
    made.settle(TODAY)
    for lot, points in credits:
        made.credit(LOTS[lot], points, because(Kind.EARNED, issued(LOTS[lot].party)))
    paid = made.pick(spent)
    made.hold(paid)
    made.capture(paid, because(Kind.REDEEMED, redeemed("mall")))
    if taken_back:
        made.take_back("base", taken_back, LOTS[0], because(Kind.CLAWED_BACK, issued("retail")))
    made.hold(made.pick(held))
    made.entries.clear()
    return made


def state(of: Account) -> tuple[object, ...]:
    """Return what an account is, without what is nothing."""
    lots = {lot: (kept.points, kept.held, kept.lapsed, kept.excused) for lot, kept in of.lots.items() if kept != Lot(excused=kept.excused, lapsed=kept.excused)}
    totals = {
        point_type: (sums.earned, sums.used, sums.expired) for point_type, sums in of.totals.items() if (sums.earned, sums.used, sums.expired) != (0, 0, 0)
    }
    return lots, totals, of.arrears


def balanced(*accounts: Account) -> bool:
    """Tell whether each account's postings are its lots less its arrears, by type, and no lot is below zero."""
    for each in accounts:
        for point_type, sums in each.totals.items():
            if sums.net != sum(lot.points for key, lot in each.lots.items() if key.point_type == point_type) - each.arrears.get(point_type, 0):
                return False
        if any(lot.points < 0 or not 0 <= lot.held <= lot.points or not 0 <= lot.excused <= lot.lapsed for lot in each.lots.values()):
            return False
    return True


def came_by(survivor: Account, customer_no: str, held: list[LotPart], used: dict[str, int]) -> CameBy:
    def counter(entry: Entry) -> str:
        return entry.origin.counter_account

    entries = [PostedMeanwhile(e.point_type, counter(e), e.points, e.lots, e.excused) for e in survivor.entries if e.came_by == customer_no]
    return CameBy(entries=entries, held=held, used=used)


_credited = st.lists(st.tuples(st.integers(0, len(LOTS) - 1), st.integers(1, 100)), max_size=6)
_accounts = st.tuples(
    st.lists(st.tuples(st.integers(0, len(LOTS) - 1), st.integers(1, 100)), max_size=6), st.integers(0, 150), st.integers(0, 150), st.integers(0, 50)
)


@settings(max_examples=200, deadline=None)
@given(_accounts, _accounts)
def test_a_merge_keeps_every_point_and_undone_at_once_leaves_everything_as_it_was(
    old: tuple[list[tuple[int, int]], int, int, int], new: tuple[list[tuple[int, int]], int, int, int]
) -> None:
    source, survivor = account("C2", *old), account("C1", *new)
    before = state(source), state(survivor)
    held = [LotPart(lot, kept.held) for lot, kept in source.lots.items() if kept.held]
    used = {point_type: sums.used for point_type, sums in source.totals.items() if sums.used}
    nets = {kind: sum(each.totals[kind].net for each in (source, survivor) if kind in each.totals) for kind in ("base", "bonus")}

    merge_accounts(source, survivor, origins_of("M1", "merge"))
    assert state(source) == ({}, {}, {})
    assert balanced(source, survivor)
    assert {kind: survivor.totals[kind].net if kind in survivor.totals else 0 for kind in nets} == nets
    assert not any(owed and survivor.available((point_type,)) for point_type, owed in survivor.arrears.items())

    undo_merge(source, survivor, came_by(survivor, "C2", held, used), origins_of("M1", "merge-undone"))
    assert balanced(source, survivor)
    assert (state(source), state(survivor)) == before


@settings(max_examples=200, deadline=None)
@given(_accounts, _accounts, st.integers(0, 200), st.integers(0, 200), st.booleans())
def test_whatever_happens_meanwhile_undoing_loses_and_makes_no_point(
    old: tuple[list[tuple[int, int]], int, int, int], new: tuple[list[tuple[int, int]], int, int, int], spent: int, earned: int, by_old: bool
) -> None:
    source, survivor = account("C2", *old), account("C1", *new)
    merge_accounts(source, survivor, origins_of("M1", "merge"))
    survivor.came_by = "C2" if by_old else None
    used = {point_type: sums.used for point_type, sums in account("C2", *old).totals.items() if sums.used}
    paid = survivor.pick(spent)
    survivor.hold(paid)
    survivor.capture(paid, because(Kind.REDEEMED, redeemed("mall")))
    if by_old:
        for lot, points in paid:
            used[lot.point_type] = used.get(lot.point_type, 0) + points
    if earned:
        survivor.credit(LOTS[1], earned, because(Kind.EARNED, issued("bank")))
    survivor.settle(date(2027, 1, 1))  # what would expire by then has
    held = [LotPart(lot, kept.held) for lot, kept in account("C2", *old).lots.items() if kept.held]
    held = [LotPart(part.lot.matured(), part.points) for part in held]
    total_before = sum(sums.net for sums in survivor.totals.values())
    survivor.came_by = "C2"
    source.settle(date(2027, 1, 1))
    posted = len(source.entries), len(survivor.entries)
    undo_merge(source, survivor, came_by(survivor, "C2", held, used), origins_of("M1", "merge-undone"))
    assert balanced(source, survivor)
    undoing = [*source.entries[posted[0] :], *survivor.entries[posted[1] :]]
    lapsed_again = -sum(entry.points for entry in undoing if entry.origin.counter_account == EXPIRED)
    assert sum(sums.net for each in (source, survivor) for sums in each.totals.values()) == total_before - lapsed_again


@settings(max_examples=100, deadline=None)
@given(_credited, _credited, st.integers(0, 50), st.integers(0, 50), st.integers(0, 100))
def test_what_lapses_between_a_merge_and_its_undoing_has_lapsed_in_the_account_that_it_was_earned_in(
    old: list[tuple[int, int]], new: list[tuple[int, int]], spent: int, held: int, claimed: int
) -> None:
    """As if they had never been merged, claw-backs included: the points were never used, and neither owes anything."""
    apart, alone = account("C2", old, spent, 0, held), account("C1", new, spent, 0, held)
    source, survivor = account("C2", old, spent, 0, held), account("C1", new, spent, 0, held)
    holds = [LotPart(lot, kept.held) for lot, kept in source.lots.items() if kept.held]
    used = {point_type: sums.used for point_type, sums in source.totals.items() if sums.used}
    merge_accounts(source, survivor, origins_of("M1", "merge"))
    for each in (apart, alone, survivor):
        each.settle(MUCH_LATER)
    lapsed = apart.lots[LOTS[0]].lapsed if LOTS[0] in apart.lots else 0
    if met := min(claimed, lapsed):
        survivor.came_by = "C2"
        for each in (apart, survivor):
            assert each.take_back("base", met, LOTS[0], because(Kind.CLAWED_BACK, issued("retail"))) == met
    source.settle(MUCH_LATER)

    undo_merge(source, survivor, came_by(survivor, "C2", holds, used), origins_of("M1", "merge-undone"))

    assert balanced(source, survivor)
    assert (state(source), state(survivor)) == (state(apart), state(alone))
