"""Lists as array literals, to the letter."""

import pytest

from loyalty_shared.persistence.arrays import number_array, text_array
from loyalty_shared.persistence.connections import Database
from support.platform import MakeDatabase


@pytest.mark.parametrize("values", [[], [""], ["", ""], ["a"], ['a"b', "c\\d", "{e,f}", "NULL", "null", " ", "\t\n", "积分"], ['"', "\\", '\\"']])
def test_texts_come_back_as_they_were(database: MakeDatabase, values: list[str]) -> None:
    opened = Database(database("arrays"), application_name="test")
    with opened.transaction() as cursor:
        cursor.execute("select %s::text[]", (text_array(iter(values)),))
        assert cursor.fetchall() == [(values,)]
    opened.close()


def test_numbers_come_back_as_they_were(database: MakeDatabase) -> None:
    opened = Database(database("arrays"), application_name="test")
    with opened.transaction() as cursor:
        cursor.execute("select %s::bigint[], %s::smallint[]", (number_array([2**62, -1]), number_array(())))
        assert cursor.fetchall() == [([2**62, -1], [])]
    opened.close()
