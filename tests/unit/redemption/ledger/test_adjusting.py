"""What adjustments give and take of an account."""

from datetime import date

import pytest

from loyalty_shared.contracts.accrual import Cause
from loyalty_shared.kernel.points import POINTS_MAX
from redemption.domain.account import Account
from redemption.domain.adjusting import adjust, cause_of_adjustment
from redemption.domain.balances import Balance, balances_of
from redemption.domain.entries import Kind, Origin, issued
from redemption.domain.freezing import Freeze
from redemption.domain.lots import LotKey, LotPart
from redemption.domain.point_types import PointType
from redemption.domain.refusals import Refusal

TODAY = date(2026, 3, 1)
BASE = PointType(code="base", spending_priority=1)
MAY_OWE = PointType(code="base", spending_priority=1, negative_allowed=True)
RETAIL = LotKey("base", None, date(2027, 12, 31), "retail", "1")
CARDS = LotKey("base", None, None, "cards", "1")
CAUSE = cause_of_adjustment("A1")


def account_of(*parts: LotPart) -> Account:
    account = Account(legal_entity="001", customer_no="C1")
    account.settle(TODAY)
    for lot, points in parts:
        account.credit(lot, points, Origin(kind=Kind.EARNED, counter_account=issued(lot.party), cause=Cause(kind="test", source_system="test", no="1")))
    account.entries.clear()
    return account


def base(account: Account) -> Balance:
    return next(shown for shown in balances_of(account) if shown.point_type == "base")


def test_given_points_are_the_banks_and_expire_as_asked() -> None:
    account = account_of()
    assert adjust(account, 50, BASE, date(2026, 12, 31), CAUSE) is None
    (entry,) = account.entries
    assert (entry.origin.kind, entry.points, entry.debit_account, entry.credit_account) == (Kind.ADJUSTED, 50, "issued:bank", "customer:base")
    assert entry.lots == (LotPart(LotKey("base", None, date(2026, 12, 31), "bank", ""), 50),)
    assert (base(account).available, base(account).earned) == (50, 50)


def test_points_are_taken_in_the_order_of_spending_from_the_parties_that_funded_them() -> None:
    account = account_of(LotPart(CARDS, 30), LotPart(RETAIL, 40))
    assert adjust(account, -60, BASE, None, CAUSE) is None
    taken = [(entry.points, entry.credit_account, entry.lots) for entry in account.entries]
    assert taken == [(-40, "issued:retail", (LotPart(RETAIL, -40),)), (-20, "issued:cards", (LotPart(CARDS, -20),))]
    assert (base(account).available, base(account).earned, base(account).used) == (10, 10, 0)


def test_held_points_are_not_taken() -> None:
    account = account_of(LotPart(RETAIL, 40))
    account.hold((LotPart(RETAIL, 30),))
    assert adjust(account, -11, BASE, None, CAUSE) is Refusal.INSUFFICIENT_POINTS
    assert account.entries == []
    assert adjust(account, -10, BASE, None, CAUSE) is None


@pytest.mark.parametrize("point_type", [BASE, MAY_OWE])
def test_frozen_points_are_not_taken(point_type: PointType) -> None:
    account = account_of(LotPart(RETAIL, 40))
    account.freezes = (Freeze("F1", 30, None),)
    assert adjust(account, -11, point_type, None, CAUSE) is Refusal.INSUFFICIENT_POINTS
    account.freezes = (Freeze("F1", None, None),)
    assert adjust(account, -1, point_type, None, CAUSE) is Refusal.ACCOUNT_FROZEN
    assert account.entries == []


def test_a_type_that_may_go_negative_owes_what_is_missing() -> None:
    account = account_of(LotPart(RETAIL, 40))
    assert adjust(account, -100, MAY_OWE, None, CAUSE) is None
    assert [(entry.points, entry.credit_account) for entry in account.entries] == [(-40, "issued:retail"), (-60, "issued:bank")]
    assert (base(account).available, base(account).arrears) == (0, 60)


def test_balances_stay_numbers_that_every_reader_keeps_exact() -> None:
    account = account_of(LotPart(RETAIL, 1))
    assert adjust(account, POINTS_MAX, BASE, None, CAUSE) is Refusal.LIMIT_EXCEEDED
    assert adjust(account, POINTS_MAX - 1, BASE, None, CAUSE) is None
    owing = account_of()
    assert adjust(owing, -POINTS_MAX, MAY_OWE, None, CAUSE) is None
    assert adjust(owing, -1, MAY_OWE, None, CAUSE) is Refusal.LIMIT_EXCEEDED
