"""Forgetting the view of the ledger, so that it is built anew from the bus."""

from typing import Final

from loyalty_shared.persistence.connections import Database

#: The consumer that builds the view; without a place of its own it begins where the topic begins.
RECORDING_GROUP: Final = "settlement.record-ledger"

_FORGET_PLACE: Final = "delete from consumer_offset where consumer_group = %s"
#: Days first: whoever works with one holds it, and is waited for.
_FORGET_VIEW: Final = ("ledger_day", "ledger_points", "ledger_spend", "ledger_digest", "party")


def forget_view(database: Database) -> int:
    """Delete the view of the ledger of all entities and the consumer's place; return how many dates it had. A running consumer is fenced and begins anew.

    Batches that were made stay as they are, and parties come back with the entries that name them.
    """
    with database.transaction() as cursor:
        cursor.execute(_FORGET_PLACE, (RECORDING_GROUP,))
        cursor.execute("select count(distinct (legal_entity, business_on)) from ledger_day")
        row = cursor.fetchone()
        assert row is not None
        for table in _FORGET_VIEW:
            cursor.execute(f"delete from {table}")
        dates: int = row[0]
        return dates
