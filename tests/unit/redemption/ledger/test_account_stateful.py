"""Any run of operations on an account over moving dates: the books add up after every step, and the entries alone tell the same story."""

from datetime import date, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from loyalty_shared.contracts.accrual import Cause
from redemption.domain.account import Account
from redemption.domain.balances import balances_of
from redemption.domain.entries import Entry, Kind, Origin, issued, redeemed
from redemption.domain.lots import Lot, LotKey, LotPart, last_taken, total
from redemption.domain.rebuilding import LastPosted, PostedSum, rebuild

START = date(2026, 3, 1)
TYPES = ("base", "bonus")
POINTS = st.integers(min_value=1, max_value=40)


def origin(kind: Kind, counter_account: str) -> Origin:
    return Origin(kind=kind, counter_account=counter_account, cause=Cause(kind="test", source_system="test", no="1"))


class AccountMachine(RuleBasedStateMachine):
    """The model is what a clerk would keep: for each type what was given, what was used, what lapsed; and the live holds."""

    @initialize()
    def open(self) -> None:
        self.account = Account(legal_entity="001", customer_no="C1")
        self.account.settle(START)
        self.day_by_day = Account(legal_entity="001", customer_no="C1")
        self.earned = dict.fromkeys(TYPES, 0)
        self.used = dict.fromkeys(TYPES, 0)
        self.earnings: list[LotPart] = []
        self.holds: list[tuple[LotPart, ...]] = []
        self.redemptions: list[tuple[LotPart, ...]] = []
        self.entries: list[tuple[date, Entry]] = []

    def keep_entries(self) -> None:
        self.entries += [(self.account.business_on, entry) for entry in self.account.entries]
        self.account.entries.clear()

    @rule(
        points=POINTS,
        point_type=st.sampled_from(TYPES),
        available_in=st.integers(min_value=-2, max_value=4),
        expires_in=st.one_of(st.none(), st.integers(min_value=-2, max_value=8)),
    )
    def earn(self, points: int, point_type: str, available_in: int, expires_in: int | None) -> None:
        on = self.account.business_on
        lot = LotKey(point_type, on + timedelta(days=available_in), None if expires_in is None else on + timedelta(days=expires_in), "retail", "1")
        self.account.credit(lot, points, origin(Kind.EARNED, issued("retail")))
        self.earned[point_type] += points
        self.earnings.append(LotPart(lot, points))

    @precondition(lambda self: self.earnings)
    @rule(data=st.data(), own=st.booleans())
    def claw_back(self, data: st.DataObject, own: bool) -> None:
        index = data.draw(st.integers(min_value=0, max_value=len(self.earnings) - 1))
        lot, points = self.earnings[index]
        taken = data.draw(st.integers(min_value=1, max_value=points))
        excused = self.account.take_back(lot.point_type, taken, lot if own else None, origin(Kind.CLAWED_BACK, issued("retail")))
        assert 0 <= excused <= (taken if own else 0)
        self.earned[lot.point_type] -= taken - excused
        self.earnings[index] = LotPart(lot, points - taken)
        if points == taken:
            del self.earnings[index]

    @rule(points=POINTS, types=st.sampled_from((None, ("base",), ("bonus",))))
    def reserve(self, points: int, types: tuple[str, ...] | None) -> None:
        wanted = min(points, self.account.available(types))
        parts = self.account.pick(wanted, types)
        assert total(parts) == wanted
        self.account.hold(parts)
        if parts:
            self.holds.append(parts)

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def end_hold(self, data: st.DataObject) -> None:
        parts = self.holds.pop(data.draw(st.integers(min_value=0, max_value=len(self.holds) - 1)))
        captured = data.draw(st.integers(min_value=0, max_value=len(parts)))
        if captured:
            self.account.capture(parts[:captured], origin(Kind.REDEEMED, redeemed("mall")))
            self.redemptions.append(parts[:captured])
        self.account.release(parts[captured:])
        for lot, points in parts[:captured]:
            self.used[lot.point_type] += points

    @precondition(lambda self: self.redemptions)
    @rule(data=st.data())
    def refund(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(min_value=0, max_value=len(self.redemptions) - 1))
        parts = self.redemptions[index]
        points = data.draw(st.integers(min_value=1, max_value=total(parts)))
        restored = last_taken(parts, points)
        self.account.give(restored, origin(Kind.RESTORED, redeemed("mall")))
        for lot, part in restored:
            self.used[lot.point_type] -= part
        left = {part.lot: part.points for part in parts}
        for lot, part in restored:
            left[lot] -= part
        self.redemptions[index] = tuple(LotPart(part.lot, left[part.lot]) for part in parts if left[part.lot])
        if not self.redemptions[index]:
            del self.redemptions[index]

    @rule(days=st.integers(min_value=0, max_value=5))
    def advance(self, days: int) -> None:
        before = snapshot(self.account)
        daily = restored_from(before, self.account)
        for day in range(days + 1):
            daily.settle(self.account.business_on + timedelta(days=day))
        self.account.settle(self.account.business_on + timedelta(days=days))
        assert balances_of(daily) == balances_of(self.account), "a date that is skipped changes nothing in the end"

    @invariant()
    def books_add_up(self) -> None:
        self.keep_entries()
        for point_type in TYPES:
            lots = sum(lot.points for key, lot in self.account.lots.items() if key.point_type == point_type)
            owed = self.account.arrears.get(point_type, 0)
            posted = sum(entry.points for _, entry in self.entries if entry.point_type == point_type)
            assert posted == lots - owed
            expired = -sum(entry.points for _, entry in self.entries if entry.point_type == point_type and entry.origin.kind is Kind.EXPIRED)
            assert posted == self.earned[point_type] - self.used[point_type] - expired
            last = [entry.balance_after for _, entry in self.entries if entry.point_type == point_type]
            assert not last or last[-1] == posted
            assert not (owed and self.account.available((point_type,))), "nothing is available beside arrears"
        for shown in balances_of(self.account):
            assert shown.earned - shown.used - shown.expired == shown.available + shown.held + shown.frozen + shown.pending - shown.arrears

    @invariant()
    def lots_are_sound(self) -> None:
        promised: dict[LotKey, int] = {}
        for parts in self.holds:
            for held, points in parts:
                promised[held] = promised.get(held, 0) + points
        for key, lot in self.account.lots.items():
            assert 0 <= lot.held <= lot.points
            assert 0 <= lot.excused <= lot.lapsed
            assert lot.held == promised.get(key, 0)
            assert not (self.account.has_lapsed(key) and lot.free), "nothing lapsed can be spent"
            assert key.available_on is None or key.available_on > self.account.business_on

    @invariant()
    def entries_tell_the_same_story(self) -> None:
        rebuilt = Account(legal_entity="001", customer_no="C1")
        if self.entries:
            sums = [PostedSum(entry.point_type, entry.origin.counter_account, entry.points, 1, entry.lots, entry.excused) for _, entry in self.entries]
            last = LastPosted(self.entries[-1][0], self.entries[-1][1].active_on)
            rebuild(rebuilt, sums, last, [part for parts in self.holds for part in parts], self.account.business_on)
        assert not rebuilt.entries, "everything that was due had been posted"
        assert balances_of(rebuilt) == balances_of(self.account)
        assert points_of(rebuilt) == points_of(self.account)


def snapshot(account: Account) -> dict[LotKey, Lot]:
    return {key: Lot(lot.points, lot.held, lot.lapsed, lot.excused) for key, lot in account.lots.items()}


def restored_from(lots: dict[LotKey, Lot], account: Account) -> Account:
    copy = Account(legal_entity="001", customer_no="C1", lots=lots, arrears=dict(account.arrears))
    copy.totals = {point_type: type(totals)(totals.earned, totals.used, totals.expired) for point_type, totals in account.totals.items()}
    return copy


def points_of(account: Account) -> dict[LotKey, int]:
    return {key: lot.points for key, lot in account.lots.items() if lot.points}


TestAccount = AccountMachine.TestCase
TestAccount.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
