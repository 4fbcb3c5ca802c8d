"""Emptying the mart, so that its consumers read the bus again from the beginning."""

import asyncio
from collections.abc import Sequence
from typing import Final

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.messaging.consumer import ConsumerRuntime
from loyalty_shared.messaging.metrics import MESSAGING_METRICS
from loyalty_shared.messaging.standing import Standing
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.messaging.threads import in_thread
from loyalty_shared.messaging.watch import ConsumerWatch
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database

#: How long a rebuild waits for the batches in hand; reports wait behind it meanwhile.
WAIT_MS: Final = 20_000
REBUILD_SECONDS_MAX: Final = 3_600
LOOK_EVERY_SECONDS: Final = 0.3

#: Everything that is made of events and nothing else. The institutions' tree and what every service follows stay; so do reports that were made.
MART_TABLES: Final = ("posting_group", "posting_tally", "posted_batch", "day_close", "decided_group")


def empty_mart(cursor: Cursor, groups: tuple[str, ...]) -> None:
    """Empty the mart and forget how far its consumer groups had come, in one transaction: whoever serves it is fenced, and begins at the beginning.

    Batches take their place in `consumer_offset` first and write the mart after it: with that table locked first, each is whole in the mart or not in it.
    """
    cursor.execute("set local lock_timeout = %s; set local statement_timeout = %s", (WAIT_MS, WAIT_MS))
    cursor.execute("lock table consumer_offset in share row exclusive mode")
    cursor.execute(f"truncate {', '.join(MART_TABLES)}")
    cursor.execute("delete from consumer_offset where consumer_group = any(%s)", (list(groups),))


def rebuild(bootstrap_servers: str, database: Database, subscriptions: Sequence[Subscription]) -> bool:
    """Empty the mart and return when it holds again all that the bus held at that moment; False when that takes longer than REBUILD_SECONDS_MAX.

    It joins the consumer groups itself: the groups share their partitions out anew, so that members which serve meanwhile, and had nothing to read, look up
    their places and begin at the beginning too; and it also works when nobody serves. Whoever has read a record, it is read once.
    """
    with database.transaction() as cursor:
        empty_mart(cursor, tuple(subscription.group for subscription in subscriptions))
    return asyncio.run(_read_again(bootstrap_servers, database, subscriptions))


async def _read_again(bootstrap_servers: str, database: Database, subscriptions: Sequence[Subscription]) -> bool:
    metrics = Metrics(MESSAGING_METRICS)
    standing = Standing(metrics)
    watch = ConsumerWatch(bootstrap_servers, database, subscriptions, metrics, standing)
    runtime = ConsumerRuntime(bootstrap_servers, database, subscriptions, metrics, standing)
    running = [asyncio.create_task(part.run()) for part in (watch, runtime)]
    try:
        async with asyncio.timeout(REBUILD_SECONDS_MAX):
            ends: dict[tuple[str, int], int] = {}
            while True:
                await asyncio.sleep(LOOK_EVERY_SECONDS)
                statuses = await in_thread(watch.status)
                if any(status.end_offset is None for status in statuses):
                    continue
                ends = ends or {(status.topic, status.partition): status.end_offset or 0 for status in statuses}
                if all(status.next_offset >= ends[status.topic, status.partition] for status in statuses):
                    return True
    except TimeoutError:
        return False
    finally:
        for part in (runtime, watch):
            part.stop()
        await asyncio.gather(*running)
