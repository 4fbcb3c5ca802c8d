"""Reading topics again from their beginning, when what was made of them has been emptied: a rebuild from the bus."""

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

#: How long the emptying waits for the batches in hand; others wait behind it meanwhile.
EMPTYING_WAIT_MS: Final = 20_000
READ_AGAIN_SECONDS_MAX: Final = 3_600
LOOK_EVERY_SECONDS: Final = 0.3


def empty(cursor: Cursor, tables: Sequence[str], groups: Sequence[str]) -> None:
    """Empty what consumer groups have made, and forget how far they had come, in one transaction: whoever serves them is fenced.

    Batches take their place in `consumer_offset` first and write after it: with that table locked first, each is whole in the tables or not in them.
    """
    cursor.execute("set local lock_timeout = %s; set local statement_timeout = %s", (EMPTYING_WAIT_MS, EMPTYING_WAIT_MS))
    cursor.execute("lock table consumer_offset in share row exclusive mode")
    cursor.execute(f"truncate {', '.join(tables)}")
    cursor.execute("delete from consumer_offset where consumer_group = any(%s)", (list(groups),))


def read_again(bootstrap_servers: str, database: Database, subscriptions: Sequence[Subscription]) -> bool:
    """Return when the groups have read all that their topics held at the call; False when that takes longer than READ_AGAIN_SECONDS_MAX.

    It joins the groups itself: they share their partitions out anew, so that members which serve meanwhile, and had nothing to read, look up their places
    and begin at the beginning too; and it also works when nobody serves. Whoever has read a record, it is taken once.
    """
    return asyncio.run(_read_again(bootstrap_servers, database, subscriptions))


async def _read_again(bootstrap_servers: str, database: Database, subscriptions: Sequence[Subscription]) -> bool:
    metrics = Metrics(MESSAGING_METRICS)
    standing = Standing(metrics)
    watch = ConsumerWatch(bootstrap_servers, database, subscriptions, metrics, standing)
    runtime = ConsumerRuntime(bootstrap_servers, database, subscriptions, metrics, standing)
    running = [asyncio.create_task(part.run()) for part in (watch, runtime)]
    try:
        async with asyncio.timeout(READ_AGAIN_SECONDS_MAX):
            ends: dict[tuple[str, int], int] = {}
            while True:
                await asyncio.sleep(LOOK_EVERY_SECONDS)
                statuses = await in_thread(watch.status)
                if not statuses or any(status.end_offset is None for status in statuses):
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
