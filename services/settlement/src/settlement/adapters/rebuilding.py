"""Emptying the view of the ledger, so that it is made again from the bus."""

from collections.abc import Sequence
from typing import Final

from loyalty_shared.messaging.rereading import empty, read_again
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.persistence.connections import Database

#: The consumer that makes the view; without a place of its own it begins where the topic begins.
RECORDING_GROUP: Final = "settlement.record-ledger"
#: Everything that is made of the ledger's records and nothing else. Batches stay as they were made.
VIEW_TABLES: Final = ("ledger_day", "ledger_points", "ledger_spend", "ledger_digest", "party")


def empty_view(database: Database) -> None:
    """Empty the view of all entities, and forget how far its consumer had come. Waits for whoever settles a date."""
    with database.transaction() as cursor:
        empty(cursor, VIEW_TABLES, (RECORDING_GROUP,))


def rebuild_view(bootstrap_servers: str, database: Database, subscriptions: Sequence[Subscription]) -> bool:
    """Empty the view, and return when it holds again all that the ledger's topic held at that moment; False when its consumers are still reading after an hour.

    Until then dates are not complete, and nothing is settled.
    """
    empty_view(database)
    return read_again(bootstrap_servers, database, [subscription for subscription in subscriptions if subscription.group == RECORDING_GROUP])
