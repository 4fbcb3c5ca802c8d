"""The day: what its advance makes of points, what it publishes, and the jobs that post it."""

import json
import threading
from datetime import date

import msgspec
import pytest

from loyalty_shared.contracts.console import BusinessDateAdvancedV1
from loyalty_shared.contracts.redemption import EntryPostedV1
from loyalty_shared.messaging.records import Batch
from redemption.adapters.outgoing import DAY_CLOSED, LedgerTopic, SpendsTopic
from redemption.application import settle_accounts
from redemption.application.settle_accounts import DateNotReached, Due
from redemption.entrypoints.events import subscriptions
from support.ledger import MARCH_1, Ledger, clawed_back, earned

MARCH_2 = date(2026, 3, 2)
MARCH_3 = date(2026, 3, 3)


def test_a_new_date_makes_pending_points_available_and_lapsed_ones_unspendable_at_once(ledger: Ledger) -> None:
    ledger.credit(earned(10, available_on=MARCH_2), earned(20, expires_on=MARCH_1))
    assert (ledger.balance().available, ledger.balance().pending) == (20, 10)
    ledger.advance(MARCH_2)
    assert (ledger.balance().available, ledger.balance().pending, ledger.balance().expired) == (10, 0, 20)
    assert list(ledger.entries()) == [("earned", 10), ("earned", 20)], "nothing had to be posted for that"


def test_jobs_post_what_is_so_and_a_second_run_changes_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle_accounts, "ACCOUNTS_PER_TRANSACTION", 3)  # several transactions with few accounts
    ledger.credit(*(earned(10, f"C{number}", available_on=MARCH_2, expires_on=MARCH_2) for number in range(10)), earned(1, "C1"))
    ledger.advance(MARCH_2)
    assert ledger.settle("001", Due.MATURED, MARCH_2) == 10
    assert ledger.rows("select count(*) from lot where available_on > '-infinity'") == [(0,)]
    assert ledger.rows("select count(*) from entry") == [(11,)], "maturing posts nothing"
    assert ledger.settle("001", Due.EXPIRED) == 0, "their last date is still a date of use"
    ledger.advance(MARCH_3)
    assert ledger.settle("001", Due.EXPIRED, MARCH_3) == 10
    assert ledger.rows("select kind, count(*), sum(points) from entry group by kind order by kind") == [("earned", 11, 101), ("expired", 10, -100)]
    assert ledger.settle("001", Due.EXPIRED, MARCH_3) == 0
    assert ledger.settle("001", Due.MATURED) == 0
    assert (ledger.balance("C1").available, ledger.balance("C1").expired, ledger.balance("C2").available) == (1, 10, 0)
    assert not ledger.violations()


def test_a_job_for_a_date_that_has_not_come_is_to_be_tried_again(ledger: Ledger) -> None:
    with pytest.raises(DateNotReached, match="advance its business date"):
        ledger.settle("001", Due.EXPIRED, MARCH_2)
    with pytest.raises(DateNotReached):
        ledger.settle("nobody", Due.EXPIRED, MARCH_1)


def test_what_matures_repays_arrears_first(ledger: Ledger) -> None:
    pending = earned(30, available_on=MARCH_2)
    ledger.credit(pending, clawed_back(20, earned(20)))
    assert (ledger.balance().arrears, ledger.balance().pending) == (20, 30)
    ledger.advance(MARCH_2)
    assert (ledger.balance().arrears, ledger.balance().available) == (0, 10)
    ledger.settle("001", Due.MATURED)
    assert list(ledger.entries()) == [("earned", 30), ("clawed-back", -20), ("repaid", 0)]
    assert (ledger.balance().arrears, ledger.balance().available) == (0, 10)
    assert not ledger.violations()


def test_a_closed_day_is_published_for_each_partition_with_what_was_posted_on_it(ledger: Ledger) -> None:
    ledger.credit(earned(10, "C1"), earned(20, "C2"), clawed_back(3, earned(10, "C1")), partition=2)
    ledger.credit(earned(5, "C1", legal_entity="002"), partition=1)
    ledger.advance(MARCH_2)
    ledger.credit(earned(7, "C1"), partition=2)
    ledger.advance(MARCH_3)
    with ledger.database.transaction() as cursor:
        cursor.execute("select batch_no from outgoing_batch order by batch_no")
        batches = [row[0] for row in cursor.fetchall()]
        records = list(LedgerTopic().read(cursor, batches))
    assert [record.batch_no for record in records] == sorted(record.batch_no for record in records)
    days = [json.loads(record.value or b"") | {"on": record.partition} for record in records if record.type == DAY_CLOSED]
    assert [day["partition"] for day in days] == [day["on"] for day in days] == [0, 1, 2, 3] * 2
    first, second = days[:4], days[4:]
    assert {day["business_on"] for day in first} == {"2026-03-01"}
    assert sum(day["entries"] for day in first) == 3
    assert [day["points_by_kind"] for day in days if day["entries"] and day["business_on"] == "2026-03-02"] == [{"earned": 7}]
    assert sum(day["entries"] for day in second) == 1


def test_a_date_closes_after_every_posting_that_had_begun_on_it(ledger: Ledger) -> None:
    with ledger.database.transaction() as posting:
        posting.execute("select pg_advisory_xact_lock_shared(7001, hashtext('001'))")
        closing = threading.Thread(target=ledger.advance, args=(MARCH_2,))
        closing.start()
        closing.join(timeout=0.3)
        assert closing.is_alive(), "the close waits for the posting"
    closing.join()
    assert ledger.business_on() == MARCH_2


def test_the_day_that_is_closed_is_the_ledgers_own_after_the_console_was_set_back(ledger: Ledger) -> None:
    def advance(offset: int, previous: int, to: int) -> None:
        event = BusinessDateAdvancedV1(legal_entity="001", previous_on=date(2026, 3, previous), business_on=date(2026, 3, to))
        follow_parameters(
            Batch(group="redemption.follow-parameters", topic="t", partition=0, events=[event], offsets=[offset], traceparents=[None], records=())
        )

    followed = {subscription.group: subscription for subscription in subscriptions(ledger.database, ledger.clock)}
    follow_parameters = followed["redemption.follow-parameters"].use_case
    ledger.credit(earned(1))
    advance(0, 1, 2)
    ledger.credit(earned(2))
    advance(1, 1, 3)
    assert ledger.rows("select business_on::text, points_by_kind from day_closed where entries > 0 order by 1") == [
        ("2026-03-01", {"earned": 1}), ("2026-03-02", {"earned": 2}),
    ]  # fmt: skip


def test_published_entries_say_everything_and_are_built_the_same_each_time(ledger: Ledger) -> None:
    ledger.credit(earned(10, "C\\1", no="T-1", available_on=MARCH_2, expires_on=date(2030, 12, 31)), partition=3)
    with ledger.database.transaction() as cursor:
        cursor.execute("select batch_no from outgoing_batch")
        batches = [row[0] for row in cursor.fetchall()]
        first, second = list(LedgerTopic().read(cursor, batches)), list(LedgerTopic().read(cursor, batches))
        assert list(SpendsTopic().read(cursor, batches)) == []
    assert first == second
    assert msgspec.json.decode(first[0].value or b"", type=EntryPostedV1).balance_after == 10
    body = json.loads(first[0].value or b"")
    assert body.pop("posted_at").endswith("+00:00")
    assert (first[0].key, first[0].partition) == (b"001:C\\1", 3)
    assert body == {
        "entry_id": f"{batches[0]}-0", "legal_entity": "001", "customer_no": "C\\1", "account_version": 1, "kind": "earned", "points": 10, "point_type": "base",
        "lots": [{"lot_id": "base:2030-12-31:retail:450100", "points": 10, "available_on": "2026-03-02", "expires_on": "2030-12-31", "party": "retail",
                  "institution": "450100"}],
        "cause": {"kind": "transaction", "source_system": "core", "no": "T-1", "leg": 1}, "rule_code": "debit-base", "application": None, "channel": "POS",
        "institution": "450100", "business_on": "2026-03-01", "balance_after": 10, "debit_account": "issued:retail", "credit_account": "customer:base",
    }  # fmt: skip
