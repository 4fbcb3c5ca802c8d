"""Emptying the mart, so that its consumers read the bus again from the beginning."""

from collections.abc import Sequence
from typing import Final

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.messaging.rereading import empty, read_again
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.persistence.connections import Database

#: Everything that is made of events and nothing else. The institutions' tree and what every service follows stay; so do reports that were made.
MART_TABLES: Final = ("posting_group", "posting_tally", "ledger_digest", "day_close", "decided_group")


def empty_mart(cursor: Cursor, groups: Sequence[str]) -> None:
    """Empty the mart and forget how far its consumer groups had come, in one transaction: whoever serves it is fenced, and begins at the beginning."""
    empty(cursor, MART_TABLES, groups)


def rebuild(bootstrap_servers: str, database: Database, subscriptions: Sequence[Subscription]) -> bool:
    """Empty the mart and return when it holds again all that the bus held at that moment; False when that takes longer than an hour."""
    with database.transaction() as cursor:
        empty_mart(cursor, [subscription.group for subscription in subscriptions])
    return read_again(bootstrap_servers, database, subscriptions)
