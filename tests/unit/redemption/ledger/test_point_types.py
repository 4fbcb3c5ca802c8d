"""Point types: what an entity begins with, and what its parameter makes of the order of spending."""

from datetime import date
from typing import Any

from console.domain.parameters import PARAMETERS, value_faults
from loyalty_shared.contracts.accrual import Cause
from redemption.domain.account import Account
from redemption.domain.balances import balances_of
from redemption.domain.entries import Kind, Origin, issued
from redemption.domain.freezing import Freeze
from redemption.domain.lots import FIRST_SPENDING_ORDER, LotKey
from redemption.domain.point_types import FIRST_POINT_TYPES, point_types_from, spending_order_of

TODAY = date(2026, 3, 1)
ORIGIN = Origin(kind=Kind.EARNED, counter_account=issued("retail"), cause=Cause(kind="test", source_system="test", no="1"))
STATED: dict[str, dict[str, Any]] = {
    "miles": {"spending_priority": 1, "names": {"en": "Miles"}, "cost_minor_per_point": 0.5, "negative_allowed": True},
    "base": {"spending_priority": 9},
}


def account_of(*types: str, order: dict[str, int] | None = None) -> Account:
    account = Account(legal_entity="001", customer_no="C1", spending_order=order or FIRST_SPENDING_ORDER)
    account.settle(TODAY)
    for point_type in types:
        account.credit(LotKey(point_type, None, None, "retail", "1"), 10, ORIGIN)
    return account


def test_what_the_console_says_holds_is_what_holds_here() -> None:
    parameter = PARAMETERS["point-types"]
    assert point_types_from(parameter.default) == FIRST_POINT_TYPES == point_types_from(None)
    assert spending_order_of(FIRST_POINT_TYPES) == FIRST_SPENDING_ORDER
    assert value_faults(parameter, STATED) == []


def test_a_stated_type_is_as_stated() -> None:
    miles = point_types_from(STATED)["miles"]
    assert (miles.names, miles.cost_minor_per_point, miles.negative_allowed) == ({"en": "Miles"}, "0.5", True)
    base = point_types_from(STATED)["base"]
    assert (base.names, base.cost_minor_per_point, base.negative_allowed) == ({}, None, False)


def test_points_are_spent_shown_and_frozen_by_the_priority_of_their_type_and_unnamed_ones_last() -> None:
    order = dict(spending_order_of(point_types_from(STATED)))
    account = account_of("bonus", "base", "miles", "airline", order=order)
    assert [lot.point_type for lot, _ in account.pick(40)] == ["miles", "base", "airline", "bonus"]
    assert [shown.point_type for shown in balances_of(account)] == ["miles", "base", "airline", "bonus"]
    account.freezes = (Freeze("F1", 15, None),)
    assert {lot.point_type: points for lot, points in account.frozen().items()} == {"bonus": 10, "airline": 5}


def test_until_something_is_stated_base_comes_first_then_bonus_qualifying_and_campaign() -> None:
    account = account_of("campaign", "other", "qualifying", "bonus", "base")
    assert [lot.point_type for lot, _ in account.pick(50)] == ["base", "bonus", "qualifying", "campaign", "other"]
