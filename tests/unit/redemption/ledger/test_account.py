"""What an account does with points: pending, available, lapsed, held, owed (contracts.md section 5; the lot vectors of vectors.json)."""

from datetime import date, timedelta

import pytest

from loyalty_shared.contracts.accrual import Cause, CostBearer
from redemption.domain.account import Account
from redemption.domain.balances import Balance, balances_of, expiring_of
from redemption.domain.entries import Kind, Origin, issued, redeemed
from redemption.domain.lots import LotKey, LotPart, last_taken, lot_id_of, lot_key_from, party_of
from redemption.domain.lots import total as total_of

MARCH_1 = date(2026, 3, 1)
EARNED = Origin(kind=Kind.EARNED, counter_account=issued("retail"), cause=Cause(kind="transaction", source_system="core", no="1"))
CLAWED_BACK = Origin(kind=Kind.CLAWED_BACK, counter_account=issued("retail"), cause=Cause(kind="refund", source_system="core", no="2"))
REDEEMED = Origin(kind=Kind.REDEEMED, counter_account=redeemed("mall"), cause=Cause(kind="redemption", source_system="MOBILE", no="3"), application="mall")
RESTORED = Origin(kind=Kind.RESTORED, counter_account=redeemed("mall"), cause=Cause(kind="refund", source_system="MOBILE", no="4"), application="mall")


def lot(expires_on: date | None = None, *, available_on: date | None = None, point_type: str = "base", party: str = "retail") -> LotKey:
    return LotKey(point_type, available_on, expires_on, party, "450100")


def account(on: date = MARCH_1) -> Account:
    opened = Account(legal_entity="001", customer_no="C1")
    opened.settle(on)
    return opened


def redeem(spender: Account, points: int) -> tuple[LotPart, ...]:
    parts = spender.pick(points)
    spender.hold(parts)
    spender.capture(parts, REDEEMED)
    return parts


def balance(holder: Account, point_type: str = "base") -> Balance:
    return next(shown for shown in balances_of(holder) if shown.point_type == point_type)


def kinds(holder: Account) -> list[tuple[Kind, int]]:
    return [(entry.origin.kind, entry.points) for entry in holder.entries]


def test_earliest_expiry_is_spent_first_and_permanent_points_last() -> None:
    spender = account()
    permanent, first, second = lot(None), lot(date(2026, 12, 31)), lot(date(2027, 12, 31))
    for key, points in ((permanent, 50), (first, 30), (second, 40)):
        spender.credit(key, points, EARNED)
    taken = redeem(spender, 60)
    assert taken == (LotPart(first, 30), LotPart(second, 30))
    assert [spender.lots[key].points for key in (permanent, first, second)] == [50, 0, 10]


def test_base_points_are_spent_before_bonus_points_whatever_expires_first() -> None:
    spender = account()
    spender.credit(lot(date(2026, 3, 2), point_type="bonus"), 10, EARNED)
    spender.credit(lot(None), 10, EARNED)
    assert [part.lot.point_type for part in spender.pick(20)] == ["base", "bonus"]
    assert total_of(spender.pick(20, ("bonus",))) == 10


@pytest.mark.parametrize(("cancelled_on_day", "available", "expired"), [(7, 100, 0), (12, 0, 100)])
def test_a_cancelled_redemption_restores_its_lots_and_what_has_lapsed_is_unusable(cancelled_on_day: int, available: int, expired: int) -> None:
    spender = account()
    spender.credit(lot(MARCH_1 + timedelta(days=10)), 100, EARNED)
    spender.settle(MARCH_1 + timedelta(days=5))
    parts = redeem(spender, 100)
    spender.settle(MARCH_1 + timedelta(days=cancelled_on_day))
    spender.give(last_taken(parts, 100), RESTORED)
    assert (balance(spender).available, balance(spender).expired, balance(spender).used) == (available, expired, 0)


def test_the_last_date_is_a_date_of_use_and_the_next_is_not() -> None:
    holder = account()
    holder.credit(lot(date(2026, 12, 31)), 10, EARNED)
    holder.settle(date(2026, 12, 31))
    assert holder.available() == 10
    assert [(shown.expires_on, shown.points) for shown in expiring_of(holder)] == [(date(2026, 12, 31), 10)]
    holder.settle(date(2027, 1, 1))
    assert (holder.available(), balance(holder).expired) == (0, 10)


def test_pending_points_become_available_on_their_first_date() -> None:
    holder = account()
    holder.credit(lot(None, available_on=date(2026, 3, 3)), 10, EARNED)
    assert (balance(holder).available, balance(holder).pending) == (0, 10)
    holder.settle(date(2026, 3, 2))
    assert balance(holder).pending == 10
    holder.settle(date(2026, 3, 3))
    assert (balance(holder).available, balance(holder).pending) == (10, 0)
    assert kinds(holder) == [(Kind.EARNED, 10)], "maturing moves nothing between customer and bank"


def test_points_that_arrive_lapsed_are_credited_and_expired_together_and_repay_nothing() -> None:
    holder = account()
    holder.take_back("base", 5, None, CLAWED_BACK)
    holder.credit(lot(date(2026, 2, 28), available_on=date(2026, 2, 1)), 10, EARNED)
    holder.credit(lot(date(2026, 2, 28), available_on=date(2026, 3, 9)), 10, EARNED)
    assert kinds(holder)[1:] == [(Kind.EARNED, 10), (Kind.EXPIRED, -10)] * 2
    assert (balance(holder).arrears, balance(holder).expired, balance(holder).available) == (5, 20, 0)


def test_taking_back_begins_with_the_pending_points_of_the_earning() -> None:
    holder = account()
    bucket = lot(None, available_on=date(2026, 3, 3))
    holder.credit(bucket, 10, EARNED)
    holder.credit(lot(None), 10, EARNED)
    holder.take_back("base", 15, bucket, CLAWED_BACK)
    assert (balance(holder).pending, balance(holder).available) == (0, 5)
    assert holder.entries[-1].lots == (LotPart(bucket, -10), LotPart(lot(None), -5))


def test_taking_back_goes_to_the_own_lot_then_what_of_it_lapsed_then_other_lots_then_arrears() -> None:
    holder = account()
    own, other = lot(date(2026, 3, 5)), lot(None)
    holder.credit(own, 30, EARNED)
    holder.credit(other, 10, EARNED)
    redeem(holder, 12)
    held = holder.pick(4)
    holder.hold(held)
    holder.settle(date(2026, 3, 6))  # 14 of the own lot lapse; 4 are held in it
    assert holder.lots[own].lapsed == 14
    excused = holder.take_back("base", 20, own, CLAWED_BACK)
    assert excused == 14
    assert (holder.entries[-1].points, holder.entries[-1].lots) == (-6, (LotPart(other, -6),))
    excused = holder.take_back("base", 9, own, CLAWED_BACK)
    assert excused == 0, "each lapsed point excuses one point only"
    assert (balance(holder).available, balance(holder).arrears, balance(holder).held) == (0, 5, 4)


def test_arrears_are_repaid_by_the_next_points_of_the_type_that_become_available() -> None:
    holder = account()
    holder.take_back("base", 30, None, CLAWED_BACK)
    holder.credit(lot(None, point_type="bonus"), 100, EARNED)
    holder.credit(lot(None, available_on=date(2026, 3, 3)), 10, EARNED)
    assert (balance(holder).arrears, balance(holder, "bonus").available) == (30, 100)
    holder.credit(lot(None), 12, EARNED)
    assert (balance(holder).arrears, balance(holder).available) == (18, 0)
    holder.settle(date(2026, 3, 3))
    assert (balance(holder).arrears, balance(holder).available, balance(holder).pending) == (8, 0, 0)
    assert kinds(holder)[-1] == (Kind.REPAID, 0)
    holder.credit(lot(None), 9, EARNED)
    assert (balance(holder).arrears, balance(holder).available) == (0, 1)
    assert not holder.arrears


def test_released_points_repay_arrears_and_lapse_at_once() -> None:
    holder = account()
    holder.credit(lot(None), 10, EARNED)
    holder.credit(lot(date(2026, 3, 2)), 10, EARNED)
    parts = holder.pick(20)
    holder.hold(parts)
    holder.take_back("base", 4, lot(None), CLAWED_BACK)
    assert balance(holder).arrears == 4
    holder.settle(date(2026, 3, 3))
    assert (balance(holder).held, balance(holder).expired) == (20, 0)
    holder.release(parts)
    assert (balance(holder).held, balance(holder).expired, balance(holder).arrears, balance(holder).available) == (0, 10, 0, 6)


def test_held_points_can_be_captured_after_their_last_date() -> None:
    holder = account()
    holder.credit(lot(date(2026, 3, 2)), 10, EARNED)
    parts = holder.pick(10)
    holder.hold(parts)
    holder.settle(date(2026, 3, 9))
    holder.capture(parts, REDEEMED)
    assert (balance(holder).used, balance(holder).expired, balance(holder).held) == (10, 0, 0)


def test_restored_points_repay_arrears() -> None:
    holder = account()
    holder.credit(lot(None), 10, EARNED)
    parts = redeem(holder, 10)
    holder.take_back("base", 10, lot(None), CLAWED_BACK)
    holder.give(parts, RESTORED)
    assert (balance(holder).arrears, balance(holder).available, balance(holder).earned, balance(holder).used) == (0, 0, 0, 0)


def test_points_that_would_have_matured_on_a_date_that_was_skipped_repaid_arrears_on_it() -> None:
    holder = account()
    holder.take_back("base", 4, None, CLAWED_BACK)
    holder.credit(lot(date(2026, 3, 5), available_on=date(2026, 3, 3)), 10, EARNED)
    holder.settle(date(2026, 3, 20))
    assert (balance(holder).arrears, balance(holder).expired) == (0, 6)


def test_more_is_neither_held_nor_released_nor_restored_than_there_is() -> None:
    holder = account()
    holder.credit(lot(None), 10, EARNED)
    with pytest.raises(ValueError, match="11 points held of 10"):
        holder.hold((LotPart(lot(None), 11),))
    with pytest.raises(ValueError, match="more points were to be released"):
        account().release((LotPart(lot(None), 1),))
    with pytest.raises(ValueError, match="were to come back"):
        last_taken((LotPart(lot(None), 5),), 6)


def test_what_was_taken_last_comes_back_first() -> None:
    parts = (LotPart(lot(date(2026, 12, 31)), 30), LotPart(lot(None), 30))
    assert last_taken(parts, 40) == (LotPart(lot(None), 30), LotPart(lot(date(2026, 12, 31)), 10))


@pytest.mark.parametrize("key", [lot(None), lot(date(2030, 12, 31), party="a:b+c=60 %"), lot(date(2030, 12, 31), point_type="钱:点")])
def test_a_lots_handle_names_it_and_outlives_its_pending_time(key: LotKey) -> None:
    assert lot_key_from(lot_id_of(key)) == key
    assert lot_id_of(key._replace(available_on=MARCH_1)) == lot_id_of(key)


def test_shared_cost_is_a_party_of_its_own() -> None:
    assert party_of((CostBearer(party="retail", percent=100),)) == "retail"
    assert party_of((CostBearer(party="retail", percent=60), CostBearer(party="card", percent=40))) == "card=40+retail=60"


def test_points_that_lapsed_before_they_matured_excuse_their_claw_back() -> None:
    holder = account()
    bucket = lot(MARCH_1 + timedelta(days=2), available_on=MARCH_1 + timedelta(days=5))
    holder.credit(bucket, 100, EARNED)
    holder.settle(MARCH_1 + timedelta(days=3))
    assert holder.take_back("base", 50, bucket, CLAWED_BACK) == 50
    assert holder.take_back("base", 60, bucket, CLAWED_BACK) == 50, "each lapsed point excuses one point only"
    assert holder.arrears == {"base": 10}
