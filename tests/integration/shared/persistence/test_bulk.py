"""COPY takes any value that PostgreSQL can hold, to the letter."""

from datetime import UTC, date, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty_shared.persistence.bulk import CopyRows, Value, stage
from loyalty_shared.persistence.connections import Database

_TEXT = st.text(st.characters(blacklist_characters="\x00", blacklist_categories=["Cs"]), max_size=40)
_TEXTS = _TEXT | st.none() | st.just("\\N") | st.just("\\.")  # the last two mean something else to COPY
_NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.none()
_ROWS = st.lists(st.tuples(_TEXTS, _NUMBERS, st.binary(max_size=20), st.booleans()), max_size=20)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_ROWS)
def test_what_is_copied_is_what_is_read(shared_database: Database, rows: list[tuple[Value, ...]]) -> None:
    with shared_database.transaction() as cursor:
        stage(cursor, "copied", "n int, a text, b bigint, c bytea, d boolean")
        copied = CopyRows()
        for number, row in enumerate(rows):
            copied.append(number, *row)
        assert copied.copy(cursor, "copied", ("n", "a", "b", "c", "d")) == len(rows)
        cursor.execute("select a, b, c, d from copied order by n")
        assert [(a, b, bytes(c), d) for a, b, c, d in cursor.fetchall()] == rows


def test_dates_and_instants(shared_database: Database) -> None:
    with shared_database.transaction() as cursor:
        stage(cursor, "copied_dates", "a date, b timestamptz")
        rows = CopyRows()
        rows.append(date(2026, 2, 28), datetime(2026, 3, 1, 1, 30, tzinfo=UTC))
        rows.copy(cursor, "copied_dates", ("a", "b"))
        cursor.execute("select a, b from copied_dates")
        assert cursor.fetchall() == [(date(2026, 2, 28), datetime(2026, 3, 1, 1, 30, tzinfo=UTC))]


def test_a_staging_table_is_empty_again_after_each_transaction(shared_database: Database) -> None:
    connection = shared_database.connect()
    for _ in range(2):
        cursor = connection.cursor()
        stage(cursor, "copied_twice", "a int")
        cursor.execute("insert into copied_twice values (1)")
        cursor.execute("select count(*) from copied_twice")
        assert cursor.fetchone() == (1,)
        connection.commit()
    connection.close()
