"""A record that was set aside is kept as it came, and can be found, read for publishing, and closed."""

from datetime import UTC, datetime

from loyalty_shared.messaging.records import Batch
from loyalty_shared.messaging.taking import take_batch
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.dead_letters import Fault, Rejected, Status, find_for_update, list_open, post, read_batches

AT = datetime(2026, 3, 1, tzinfo=UTC)
GROUP = "accrual.decide-transactions"


def rejected(offset: int, fault: Fault = Fault.MALFORMED_JSON, entity: str | None = "001") -> Rejected:
    return Rejected(
        topic="core.transactions",
        partition=3,
        offset=offset,
        key=b"001:C\x001",
        headers=(("ce_type", b"core.transaction.posted.v1"), ("ce_source", "/核心".encode())),
        value=b'{"a\x00\xff',
        fault=fault,
        detail="value: not JSON at byte 4",
        legal_entity=entity,
        source_system="core",
    )


def test_a_dead_letter_is_kept_as_it_came_and_closed_once_taken(shared_database: Database) -> None:
    with shared_database.transaction() as cursor:
        post(cursor, 5, GROUP, [rejected(10), rejected(11)], AT)
        first, second = list_open(cursor, "001", after=(0, 0), limit=10)
        assert (first.letter_id, first.group, first.rejected, first.status, first.set_aside_at) == ("5-0", GROUP, rejected(10), Status.OPEN, AT)
        retried: Batch[None] = Batch(
            group=GROUP, topic="core.transactions", partition=0, events=(), offsets=(), traceparents=(), records=(), retry_of=first.letter_id
        )
        take_batch(cursor, retried)
        assert list_open(cursor, "001", after=(0, 0), limit=10) == [second]
        found = find_for_update(cursor, "001", "5-0")
        assert found is not None
        assert found.status is Status.RETRIED


def test_an_entity_sees_its_own_letters_and_those_of_no_known_entity(shared_database: Database) -> None:
    with shared_database.transaction() as cursor:
        post(cursor, 5, GROUP, [rejected(10, entity="001"), rejected(11, entity="002"), rejected(12, entity=None)], AT)
        assert [letter.rejected.offset for letter in list_open(cursor, "002", after=(0, 0), limit=10)] == [11, 12]
        assert find_for_update(cursor, "002", "5-0") is None
        assert find_for_update(cursor, "002", "no-handle") is None


def test_letters_of_a_stopped_source_are_kept_and_not_published(shared_database: Database) -> None:
    with shared_database.transaction() as cursor:
        post(cursor, 5, GROUP, [rejected(10), rejected(11, Fault.SOURCE_STOPPED)], AT)
        assert [(batch_no, letter.rejected.offset) for batch_no, letter in read_batches(cursor, 5, 9, GROUP)] == [(5, 10)]
        assert read_batches(cursor, 6, 9, GROUP) == []
        assert read_batches(cursor, 5, 9, "another.group") == []
