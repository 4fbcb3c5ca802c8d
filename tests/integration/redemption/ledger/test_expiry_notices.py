"""Customers are told of points that will lapse: so many days ahead, once for each last date."""

from datetime import date, timedelta

import msgspec
import pytest

from loyalty_shared.contracts.redemption import NoticeRaisedV1
from redemption.adapters.notices import NoticesTopic, SqlNoticesWork
from redemption.adapters.unit_of_work import begin_on
from redemption.application import raise_notices
from redemption.application.raise_notices import RaiseNotices
from redemption.application.settle_accounts import DateNotReached
from support.ledger import MARCH_1, Ledger, earned


def tell(ledger: Ledger, on: date | None = None) -> int:
    return RaiseNotices(begin_on(ledger.database, SqlNoticesWork), ledger.clock)("001", on)


def told(ledger: Ledger) -> list[tuple[str, int, date, date]]:
    with ledger.database.transaction() as cursor:
        cursor.execute("select batch_no from outgoing_batch order by 1")
        records = list(NoticesTopic().read(cursor, [row[0] for row in cursor.fetchall()]))
    notices = [msgspec.json.decode(record.value or b"", type=NoticeRaisedV1) for record in records]
    return [(notice.customer_no, notice.points, notice.expires_on, notice.raised_on) for notice in notices]


def test_each_customer_is_told_once_of_each_last_date(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raise_notices, "NOTICES_PER_TRANSACTION", 2)
    soon, later = MARCH_1 + timedelta(days=30), MARCH_1 + timedelta(days=31)
    sliding = msgspec.structs.replace(earned(40, "C3", expires_on=date(2026, 4, 1)), expiry_policy="sliding_months:1", transaction_on=date(2026, 2, 15))
    ledger.credit(
        earned(10, "C1", expires_on=soon), earned(5, "C1", point_type="bonus", expires_on=soon), earned(7, "C1", expires_on=later), earned(9, "C2"), sliding,
        earned(20, "C2", expires_on=soon),
    )  # fmt: skip
    assert [tell(ledger), tell(ledger)] == [3, 0]
    assert told(ledger) == [("C3", 40, date(2026, 3, 15), MARCH_1), ("C1", 15, soon, MARCH_1), ("C2", 20, soon, MARCH_1)]
    ledger.advance(MARCH_1 + timedelta(days=1))
    ledger.credit(earned(100, "C1", expires_on=soon))
    assert tell(ledger, MARCH_1 + timedelta(days=1)) == 1
    assert told(ledger)[3:] == [("C1", 7, later, date(2026, 3, 2))]


def test_the_parameter_says_how_many_days_ahead(ledger: Ledger) -> None:
    ledger.credit(earned(10, "C1", expires_on=date(2026, 3, 4)), earned(10, "C2", expires_on=date(2026, 3, 5)))
    with ledger.database.transaction() as cursor:
        cursor.execute("insert into parameter (legal_entity, name, effective_on, value) values ('001', 'expiry-notice-days', '2026-03-01', '3')")
    assert tell(ledger) == 1
    assert [notice[0] for notice in told(ledger)] == ["C1"]
    with pytest.raises(DateNotReached):
        tell(ledger, date(2026, 3, 2))
