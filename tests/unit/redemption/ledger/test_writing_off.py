"""What a write-off changes of an account that owes."""

from datetime import UTC, date, datetime

import pytest

from loyalty_shared.contracts.accrual import Cause
from redemption.domain.account import Account
from redemption.domain.balances import balances_of
from redemption.domain.entries import Kind, Origin, issued
from redemption.domain.writing_off import WriteOff, write_off

AT = datetime(2026, 3, 1, 4, tzinfo=UTC)


def owing(points: int) -> Account:
    account = Account(legal_entity="001", customer_no="C1")
    account.settle(date(2026, 3, 1))
    account.take_back(
        "base", points, None, Origin(kind=Kind.CLAWED_BACK, counter_account=issued("retail"), cause=Cause(kind="refund", source_system="core", no="1"))
    )
    return account


def asked(points: int) -> WriteOff:
    return WriteOff(write_off_id="W1", customer_no="C1", point_type="base", points=points, reason="died", made_by="maker", made_at=AT)


@pytest.mark.parametrize(("wanted", "written_off", "left"), [(100, 60, 0), (60, 60, 0), (25, 25, 35)])
def test_arrears_go_and_the_sum_of_postings_rises(wanted: int, written_off: int, left: int) -> None:
    account = owing(60)
    assert write_off(account, asked(wanted)) == written_off
    entry = account.entries[-1]
    assert (entry.origin.kind, entry.points, entry.lots, entry.balance_after) == (Kind.WRITTEN_OFF, written_off, (), -left)
    assert (entry.debit_account, entry.credit_account) == ("issued:bank", "customer:base")
    shown = balances_of(account)[0]
    assert (shown.available, shown.arrears, shown.earned) == (0, left, -left)


def test_where_nothing_is_owed_nothing_is_posted() -> None:
    account = owing(60)
    account.entries.clear()
    assert write_off(account, WriteOff(write_off_id="W1", customer_no="C1", point_type="bonus", points=5, reason="", made_by="", made_at=AT)) == 0
    assert account.entries == []
