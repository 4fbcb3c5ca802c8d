"""Any run of all operations on three customers over moving dates: the books add up after every step, and the entries alone tell the same story.

Few runs in `make test`; NANZHU_LONG_RUN=1 makes 500 of 50 steps: `NANZHU_LONG_RUN=1 .venv/bin/pytest tests/unit/redemption/ledger/test_account_stateful.py`
"""

import os
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from loyalty_shared.contracts.accrual import Cause, CostBearer, PointsClawedBackV1, PointsEarnedV1
from redemption.domain.account import Account
from redemption.domain.adjusting import adjust
from redemption.domain.applications import Application
from redemption.domain.balances import balances_of
from redemption.domain.earnings import apply
from redemption.domain.extending import Extension, extend
from redemption.domain.freezing import Freeze
from redemption.domain.grants import Grant, origin_of_grant, origin_of_grant_reversal
from redemption.domain.holds import Hold, HoldStatus, decide_capture, decide_release
from redemption.domain.lots import LotKey, LotPart, total
from redemption.domain.point_types import PointType
from redemption.domain.refusals import Refusal
from redemption.domain.spending import (
    Redemption,
    RedemptionStatus,
    Refund,
    decide_refund,
    decide_spending,
    decide_void,
    origin_of_redemption,
    origin_of_refund,
    origin_of_reversal,
    origin_of_void,
    reverse_redemption,
    spend_again,
)
from redemption.domain.transferring import Transfer, TransferRules, TransferStatus, decide_transfer, reverse_transfer, transfer_points
from unit.redemption.ledger.clerk import Clerk, kept

LONG_RUN = os.environ.get("NANZHU_LONG_RUN") == "1"
START, NOON = date(2026, 3, 1), datetime(2026, 3, 1, 4, tzinfo=UTC)
CUSTOMERS = ("C1", "C2", "C3")
TYPES = ("base", "bonus")
MALL = Application(code="mall", is_open=True, minimum=None, step=None, points_max=None)
NO_LIMIT = TransferRules(allowed=True, per_transfer=None, per_day=None)

points_of = st.integers(1, 60)
customers = st.sampled_from(CUSTOMERS)
some_types = st.sampled_from((None, None, ("base",), ("bonus",)))


class LedgerMachine(RuleBasedStateMachine):
    """Three accounts under all operations, each done as its use case does it; the clerk counts beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.on, self.now, self.numbers = START, NOON, 0
        self.accounts = {number: Account(legal_entity="001", customer_no=number) for number in CUSTOMERS}
        for account in self.accounts.values():
            account.settle(START)
        self.clerk = Clerk()
        self.earnings: list[PointsEarnedV1] = []
        self.grants: list[Grant] = []
        self.holds: dict[str, tuple[str, Hold]] = {}
        self.redemptions: dict[str, Redemption] = {}
        self.refunds: list[Refund] = []
        self.transfers: list[Transfer] = []

    @initialize(points=st.lists(points_of, min_size=3, max_size=3))
    def begin(self, points: list[int]) -> None:
        """Give everybody something: most of what can happen needs points."""
        for customer_no, given in zip(CUSTOMERS, points, strict=True):
            self.grant(customer_no, given, "base", None)

    def number(self) -> str:
        self.numbers += 1
        return f"{self.numbers:04d}"

    def say(self, customer_no: str, point_type: str, points: int) -> None:
        self.clerk.given[customer_no, point_type] += points

    def say_parts(self, customer_no: str, parts: tuple[LotPart, ...], sign: int) -> None:
        for lot, points in parts:
            self.say(customer_no, lot.point_type, sign * points)

    # ---- earning and taking back

    @rule(
        customer_no=customers, points=points_of, point_type=st.sampled_from(TYPES), available_in=st.integers(-2, 4), done_in=st.integers(-40, 0),
        expires=st.one_of(st.none(), st.integers(-2, 8), st.sampled_from(("sliding_months:1", "sliding_months:2"))),
    )  # fmt: skip
    def earn(self, customer_no: str, points: int, point_type: str, available_in: int, done_in: int, expires: int | str | None) -> None:
        no = self.number()
        sliding = isinstance(expires, str)
        event = PointsEarnedV1(
            legal_entity="001", customer_no=customer_no, points=points, point_type=point_type, rule_code="r", rule_version=1,
            cause=Cause(kind="transaction", source_system="core", no=no), transaction_on=self.on + timedelta(days=done_in if sliding else 0),
            available_on=self.on + timedelta(days=available_in), expires_on=self.on + timedelta(days=expires) if isinstance(expires, int) else None,
            expiry_policy=expires if isinstance(expires, str) else "on", institution="1", channel="POS", campaign_code=None,
            cost_bearers=(CostBearer(party="retail", percent=100),), earning_id=no,
        )  # fmt: skip
        apply(event, self.accounts[customer_no])
        self.say(customer_no, point_type, points)
        self.earnings.append(event)

    @precondition(lambda self: self.earnings)
    @rule(data=st.data(), names_its_earning=st.booleans())
    def claw_back(self, data: st.DataObject, names_its_earning: bool) -> None:
        index = data.draw(st.integers(0, len(self.earnings) - 1))
        earning = self.earnings[index]
        points = data.draw(st.integers(1, earning.points))
        fields = {name: getattr(earning, name) for name in earning.__struct_fields__}
        fields |= {"points": points, "cause": Cause(kind="refund", source_system="core", no=self.number())}
        fields["earning_id"] = earning.earning_id if names_its_earning else None
        account = self.accounts[earning.customer_no]
        before = sum(state.lapsed - state.excused for lot, state in account.lots.items() if lot.point_type == earning.point_type)
        apply(PointsClawedBackV1(**fields), account)
        excused = total(account.entries[-1].excused)
        assert 0 <= excused <= min(points, before) * names_its_earning, "each lapsed point excuses one, and only its own lot's"
        self.say(earning.customer_no, earning.point_type, excused - points)
        left = earning.points - points
        self.earnings[index : index + 1] = [type(earning)(**(fields | {"points": left, "cause": earning.cause, "earning_id": earning.earning_id}))] * (left > 0)

    @rule(customer_no=customers, points=points_of, point_type=st.sampled_from(TYPES), days=st.none() | st.integers(-1, 6))
    def grant_points(self, customer_no: str, points: int, point_type: str, days: int | None) -> None:
        self.grant(customer_no, points, point_type, days)

    def grant(self, customer_no: str, points: int, point_type: str, days: int | None) -> None:
        lot = LotKey(point_type, None, None if days is None else self.on + timedelta(days=days), "bank", "")
        grant = Grant(grant_id=self.number(), customer_no=customer_no, points=points, lot=lot, reason="test")
        self.accounts[customer_no].credit(lot, points, origin_of_grant(grant, "MOBILE"))
        self.say(customer_no, point_type, points)
        self.grants.append(grant)

    @precondition(lambda self: self.grants)
    @rule(data=st.data())
    def reverse_grant(self, data: st.DataObject) -> None:
        grant = self.grants.pop(data.draw(st.integers(0, len(self.grants) - 1)))
        origin = origin_of_grant_reversal(grant, self.number(), "MOBILE")
        excused = self.accounts[grant.customer_no].take_back(grant.lot.point_type, grant.points, grant.lot, origin)
        self.say(grant.customer_no, grant.lot.point_type, excused - grant.points)

    @rule(customer_no=customers, points=st.integers(-40, -1) | st.integers(1, 40), point_type=st.sampled_from(TYPES), may_owe=st.booleans())
    def adjust(self, customer_no: str, points: int, point_type: str, may_owe: bool) -> None:
        account = self.accounts[customer_no]
        available = account.available((point_type,))
        typed = PointType(code=point_type, spending_priority=1, negative_allowed=may_owe)
        refusal = adjust(account, points, typed, None, Cause(kind="adjustment", source_system="redemption", no=self.number()))
        if points < 0 and available + points < 0 and not may_owe:
            assert refusal is not None
        if refusal is None:
            self.say(customer_no, point_type, points)

    # ---- spending

    @rule(data=st.data(), customer_no=customers, types=some_types, seconds=st.integers(20, 200), at_once=st.booleans())
    def spend(self, data: st.DataObject, customer_no: str, types: tuple[str, ...] | None, seconds: int, at_once: bool) -> None:
        account = self.accounts[customer_no]
        available = account.available(types)
        points = data.draw(st.integers(1, available // 3 + 1) | st.just(available + 1))
        lots = decide_spending(account, MALL, points, types)
        if isinstance(lots, Refusal):
            assert points > available or account.is_frozen
            return
        account.hold(lots)
        assert account.available(types) == available - points
        hold = Hold(
            reservation_id=self.number(), customer_no=customer_no, points=points, application="mall", channel="MOBILE", lots=lots,
            expires_at=self.now + timedelta(seconds=seconds), status=HoldStatus.RESERVED,
        )  # fmt: skip
        self.holds[hold.reservation_id] = (customer_no, hold)
        if at_once:
            self.capture(hold, None)

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def capture_a_hold(self, data: st.DataObject) -> None:
        _, hold = self.holds[self.pick(data, self.holds)]
        self.capture(hold, data.draw(st.none() | st.integers(1, hold.points)))

    def capture(self, hold: Hold, points: int | None) -> None:
        divided = decide_capture(hold, points, self.now)
        if isinstance(divided, Refusal):
            assert hold.status_at(self.now) is not HoldStatus.RESERVED
            return
        account = self.accounts[hold.customer_no]
        redemption = Redemption(
            redemption_id=self.number(), customer_no=hold.customer_no, points=total(divided.taken), application="mall", business_on=self.on,
            taken=divided.taken, left=divided.taken,
        )  # fmt: skip
        account.capture(divided.taken, origin_of_redemption(redemption, "MOBILE"))
        account.release(divided.released)
        self.say_parts(hold.customer_no, divided.taken, -1)
        self.redemptions[redemption.redemption_id] = redemption
        self.end(hold, HoldStatus.CAPTURED, redemption.redemption_id)

    def end(self, hold: Hold, status: HoldStatus, redemption_id: str | None = None) -> None:
        assert self.holds[hold.reservation_id][1].status is HoldStatus.RESERVED, "a hold ends once"
        self.holds[hold.reservation_id] = (hold.customer_no, replace(hold, status=status, redemption_id=redemption_id))

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def release_a_hold(self, data: st.DataObject) -> None:
        _, hold = self.holds[self.pick(data, self.holds)]
        if hold.status_at(self.now) is HoldStatus.RESERVED:
            parts = decide_release(hold, self.now)
            assert not isinstance(parts, Refusal)
            self.accounts[hold.customer_no].release(parts)
            self.end(hold, HoldStatus.RELEASED)

    @rule(seconds=st.integers(10, 300))
    def let_time_pass(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        for customer_no, hold in list(self.holds.values()):
            if hold.status is HoldStatus.RESERVED and hold.status_at(self.now) is HoldStatus.EXPIRED:
                self.accounts[customer_no].release(hold.lots)
                self.end(hold, HoldStatus.EXPIRED)

    # ---- giving back

    @precondition(lambda self: self.redemptions)
    @rule(data=st.data(), how=st.sampled_from(("void", "refund", "refund", "reverse")))
    def give_back(self, data: st.DataObject, how: str) -> None:
        redemption = self.redemptions[self.pick(data, self.redemptions)]
        match how:
            case "void":
                given, origin = decide_void(redemption, self.on), origin_of_void(redemption, "MOBILE")
            case "reverse":
                assume(redemption.status is RedemptionStatus.REDEEMED)
                given, origin = reverse_redemption(redemption), origin_of_reversal(redemption, self.number(), "MOBILE")
            case _:
                points = data.draw(st.integers(1, redemption.points_left + 1))
                given = decide_refund(redemption, points)
                assert isinstance(given, Refusal) == (points > redemption.points_left)
                restored = () if isinstance(given, Refusal) else given.restored
                refund = Refund(refund_id=self.number(), redemption_id=redemption.redemption_id, points=points, restored=restored)
                origin = origin_of_refund(redemption, refund, "MOBILE")
                self.refunds += [refund] * (not isinstance(given, Refusal))
        if isinstance(given, Refusal):
            return
        self.accounts[redemption.customer_no].give(given.restored, origin)
        self.say_parts(redemption.customer_no, given.restored, 1)
        self.redemptions[redemption.redemption_id] = given.redemption

    @precondition(lambda self: self.refunds)
    @rule(data=st.data())
    def reverse_refund(self, data: st.DataObject) -> None:
        refund = self.refunds.pop(data.draw(st.integers(0, len(self.refunds) - 1)))
        redemption = self.redemptions[refund.redemption_id]
        assume(redemption.status is RedemptionStatus.REDEEMED)
        origin = origin_of_reversal(redemption, self.number(), "MOBILE")
        account = self.accounts[redemption.customer_no]
        spent = tuple(LotPart(lot, points - account.take_back(lot.point_type, points, lot, origin)) for lot, points in refund.restored)
        self.say_parts(redemption.customer_no, spent, -1)
        self.redemptions[refund.redemption_id] = spend_again(redemption, spent)

    # ---- between customers, and staff

    @rule(data=st.data(), sender=customers, receiver=customers)
    def transfer(self, data: st.DataObject, sender: str, receiver: str) -> None:
        giving, getting = self.accounts[sender], self.accounts[receiver]
        points = data.draw(st.integers(1, giving.available() // 2 + 1))
        parts = decide_transfer(giving, getting, points, NO_LIMIT, 0)
        if isinstance(parts, Refusal):
            return
        transfer = Transfer(transfer_id=self.number(), from_customer_no=sender, to_customer_no=receiver, points=points, lots=parts, business_on=self.on)
        transfer_points(giving, getting, transfer, "MOBILE")
        self.transfers.append(transfer)

    @precondition(lambda self: self.transfers)
    @rule(data=st.data())
    def reverse_transfer(self, data: st.DataObject) -> None:
        transfer = self.transfers.pop(data.draw(st.integers(0, len(self.transfers) - 1)))
        assert transfer.status is TransferStatus.TRANSFERRED
        reverse_transfer(self.accounts[transfer.from_customer_no], self.accounts[transfer.to_customer_no], transfer, self.number(), "MOBILE")

    @rule(customer_no=customers, points=st.none() | points_of, days=st.none() | st.integers(0, 4))
    def freeze(self, customer_no: str, points: int | None, days: int | None) -> None:
        account = self.accounts[customer_no]
        account.freezes += (Freeze(self.number(), points, None if days is None else self.on + timedelta(days=days)),)

    @rule(customer_no=customers)
    def lift_freezes(self, customer_no: str) -> None:
        self.accounts[customer_no].freezes = ()

    @rule(customer_no=customers, days=st.integers(0, 12))
    def extend(self, customer_no: str, days: int) -> None:
        extension = Extension(
            extension_id=self.number(), customer_no=customer_no, institution=None, expires_on=None, extend_to=self.on + timedelta(days=days), reason="test",
            asked_by="maker", asked_at=self.now,
        )  # fmt: skip
        account = self.accounts[customer_no]
        available = account.available()
        extend(account, extension)
        assert account.available() == available
        assert not any(extension.extends(lot) and state.free for lot, state in account.lots.items())

    # ---- the date

    @rule(days=st.integers(0, 5) | st.integers(25, 40))
    def advance(self, days: int) -> None:
        daily = deepcopy(self.accounts)
        for day in range(days):
            for account in daily.values():
                account.settle(self.on + timedelta(days=day + 1))
        self.on += timedelta(days=days)
        for number, account in self.accounts.items():
            account.settle(self.on)
            assert balances_of(daily[number]) == balances_of(account), "a date that is skipped changes nothing in the end"
            assert kept(daily[number]) == kept(account)

    def pick(self, data: st.DataObject, known: dict[str, Any]) -> str:
        """Return one of the known handles, the newest as often as not: most of what happens to a thing happens soon after it is made."""
        handles = list(known)
        return handles[-1] if data.draw(st.booleans()) else data.draw(st.sampled_from(handles))

    @invariant()
    def books_add_up(self) -> None:
        for account in self.accounts.values():
            self.clerk.take_down(account)
        self.clerk.check(self.accounts, self.holds.values())


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(max_examples=500 if LONG_RUN else 120, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
