"""Points that lapse only when their customer has done nothing for so many months."""

from datetime import date

import pytest

from loyalty_shared.contracts.accrual import Cause
from redemption.domain.account import Account
from redemption.domain.balances import balances_of, expiring_of
from redemption.domain.entries import Kind, Origin, issued, redeemed
from redemption.domain.lots import LotKey, LotPart, lot_id_of, lot_key_from
from redemption.domain.sliding import months_after, sliding_months_of

SLIDING = LotKey("base", None, None, "retail", "1", 12)
CAUSE = Cause(kind="test", source_system="test", no="1")


def earned_on(on: date) -> Origin:
    return Origin(kind=Kind.EARNED, counter_account=issued("retail"), cause=CAUSE, occurred_on=on)


def of_kind(kind: Kind) -> Origin:
    return Origin(kind=kind, counter_account=redeemed("mall") if kind in (Kind.REDEEMED, Kind.RESTORED) else issued("bank"), cause=CAUSE)


def account_with_points(earned: date = date(2026, 3, 1), on: date = date(2026, 3, 1)) -> Account:
    account = Account(legal_entity="001", customer_no="C1")
    account.settle(on)
    account.credit(SLIDING, 100, earned_on(earned))
    return account


def spend(account: Account, points: int) -> None:
    parts = account.pick(points)
    account.hold(parts)
    account.capture(parts, of_kind(Kind.REDEEMED))


def last_dates(account: Account) -> list[tuple[date, int]]:
    return [(shown.expires_on, shown.points) for shown in expiring_of(account)]


def test_the_last_date_is_counted_from_the_transaction_until_there_is_a_later_activity() -> None:
    account = account_with_points(earned=date(2026, 1, 31), on=date(2026, 3, 1))
    assert last_dates(account) == [(date(2027, 1, 31), 100)]
    account.credit(SLIDING, 5, earned_on(date(2025, 12, 1)))
    assert last_dates(account) == [(date(2027, 1, 31), 105)], "what happened before moves nothing back"
    account.settle(date(2026, 6, 5))
    spend(account, 10)
    assert last_dates(account) == [(date(2027, 6, 5), 95)]


@pytest.mark.parametrize("kind", [Kind.EARNED, Kind.GRANTED])
def test_any_credit_of_the_customers_keeps_the_points(kind: Kind) -> None:
    account = account_with_points()
    account.settle(date(2026, 9, 9))
    account.credit(LotKey("bonus", None, None, "bank", ""), 1, of_kind(kind))
    assert last_dates(account) == [(date(2027, 9, 9), 100)]


def test_claw_backs_and_givings_back_are_no_activity() -> None:
    account = account_with_points()
    spend(account, 30)
    account.settle(date(2026, 9, 9))
    account.take_back("base", 10, SLIDING, of_kind(Kind.CLAWED_BACK))
    account.give((LotPart(SLIDING, 30),), of_kind(Kind.RESTORED))
    assert last_dates(account) == [(date(2027, 3, 1), 90)]


def test_they_lapse_when_the_customer_has_done_nothing_and_not_before() -> None:
    account = account_with_points()
    account.settle(date(2027, 3, 1))
    assert account.available() == 100
    account.settle(date(2027, 3, 2))
    assert (account.available(), balances_of(account)[0].expired) == (0, 100)
    account.credit(SLIDING, 7, earned_on(date(2027, 3, 2)))
    assert last_dates(account) == [(date(2028, 3, 2), 7)]


def test_points_that_arrive_when_their_time_is_over_are_credited_and_expired_together() -> None:
    account = account_with_points(earned=date(2025, 1, 1), on=date(2026, 3, 1))
    assert [(entry.origin.kind, entry.points) for entry in account.entries] == [(Kind.EARNED, 100), (Kind.EXPIRED, -100)]


def test_they_are_spent_by_their_last_date_as_any_others() -> None:
    account = account_with_points()
    sooner, later = LotKey("base", None, date(2026, 12, 31), "retail", "1"), LotKey("base", None, date(2027, 12, 31), "retail", "1")
    for lot in (sooner, later):
        account.credit(lot, 10, of_kind(Kind.EARNED))
    assert [part.lot for part in account.pick(120)] == [sooner, SLIDING, later]


def test_a_lots_handle_stays_while_its_last_date_moves() -> None:
    assert lot_id_of(SLIDING) == "base:sliding-12:retail:1"
    assert lot_key_from(lot_id_of(SLIDING)) == SLIDING


@pytest.mark.parametrize(
    ("on", "months", "last"), [(date(2026, 1, 31), 1, date(2026, 2, 28)), (date(2027, 12, 15), 2, date(2028, 2, 15)), (date(2026, 3, 1), 12, date(2027, 3, 1))]
)
def test_months_are_counted_to_the_same_day_or_the_months_last(on: date, months: int, last: date) -> None:
    assert months_after(on, months) == last


def test_only_a_sliding_policy_slides() -> None:
    assert [sliding_months_of(policy) for policy in ("never", "calendar_years:5", "months:3:day", "sliding_months:18")] == [0, 0, 0, 18]
