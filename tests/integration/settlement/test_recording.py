"""The view of the ledger: exact under repeats, restarts and restores; and what is found when it is not."""

from datetime import timedelta

import msgspec
import pytest

from loyalty_shared.contracts.redemption import EntryPostedV1
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.migrations import drift
from loyalty_shared.persistence.offsets import Fenced, Position, Span, find_position
from loyalty_shared.persistence.repeated_entries import DIGESTS_KEPT_FOR, forget_digests
from settlement.adapters.rebuilding import RECORDING_GROUP, empty_view
from settlement.adapters.tables import metadata
from settlement.main import MIGRATIONS
from support.ledger_entries import MARCH_1, closes, earned, entry, redeemed, restored
from support.platform import MakeDatabase
from support.settlement_desk import MARCH_2, TOPIC, Desk, LedgerEvent

VIEW = """
select kind, funding, points from ledger_points union all select kind, application, points from ledger_spend
union all select 'entries', partition::text, entries from ledger_day order by 1, 2, 3
"""


def test_a_batch_taken_twice_is_fenced_and_changes_nothing(desk: Desk) -> None:
    events = [earned(5), redeemed(5)]
    desk.feed(events)
    before = desk.rows(VIEW)
    again = Position(cluster_id="c", topic_id="t", next_offset=2, epoch=1)
    span = Span(group=RECORDING_GROUP, topic=TOPIC, partition=0, before=None, after=again)
    with pytest.raises(Fenced):
        desk.take(Batch(group=RECORDING_GROUP, topic=TOPIC, partition=0, events=events, offsets=(0, 1), traceparents=(None, None), records=(), span=span))
    assert desk.rows(VIEW) == before


def test_a_restored_ledger_that_posts_again_under_other_numbers_is_taken_once(desk: Desk) -> None:
    lapsed = [entry("expired", -5, "expired", ("retail", -5), no="2026-03-01:lot") for _ in range(2)]
    first = [earned(10), earned(20, "card"), redeemed(7), *lapsed]
    desk.feed(first)
    # The ledger was set back to before all of it: its new epoch brings the same under other entry ids, and one more of each.
    again = [msgspec.structs.replace(one, entry_id=f"9{one.entry_id}", account_version=one.account_version + 100) for one in first]
    more = [earned(1), redeemed(2), msgspec.structs.replace(lapsed[0], entry_id="8-8")]
    desk.feed([again[0], again[3]], epoch=2, catching_up=True)
    desk.feed([again[1], more[0], again[4]], epoch=2, catching_up=True)
    desk.feed([again[2], *more[1:]], epoch=2, catching_up=True)
    for partition, close in closes(MARCH_1, [*again, *more]).items():
        desk.feed([close], partition, epoch=2, catching_up=True)
    assert desk.breaks() == {}
    # Once more, from before everything: nothing is new.
    desk.feed([*again, *more], epoch=3, catching_up=True)
    assert desk.breaks() == {}
    # And what no epoch before has brought so often is new, though it equals what they brought.
    desk.feed([lapsed[0]], epoch=3, catching_up=True)
    assert desk.breaks() == {"entries": 1, "points.expired": -5}


def test_digests_are_forgotten_when_no_restore_goes_back_to_them(desk: Desk) -> None:
    desk.feed([earned(5)])
    desk.clock.at += DIGESTS_KEPT_FOR
    desk.feed([earned(6)])
    assert forget_digests(desk.database, desk.clock.at) == 0, "not older than they are kept for"
    assert forget_digests(desk.database, desk.clock.at + timedelta(seconds=1)) == 1
    assert desk.rows("select count(*) from ledger_digest") == [(1,)]


def test_without_a_restore_equal_entries_are_all_taken(desk: Desk) -> None:
    twins = [entry("expired", -5, "expired", ("retail", -5), no="same") for _ in range(3)]
    desk.feed(twins[:1])
    desk.feed(twins[1:])
    assert desk.rows("select sum(points) from ledger_points") == [(-15,)]


def test_a_dead_letter_that_a_restored_ledger_brought_meanwhile_is_not_taken_again(desk: Desk) -> None:
    letter = redeemed(5)
    desk.execute(
        "insert into dead_letter values (1, 0, 'settlement.record-ledger', '001', '', 'loyalty.redemption.ledger', 0, 0, null, '[]', null,"
        " 'unknown-type', '', 'open', now()), (2, 0, 'settlement.record-ledger', '001', '', 'loyalty.redemption.ledger', 0, 0, null, '[]', null,"
        " 'unknown-type', '', 'open', now())"
    )
    desk.take(retried(letter, "1-0"))
    assert desk.rows("select points from ledger_spend") == [(-5,)]
    desk.feed([letter], epoch=2, catching_up=True)
    assert desk.rows("select points from ledger_spend") == [(-5,)], "the letter had brought it"
    desk.take(retried(letter, "2-0"))
    assert desk.rows("select points from ledger_spend") == [(-5,)]


def retried(letter: EntryPostedV1, letter_id: str) -> Batch[LedgerEvent]:
    """Return the batch of a dead letter tried again."""
    return Batch(group=RECORDING_GROUP, topic=TOPIC, partition=0, events=[letter], offsets=(0,), traceparents=(None,), records=(), retry_of=letter_id)


@pytest.mark.parametrize(
    ("corruption", "named"),
    [
        ("update ledger_points set points = points + 1 where kind = 'earned' and funding = 'retail'", {"points.earned"}),
        ("delete from ledger_points where funding = 'card'", {"points.earned"}),
        ("update ledger_spend set points = points - 1 where kind = 'redeemed'", {"points.redeemed", "redeemed-by-lot"}),
        ("update ledger_spend set paid = '[]' where kind = 'redeemed'", {"redeemed-by-lot"}),
        ("delete from ledger_spend where kind = 'restored'", {"points.restored"}),
        ("update ledger_day set entries = entries + 1 where partition = 2", {"entries"}),
        ("update settlement_line set points = points + 1 where line_no = 1", {"batch.retail.lines"}),
        ("update settlement_line set amount_minor = 0 where line_no = 1", {"batch.retail.amount"}),
        ("delete from settlement_line where line_no = 2", {"batch.retail.lines", "batch.retail.line-count", "batch.retail.amount"}),
        ("update settlement_batch set points = points + 1", {"batch.retail.points", "batch.retail.lines"}),
    ],
)
def test_a_corrupted_row_is_found_and_named_and_the_rebuild_mends_the_view(desk: Desk, corruption: str, named: set[str]) -> None:
    day = [earned(10), earned(20, "card"), redeemed(7), restored(3)]
    desk.post_day(*day)
    desk.make("retail")
    assert desk.get("reconciliations/2026-03-01").json()["status"] == "tied"
    desk.execute(corruption)
    assert named <= set(desk.breaks())
    assert desk.get("reconciliations/2026-03-01").json()["status"] == "broken"
    assert set(desk.breaks()) == {item["name"] for item in desk.get("breaks").json()["items"]}
    invariants = {item["name"]: item["violations"] for item in desk.get("invariants").json()["items"]}
    assert invariants["days-tie-to-the-ledger"] == len(desk.breaks())
    if "ledger_" in corruption:
        empty_view(desk.database)
        desk.post_day(*day)
        assert desk.breaks() == {}
        assert desk.get("batches").json()["items"][0]["party"] == "retail", "what was made stays"
    else:
        assert sum(invariants.values()) > 0


def test_a_rebuild_forgets_the_consumers_place_and_keeps_batches(desk: Desk) -> None:
    desk.post_day(earned(5), redeemed(5))
    desk.make()
    empty_view(desk.database)
    with desk.database.transaction() as cursor:
        assert find_position(cursor, RECORDING_GROUP, TOPIC, 0) is None
    assert desk.rows(VIEW) == []
    assert desk.rows("select count(*) from settlement_batch") == [(1,)]
    assert desk.get("breaks").json()["items"] == [], "no date is closed until the close has been read again"


def test_breaks_of_all_dates_come_newest_first_by_pages(desk: Desk) -> None:
    desk.post_day(earned(5))
    desk.post_day(earned(5, business_on=MARCH_2), on=MARCH_2)
    desk.execute("update ledger_points set points = points + 1")
    first = desk.get("breaks?limit=1").json()
    rest = desk.get(f"breaks?limit=1&cursor={first['next_cursor']}").json()
    assert [item["business_on"] for item in first["items"] + rest["items"]] == ["2026-03-02", "2026-03-01"]
    assert rest["next_cursor"] is None


def test_entities_do_not_mix(desk: Desk) -> None:
    desk.feed([earned(5), earned(9, legal_entity="002"), *(close for close in closes(MARCH_1, [earned(5)]).values() if close.partition == 0)])
    for partition, close in closes(MARCH_1, [earned(5)]).items():
        if partition:
            desk.feed([close], partition)
    assert desk.breaks() == {}
    assert desk.get("parties", entity="002").json()["items"] == [{"party": "retail", "direction": "pays"}]
    assert desk.get("breaks", entity="002").json()["items"] == []


def test_the_migrated_database_is_what_the_code_says(database: MakeDatabase) -> None:
    assert drift(MIGRATIONS, database("settlement"), metadata) == []
