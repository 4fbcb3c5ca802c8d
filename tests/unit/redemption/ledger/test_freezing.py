"""What freezes keep from being spent, and what they do not touch."""

from datetime import date

import pytest

from loyalty_shared.contracts.accrual import Cause
from redemption.domain.account import Account
from redemption.domain.applications import Application
from redemption.domain.balances import balances_of, expiring_of
from redemption.domain.entries import Kind, Origin, issued, redeemed
from redemption.domain.freezing import Freeze
from redemption.domain.lots import LotKey, LotPart, total
from redemption.domain.refusals import Refusal
from redemption.domain.spending import decide_spending

TODAY = date(2026, 3, 1)
MALL = Application(code="mall", is_open=True, minimum=None, step=None, points_max=None)
BASE = LotKey("base", None, date(2027, 12, 31), "retail", "1")
BASE_FOR_EVER = LotKey("base", None, None, "retail", "1")
BONUS = LotKey("bonus", None, None, "retail", "1")


def origin(kind: Kind, counter_account: str) -> Origin:
    return Origin(kind=kind, counter_account=counter_account, cause=Cause(kind="test", source_system="test", no="1"))


def account_of(*parts: LotPart, freezes: tuple[Freeze, ...] = ()) -> Account:
    account = Account(legal_entity="001", customer_no="C1", freezes=freezes)
    account.settle(TODAY)
    for lot, points in parts:
        account.credit(lot, points, origin(Kind.EARNED, issued("retail")))
    return account


def freeze(points: int | None, until: date | None = None, no: str = "F1") -> Freeze:
    return Freeze(no, points, until)


def test_what_would_be_spent_last_is_frozen_first() -> None:
    account = account_of(LotPart(BASE, 50), LotPart(BASE_FOR_EVER, 30), LotPart(BONUS, 20), freezes=(freeze(60),))
    assert account.frozen() == {BONUS: 20, BASE_FOR_EVER: 30, BASE: 10}
    assert (account.available(), account.available(("base",)), account.available(("bonus",))) == (40, 40, 0)
    assert account.pick(100) == (LotPart(BASE, 40),)
    assert [(shown.point_type, shown.available, shown.frozen) for shown in balances_of(account)] == [("base", 40, 40), ("bonus", 0, 20)]


def test_freezes_add_up_and_what_exceeds_the_points_holds_nothing() -> None:
    account = account_of(LotPart(BASE, 100), freezes=(freeze(30), freeze(50, no="F2")))
    assert account.available() == 20
    account.freezes = (*account.freezes, freeze(500, no="F3"))
    assert (account.available(), balances_of(account)[0].frozen) == (0, 100)
    account.credit(BASE, 1000, origin(Kind.EARNED, issued("retail")))
    assert account.available() == 520


@pytest.mark.parametrize(("points", "available"), [(None, 0), (30, 70)])
def test_a_freeze_stands_on_its_last_date_and_ends_by_itself(points: int | None, available: int) -> None:
    account = account_of(LotPart(BASE, 100), freezes=(freeze(points, until=date(2026, 3, 2)),))
    account.settle(date(2026, 3, 2))
    assert (account.available(), account.is_frozen) == (available, points is None)
    account.settle(date(2026, 3, 3))
    assert (account.available(), account.is_frozen) == (100, False)


def test_nothing_is_spent_from_a_wholly_frozen_account() -> None:
    account = account_of(LotPart(BASE, 100), freezes=(freeze(None),))
    assert decide_spending(account, MALL, 1, None) is Refusal.ACCOUNT_FROZEN
    assert account.pick(1) == ()


def test_a_partial_freeze_leaves_the_rest_to_spend() -> None:
    account = account_of(LotPart(BASE, 100), freezes=(freeze(30),))
    assert decide_spending(account, MALL, 71, None) is Refusal.INSUFFICIENT_POINTS
    assert decide_spending(account, MALL, 70, None) == (LotPart(BASE, 70),)


def test_what_was_held_before_a_freeze_is_captured_and_what_is_released_is_frozen() -> None:
    account = account_of(LotPart(BASE, 100))
    parts = account.pick(60)
    account.hold(parts)
    account.freezes = (freeze(None),)
    assert balances_of(account)[0].held == 60
    assert balances_of(account)[0].frozen == 40
    account.capture((LotPart(BASE, 25),), origin(Kind.REDEEMED, redeemed("mall")))
    account.release((LotPart(BASE, 35),))
    shown = balances_of(account)[0]
    assert (shown.available, shown.held, shown.frozen, shown.used) == (0, 0, 75, 25)


def test_claw_backs_take_frozen_points() -> None:
    account = account_of(LotPart(BASE, 100), freezes=(freeze(None),))
    account.take_back("base", 70, BASE, origin(Kind.CLAWED_BACK, issued("retail")))
    shown = balances_of(account)[0]
    assert (shown.available, shown.frozen, shown.arrears) == (0, 30, 0)


def test_frozen_points_lapse() -> None:
    account = account_of(LotPart(BASE, 100), freezes=(freeze(40),))
    assert [(expiring.expires_on, expiring.points) for expiring in expiring_of(account)] == [(BASE.expires_on, 100)]
    account.settle(date(2028, 1, 1))
    shown = balances_of(account)[0]
    assert (shown.available, shown.frozen, shown.expired) == (0, 0, 100)


def test_pending_points_are_not_frozen_until_they_are_available() -> None:
    bucket = BASE._replace(available_on=date(2026, 3, 2))
    account = account_of(LotPart(bucket, 100), freezes=(freeze(40),))
    shown = balances_of(account)[0]
    assert (shown.pending, shown.frozen) == (100, 0)
    account.settle(date(2026, 3, 2))
    assert (account.available(), balances_of(account)[0].frozen, total(account.pick(100))) == (60, 40, 60)
