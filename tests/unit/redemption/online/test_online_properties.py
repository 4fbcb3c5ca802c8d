"""Any order of online calls, days and clock: the ledger's invariants hold after every step, and a reversal leaves nothing behind."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from loyalty_shared.web.idempotency import Idempotency
from redemption.application.capture_reservation import CaptureReservation
from redemption.application.grant_points import Granting, GrantPoints
from redemption.application.online_ports import Call
from redemption.application.redeem_points import RedeemPoints
from redemption.application.refund_redemption import RefundRedemption
from redemption.application.release_reservation import ReleaseReservation
from redemption.application.reserve_points import ReservePoints
from redemption.application.reverse_transaction import ReverseTransaction
from redemption.application.spending_checks import Spending
from redemption.application.void_redemption import VoidRedemption
from redemption.domain.holds import HoldStatus
from redemption.domain.lots import total
from redemption.domain.reversals import Serial
from unit.redemption.online.online_memory import ENTITY, Memory

TODAY = date(2026, 3, 1)
points_of = st.integers(20, 200)


class OnlineCalls(RuleBasedStateMachine):
    """One customer's account under any calls."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory()
        self.numbers = 0
        parts: dict[str, Any] = {"begin": self.memory.begin, "clock": self.memory}
        making = {**parts, "new_id": self.memory.new_id}
        self.grant = GrantPoints(**making)
        self.reserve = ReservePoints(**making)
        self.redeem = RedeemPoints(**making)
        self.capture = CaptureReservation(**making)
        self.release = ReleaseReservation(**parts)
        self.void = VoidRedemption(**parts)
        self.refund = RefundRedemption(**making)
        self.reverse = ReverseTransaction(**making)
        self.give(400, None, "base")  # most of what can happen needs points

    def call(self) -> Call:
        self.numbers += 1
        return Call(Idempotency(ENTITY, "mobile", f"key-{self.numbers}", b"body"), "MOBILE")

    def serial(self) -> Serial:
        self.numbers += 1
        return Serial(TODAY, str(self.numbers))

    def pick(self, data: st.DataObject, known: Iterable[str]) -> str:
        """Return one of the known handles, the newest as often as not: most of what happens to a thing happens soon after it is made."""
        handles = list(known)
        return handles[-1] if data.draw(st.booleans()) else data.draw(st.sampled_from(handles))

    @rule(points=points_of, days=st.none() | st.integers(-1, 6), point_type=st.sampled_from(["base", "bonus"]))
    def give(self, points: int, days: int | None, point_type: str) -> None:
        expires_on = None if days is None else self.memory.business_on + timedelta(days=days)
        asked = Granting(serial=self.serial(), customer_no="C0000001", points=points, point_type=point_type, expires_on=expires_on, reason="test")
        assert self.grant(self.call(), asked).refusal is None

    def spend(self, points: int, point_types: frozenset[str] | None, seconds: int) -> Spending:
        return Spending(
            serial=self.serial(), customer_no="C0000001", points=points, application="mall", point_types=point_types, expires_in=timedelta(seconds=seconds)
        )

    @rule(data=st.data(), seconds=st.integers(20, 200), point_types=st.sampled_from([None, None, frozenset(["bonus"])]), at_once=st.booleans())
    def take(self, data: st.DataObject, seconds: int, point_types: frozenset[str] | None, at_once: bool) -> None:
        available = self.memory.settled().available(point_types)
        points = data.draw(st.integers(1, available // 4 + 1) | st.just(available + 1))
        answer = (self.redeem if at_once else self.reserve)(self.call(), self.spend(points, point_types, seconds))
        assert answer.refusal == (None if points <= available else "insufficient-points")
        assert self.memory.settled().available(point_types) == available - (points if answer.refusal is None else 0)

    @precondition(lambda self: self.memory.holds)
    @rule(data=st.data())
    def capture_a_hold(self, data: st.DataObject) -> None:
        hold = self.memory.holds[self.pick(data, self.memory.holds)]
        points = data.draw(st.none() | st.integers(1, hold.points + 1))
        answer = self.capture(self.call(), hold.reservation_id, points)
        if answer.refusal is None:
            assert self.memory.holds[hold.reservation_id].status is HoldStatus.CAPTURED
            assert answer.body["points"] == (points or hold.points)

    @precondition(lambda self: self.memory.holds)
    @rule(data=st.data())
    def release_a_hold(self, data: st.DataObject) -> None:
        self.release(self.call(), self.pick(data, self.memory.holds))

    @precondition(lambda self: self.memory.redemptions)
    @rule(data=st.data())
    def void_a_redemption(self, data: st.DataObject) -> None:
        self.void(self.call(), self.pick(data, self.memory.redemptions))

    @precondition(lambda self: self.memory.redemptions)
    @rule(data=st.data())
    def refund_a_redemption(self, data: st.DataObject) -> None:
        redemption = self.memory.redemptions[self.pick(data, self.memory.redemptions)]
        points = data.draw(st.integers(1, redemption.points_left + 1))
        answer = self.refund(self.call(), redemption.redemption_id, points, self.serial())
        assert (answer.refusal is None) == (points <= redemption.points_left)

    @rule(data=st.data(), is_late=st.booleans())
    def reverse_a_call(self, data: st.DataObject, is_late: bool) -> None:
        original = self.serial() if is_late else data.draw(st.sampled_from(list(self.memory.serials)[-3:]))
        first = self.reverse(self.call(), original, self.serial())
        entries, available = len(self.memory.entries), self.memory.settled().available()
        again = self.reverse(self.call(), original, self.serial())
        assert again.body["status"] == first.body["status"]
        assert len(self.memory.entries) == entries
        assert self.memory.settled().available() == available

    @rule(days=st.integers(1, 2))
    def advance_the_date(self, days: int) -> None:
        self.memory.business_on += timedelta(days=days)

    @rule(seconds=st.integers(1, 40))
    def let_time_pass(self, seconds: int) -> None:
        self.memory.at += timedelta(seconds=seconds)

    @invariant()
    def postings_are_lots_less_arrears(self) -> None:
        account = self.memory.account
        for point_type, totals in account.totals.items():
            posted = sum(entry.points for entry in self.memory.entries if entry.point_type == point_type)
            lots = sum(state.points for lot, state in account.lots.items() if lot.point_type == point_type)
            assert posted == totals.net == lots - account.arrears.get(point_type, 0)

    @invariant()
    def nothing_is_below_zero(self) -> None:
        assert all(0 <= state.held <= state.points and 0 <= state.excused <= state.lapsed for state in self.memory.account.lots.values())
        assert all(owed > 0 for owed in self.memory.account.arrears.values())
        assert self.memory.settled().available() >= 0

    @invariant()
    def what_is_held_is_what_live_holds_hold(self) -> None:
        held = {lot: state.held for lot, state in self.memory.account.lots.items() if state.held}
        for hold in self.memory.live_holds():
            for lot, points in hold.lots:
                held[lot] -= points
        assert not any(held.values())

    @invariant()
    def what_is_used_is_what_is_left_of_redemptions(self) -> None:
        used = sum(totals.used for totals in self.memory.account.totals.values())
        assert used == sum(redemption.points_left for redemption in self.memory.redemptions.values())
        for redemption in self.memory.redemptions.values():
            assert all(0 <= kept.points <= part.points for part, kept in zip(redemption.taken, redemption.left, strict=True))
            assert total(redemption.taken) == redemption.points

    def teardown(self) -> None:
        """Reverse every call, newest first: nothing is held, nothing is spent, nothing is left to spend."""
        for original in reversed(list(self.memory.serials)):
            self.reverse(self.call(), original, self.serial())
        assert not self.memory.live_holds()
        assert sum(redemption.points_left for redemption in self.memory.redemptions.values()) == 0
        assert self.memory.settled().available() == 0
        self.postings_are_lots_less_arrears()
        self.what_is_used_is_what_is_left_of_redemptions()


OnlineCalls.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestOnlineCalls = OnlineCalls.TestCase
