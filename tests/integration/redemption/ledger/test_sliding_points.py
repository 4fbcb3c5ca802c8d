"""Sliding points on a real database: credited by the batch path, moved by every activity, expired by the job."""

from datetime import date

import msgspec

from loyalty_shared.contracts.accrual import PointsEarnedV1
from loyalty_shared.contracts.redemption import EntryPostedV1
from redemption.adapters.account_queries import find_account_as_of, moment_of
from redemption.adapters.outgoing import LedgerTopic
from redemption.application.settle_accounts import Due
from redemption.domain.balances import expiring_of
from support.ledger import MARCH_1, Ledger, clawed_back, earned


def sliding(points: int, customer_no: str = "C1", on: date = MARCH_1, months: int = 12) -> PointsEarnedV1:
    event = earned(points, customer_no, expires_on=date(on.year + 1, on.month, on.day), available_on=on)
    return msgspec.structs.replace(event, transaction_on=on, expiry_policy=f"sliding_months:{months}")


def last_dates(ledger: Ledger, customer_no: str = "C1") -> list[tuple[date, int]]:
    return [(shown.expires_on, shown.points) for shown in expiring_of(ledger.account(customer_no))]


def test_every_activity_moves_the_last_date_and_the_job_expires_what_was_left_alone(ledger: Ledger) -> None:
    ledger.credit(sliding(100, "C1"), sliding(50, "C1", months=24), sliding(70, "C2"), earned(5, "C3"))
    assert last_dates(ledger) == [(date(2027, 3, 1), 100), (date(2028, 3, 1), 50)]
    ledger.advance(date(2026, 9, 1))
    in_autumn = msgspec.structs.replace(earned(3, "C1"), transaction_on=date(2026, 8, 31))
    ledger.credit(in_autumn, earned(1, "C3"))
    assert last_dates(ledger) == [(date(2027, 8, 31), 100), (date(2028, 8, 31), 50)]
    assert ledger.rows("select customer_no, slides_to::text from lot where slides_to is not null order by slides_to") == [
        ("C2", "2027-03-01"), ("C1", "2027-08-31"), ("C1", "2028-08-31"),
    ]  # fmt: skip
    assert ledger.rows("select customer_no, active_on::text from account order by 1") == [("C1", "2026-08-31"), ("C2", "2026-03-01"), ("C3", None)]
    ledger.advance(date(2027, 3, 2))
    assert ledger.settle("001", Due.EXPIRED) == 1
    ledger.advance(date(2027, 9, 1))
    assert ledger.settle("001", Due.EXPIRED) == 1
    assert ledger.settle("001", Due.EXPIRED) == 0
    assert [(ledger.balance(no).available, ledger.balance(no).expired) for no in ("C1", "C2", "C3")] == [(53, 100), (0, 70), (6, 0)]
    assert not ledger.violations()


def test_a_claw_back_finds_the_sliding_lot_of_its_earning_and_is_no_activity(ledger: Ledger) -> None:
    purchase = sliding(100)
    ledger.credit(purchase, earned(10))
    ledger.advance(date(2026, 9, 1))
    back = msgspec.structs.replace(clawed_back(40, purchase), expiry_policy=purchase.expiry_policy, transaction_on=date(2026, 9, 1))
    ledger.credit(back)
    assert last_dates(ledger) == [(date(2027, 3, 1), 60)]
    assert ledger.balance().available == 70
    assert not ledger.violations()


def test_points_whose_time_is_over_when_they_arrive_are_expired_with_their_credit(ledger: Ledger) -> None:
    ledger.credit(sliding(30, on=date(2025, 2, 1)))
    assert list(ledger.entries()) == [("earned", 30), ("expired", -30)]
    assert not ledger.violations()


def test_what_was_can_be_asked_and_what_is_published_tells_enough_to_work_it_out_elsewhere(ledger: Ledger) -> None:
    ledger.credit(sliding(100))
    ledger.advance(date(2026, 9, 1))
    ledger.credit(msgspec.structs.replace(earned(3), transaction_on=date(2026, 9, 1)))
    with ledger.database.transaction() as cursor:
        moment = moment_of(cursor, "001", MARCH_1, None, date(2026, 9, 1))  # type: ignore[arg-type]  # no zone is needed where the day's close is known
        then = find_account_as_of(cursor, "001", "C1", moment)
        cursor.execute("select batch_no from outgoing_batch order by 1")
        records = list(LedgerTopic().read(cursor, [row[0] for row in cursor.fetchall()]))
    assert then is not None
    assert [(shown.expires_on, shown.points) for shown in expiring_of(then)] == [(date(2027, 3, 1), 100)]
    entries = [msgspec.json.decode(record.value or b"", type=EntryPostedV1) for record in records if record.type.endswith("entry.posted.v1")]
    assert [(entry.lots[0].sliding_months, entry.lots[0].expires_on, entry.active_on) for entry in entries] == [
        (12, None, MARCH_1), (0, None, date(2026, 9, 1)),
    ]  # fmt: skip
