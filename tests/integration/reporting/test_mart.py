"""The mart: what a batch adds, what tells that it ties to the ledger, and what a restored ledger publishes again."""

from datetime import UTC, datetime

import pytest

from loyalty_shared.contracts.accrual import BatchDecidedV1
from loyalty_shared.contracts.redemption import EntryPostedV1
from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.migrations import drift
from loyalty_shared.persistence.offsets import Fenced
from reporting.adapters.mart_queries import read_mart
from reporting.adapters.mart_rows import SqlRecordingWork
from reporting.adapters.rebuilding import MART_TABLES, empty_mart
from reporting.adapters.recording import begin_recording_on
from reporting.adapters.tables import metadata
from reporting.application.record_decisions import RecordDecisions
from reporting.application.show_report import Wanted, report_from_mart
from reporting.domain.catalogue import Code, Dimension
from reporting.domain.report import Report
from reporting.main import MIGRATIONS
from support.mart import GROUP, MARCH_1, MARCH_2, Mart, entry_of, lot_of
from support.platform import MakeDatabase


def test_the_migrated_database_is_what_the_tables_say(database: MakeDatabase) -> None:
    assert drift(MIGRATIONS, database("reporting"), metadata) == []


def test_a_batch_adds_one_row_for_each_group_and_the_next_adds_to_them(mart: Mart) -> None:
    mart.post(*(entry_of(points=10, rule_code="debit-base", channel="POS") for _ in range(5)), entry_of("redeemed", -7, counter="redeemed:mall"))
    mart.post(entry_of(points=1, rule_code="debit-base", channel="POS"))
    assert mart.execute("select kind, rule_code, channel, entries, points, lots from posting_group order by kind") == [
        ("earned", "debit-base", "POS", 6, 51, 51), ("redeemed", "", "", 1, -7, -7),
    ]  # fmt: skip
    assert mart.violations() == {}


def test_a_batch_taken_twice_is_fenced_and_adds_nothing(mart: Mart) -> None:
    batch = mart.batch([entry_of(points=10)])
    mart.take(batch)
    with pytest.raises(Fenced):
        mart.take(batch)
    assert mart.execute("select sum(points), sum(entries) from posting_group") == [(10, 1)]


def test_entries_that_a_restored_ledger_publishes_again_are_told_by_their_cause(mart: Mart) -> None:
    first = [entry_of(points=10, no=f"T-{number}", rule_code="a") for number in range(300)]
    mart.post(*first[:200])
    mart.post(*first[200:])
    again = [entry_of(points=10, no=f"T-{number}", rule_code="a") for number in range(300)]
    mart.take(mart.batch([*again, entry_of(points=5, no="T-new", rule_code="a")], epoch=2, catching_up=True))
    assert mart.execute("select sum(points), sum(entries) from posting_group") == [(3_005, 301)]
    assert mart.violations() == {}


def test_equal_entries_that_are_all_real_are_counted_as_often_as_a_restored_ledger_has_them(mart: Mart) -> None:
    def lapsed() -> EntryPostedV1:
        return entry_of("expired", -5, counter="expired", no="2026-03-01:lot")

    mart.post(entry_of(points=50), lapsed())
    mart.entries[0].append(lapsed())  # the restored ledger posts the lapse again, and then the same once more
    mart.take(mart.batch([lapsed()], epoch=2, catching_up=True))
    mart.take(mart.batch([lapsed()], epoch=2, catching_up=True))
    mart.close()
    assert mart.execute("select points, entries from posting_group where kind = 'expired'") == [(-10, 2)]
    assert mart.violations() == {}
    mart.take(mart.batch([lapsed(), lapsed()], epoch=3, catching_up=True))
    assert mart.violations() == {}, "once more, from before everything: nothing is new"


def test_a_closed_day_ties_until_a_row_is_touched(mart: Mart) -> None:
    mart.post(entry_of(points=10), entry_of("redeemed", -3, counter="redeemed:mall"), partition=1)
    mart.post(entry_of(points=20, lots=[lot_of(5), lot_of(5, "450200")]), partition=3)
    mart.close()
    mart.post(entry_of(points=4, business_on=MARCH_2))
    assert mart.violations() == {}


@pytest.mark.parametrize(
    ("statement", "found_by"),
    [
        ("update posting_group set points = points + 1 where kind = 'earned'", {"mart-ties-to-the-ledger", "groups-equal-tallies"}),
        ("update posting_group set entries = entries + 1 where kind = 'earned'", {"mart-ties-to-the-ledger", "groups-equal-tallies"}),
        ("update posting_group set lots = lots + 1 where kind = 'earned'", {"groups-equal-tallies"}),
        ("update posting_group set institution = '450999' where kind = 'earned'", set()),
        ("update posting_group set rule_code = 'other' where kind = 'earned'", set()),
    ],
)
def test_a_corrupted_row_is_found_and_stays_found_when_more_is_added_to_it(mart: Mart, statement: str, found_by: set[str]) -> None:
    mart.post(entry_of(points=10), entry_of("expired", -4, counter="expired"))
    mart.close()
    mart.execute(statement)
    assert set(mart.violations()) == {"groups-are-as-they-were-written", *found_by}
    mart.post(entry_of(points=1, business_on=MARCH_1), partition=0)  # as if it were an open day: the row is written again
    assert "groups-are-as-they-were-written" in mart.violations()


@pytest.mark.parametrize("open_day", [True, False])
def test_a_row_that_is_deleted_or_made_by_hand_is_found_also_on_an_open_day(mart: Mart, open_day: bool) -> None:
    mart.post(entry_of(points=10), entry_of("expired", -4, counter="expired"))
    if not open_day:
        mart.close()
    expected = {"groups-equal-tallies"} | (set() if open_day else {"mart-ties-to-the-ledger"})
    mart.execute("delete from posting_group where kind = 'expired'")
    assert set(mart.violations()) == expected
    assert mart.violations("002") == {}


def test_a_close_that_says_other_figures_is_found(mart: Mart) -> None:
    mart.post(entry_of(points=10))
    mart.close()
    mart.execute("update day_close set entries = 2 where partition = 0")
    assert mart.violations() == {"mart-ties-to-the-ledger": 1}
    mart.execute("update day_close set entries = 1, points_by_kind = '{\"earned\": 11}' where partition = 0")
    assert mart.violations() == {"mart-ties-to-the-ledger": 1}


def test_an_emptied_mart_fences_whoever_serves_it_and_leaves_what_others_say(mart: Mart) -> None:
    mart.post(entry_of(points=10))
    mart.close()
    waiting = mart.batch([entry_of(points=1, business_on=MARCH_2)])
    with mart.database.transaction() as cursor:
        empty_mart(cursor, (GROUP,))
    for table in (*MART_TABLES, "consumer_offset"):
        assert mart.execute(f"select count(*) from {table}") == [(0,)], table
    assert mart.execute("select count(*) from entity") == [(2,)]
    with pytest.raises(Fenced):
        mart.take(waiting)
    assert mart.execute("select count(*) from posting_group") == [(0,)]


def test_decisions_are_counted_by_the_entitys_day_and_a_restored_accruals_are_passed_by(mart: Mart) -> None:
    def decided(batch_no: int, **more: object) -> BatchDecidedV1:
        group = {"legal_entity": "001", "institution": "450100", "channel": "POS", "currency": "CNY", "outcome": "accrued", "events": 2, "points": 30,
                 "amount_minor": 5_000, "rules": {}, **more}  # fmt: skip
        late = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)  # half past midnight on the 2nd in Shanghai
        return BatchDecidedV1(batch_no=batch_no, decided_at=late, events=2, groups=(group,))

    def take(*batches: BatchDecidedV1, catching_up: bool = False) -> None:
        batch = Batch(group="reporting.record-decisions", topic="t", partition=0, events=batches, offsets=range(len(batches)),
                      traceparents=[None] * len(batches), records=(), catching_up=catching_up)  # fmt: skip
        RecordDecisions(begin_recording_on(mart.database), SystemClock())(batch)

    take(decided(1), decided(2, product_code="DEBIT-CARD"), decided(3))
    take(decided(4), catching_up=True)
    assert mart.execute("select decided_on::text, product, events, points, amount_minor::bigint from decided_group order by product") == [
        ("2026-03-02", "", 4, 60, 10_000), ("2026-03-02", "DEBIT-CARD", 2, 30, 5_000),
    ]  # fmt: skip
    with read_mart(mart.database) as reading:
        report = report_from_mart(reading, Wanted(legal_entity="001", code=Code.DECISIONS, start=MARCH_2, group_by=[Dimension.PRODUCT]))
    assert isinstance(report, Report)
    assert (report.rows, report.totals["points"]) == ([(None, 4, 60, 10_000), ("DEBIT-CARD", 2, 30, 5_000)], 90)


def test_what_was_counted_is_told_by_its_cause_when_it_is_tried_again(mart: Mart) -> None:
    entry, fresh = entry_of(points=10), entry_of(points=1)
    mart.post(entry)
    retried = Batch(
        group=GROUP, topic="t", partition=0, events=[entry, fresh], offsets=(0, 1), traceparents=(None, None), records=(), retry_of="1-0",
    )  # fmt: skip
    with mart.database.transaction() as cursor:
        assert list(SqlRecordingWork(cursor).not_held(retried, [entry, fresh])) == [fresh]
