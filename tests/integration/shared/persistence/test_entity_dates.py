"""The day: an advance waits for postings that hold the date, and postings after it see the new one."""

import threading
from datetime import date

import psycopg2.errors
import pytest

from loyalty_shared.persistence.connections import Database, is_transient
from loyalty_shared.persistence.entity_dates import UnknownEntity, hold_date, hold_date_exclusively, hold_dates, list_entities


@pytest.fixture
def two_entities(shared_database: Database) -> Database:
    with shared_database.transaction() as cursor:
        cursor.execute("insert into entity values ('001', '{}', 'Asia/Shanghai', '2026-03-01', 15), ('002', '{}', 'Asia/Urumqi', '2026-02-01', 10)")
    return shared_database


def test_known_entities_are_told_by_code_and_unknown_ones_left_out(two_entities: Database) -> None:
    with two_entities.transaction() as cursor:
        held = hold_dates(cursor, {"002", "001", "999"})
        assert {code: (entity.business_on, entity.zone.key, entity.retention_years) for code, entity in held.items()} == {
            "001": (date(2026, 3, 1), "Asia/Shanghai", 15),
            "002": (date(2026, 2, 1), "Asia/Urumqi", 10),
        }
        assert [entity.legal_entity for entity in list_entities(cursor)] == ["001", "002"]
        with pytest.raises(UnknownEntity, match="'999'"):
            hold_date(cursor, "999")


def test_an_advance_waits_for_a_posting_of_its_entity_only(two_entities: Database) -> None:
    posting = two_entities.connect()
    hold_date(posting.cursor(), "001")
    with two_entities.transaction() as cursor:
        assert hold_date_exclusively(cursor, "002") is not None
        cursor.execute("set local lock_timeout = '100ms'")
        with pytest.raises(psycopg2.errors.LockNotAvailable) as waited:
            hold_date_exclusively(cursor, "001")
        assert is_transient(waited.value)
        cursor.connection.rollback()
    posting.rollback()
    posting.close()


def test_a_posting_that_waited_for_the_advance_sees_the_new_date(two_entities: Database) -> None:
    advancing = two_entities.connect()
    hold_date_exclusively(advancing.cursor(), "001")
    seen: list[date] = []
    waiting = threading.Event()

    def post() -> None:
        with two_entities.transaction() as cursor:
            waiting.set()
            seen.append(hold_date(cursor, "001").business_on)

    poster = threading.Thread(target=post)
    poster.start()
    waiting.wait()
    advancing.cursor().execute("update entity set business_on = '2026-03-02' where legal_entity = '001'")
    advancing.commit()
    poster.join()
    advancing.close()
    assert seen == [date(2026, 3, 2)]
