"""Facts before what is decided with them: at its start, a group can wait until others of its service have read what was there already.

A service that was down while a whole day was published would else decide the day's first transactions before it knew whose they are.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from loyalty_shared.kernel.clock import monotonic_seconds
from loyalty_shared.messaging.closing import close
from loyalty_shared.messaging.identity import identity_of_topic
from loyalty_shared.messaging.pauses import Pauses, wait_for_stop
from loyalty_shared.messaging.positions import find_positions
from loyalty_shared.messaging.standing import Standing, State
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.messaging.threads import in_thread
from loyalty_shared.persistence.connections import Database, is_transient

#: Then the group begins all the same: facts that cannot be read must not keep points back for ever.
WAIT_SECONDS_MAX: Final = 900.0
LOOK_SECONDS: Final = 0.05

log = structlog.get_logger()

Ends = Mapping[str, Mapping[TopicPartition, int]]


class FactsFirst:
    """Waits, for one group, until earlier ones have come to where their topics ended when it asked."""

    def __init__(self, bootstrap_servers: str, database: Database, earlier: Sequence[Subscription], standing: Standing, stopping: asyncio.Event) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._database = database
        self._earlier = earlier
        self._standing = standing
        self._stopping = stopping

    async def wait(self, group: str) -> None:
        """Return when the earlier groups have read on, after WAIT_SECONDS_MAX at the latest, or when stopping. Survives Kafka or the database being away."""
        if not self._earlier:
            return
        pauses, deadline = Pauses(self._stopping), monotonic_seconds() + WAIT_SECONDS_MAX
        ends: Ends | None = None
        while not self._stopping.is_set() and monotonic_seconds() < deadline:
            try:
                ends = ends or await self._ends()
                behind = await in_thread(self._behind, ends)
            except (KafkaError, OSError) as error:
                self._standing.set_group(group, State.WAITING_FOR_KAFKA, f"{type(error).__name__}: {error}")
                await pauses.pause()
                continue
            except Exception as error:
                if not is_transient(error):
                    raise
                self._standing.set_group(group, State.WAITING_FOR_DATABASE, str(error))
                await pauses.pause()
                continue
            if behind is None:
                return
            self._standing.set_group(group, State.WAITING_FOR_FACTS, f"{behind} has not read all that was there")
            await wait_for_stop(self._stopping, LOOK_SECONDS)
        if not self._stopping.is_set():
            log.error("group begins without all facts", group=group, waited_seconds=WAIT_SECONDS_MAX)

    async def _ends(self) -> Ends:
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap_servers, enable_auto_commit=False)
        try:
            await consumer.start()
            ends = {}
            for subscription in self._earlier:
                topic = subscription.topic.name
                identity = await identity_of_topic(self._bootstrap_servers, topic)
                ends[subscription.group] = await consumer.end_offsets([TopicPartition(topic, number) for number in range(identity.partitions)])
            return ends
        finally:
            await close(consumer)

    def _behind(self, ends: Ends) -> str | None:
        """Return a group that has not come to the ends, None when all have."""
        for group, of_partitions in ends.items():
            stored = find_positions(self._database, group, list(of_partitions))
            for partition, end in of_partitions.items():
                position = stored[partition]
                if end > (position.next_offset if position is not None else 0):
                    return group
        return None
