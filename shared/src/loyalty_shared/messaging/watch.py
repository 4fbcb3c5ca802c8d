"""How far each consumer is, against where Kafka ends: for `GET /v1/consumers`, in any role, and for the gauge of the lag."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from loyalty_shared.messaging import metrics as declared
from loyalty_shared.messaging.closing import close
from loyalty_shared.messaging.headers import sequence_text
from loyalty_shared.messaging.identity import identity_of_topic
from loyalty_shared.messaging.pauses import wait_for_stop
from loyalty_shared.messaging.standing import Standing, State
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.messaging.threads import in_thread
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database, is_transient
from loyalty_shared.persistence.offsets import Position, find_position

LAG_REFRESH_SECONDS: Final = 5.0
KAFKA_ANSWER_SECONDS_MAX: Final = 3.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerStatus:
    """One group in one partition. `end_offset` is None while Kafka does not answer; `sequence_expected` is None on topics from outside.

    Drained means `next_offset == end_offset`.
    """

    group: str
    topic: str
    partition: int
    next_offset: int
    end_offset: int | None
    sequence_expected: str | None
    state: State
    detail: str


class ConsumerWatch:
    """Asks Kafka where the followed topics end."""

    def __init__(self, bootstrap_servers: str, database: Database, subscriptions: Sequence[Subscription], metrics: Metrics, standing: Standing) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._database = database
        self._subscriptions = subscriptions
        self._metrics = metrics
        self._standing = standing
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._kafka: AIOKafkaConsumer | None = None
        self._partitions: list[TopicPartition] = []  # asked for once on each connection
        self._asking = asyncio.Lock()
        self._kafka_answers = True

    async def run(self) -> None:
        """Refresh the lag until `stop`; connect, and connect again."""
        self._loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            try:
                for status in await in_thread(self.status):
                    if status.state is not State.ELSEWHERE and status.end_offset is not None:
                        gauge = self._metrics.gauge(declared.LAG).labels(group=status.group, topic=status.topic, partition=str(status.partition))
                        gauge.set(status.end_offset - status.next_offset)
            except Exception as error:
                if not is_transient(error):
                    log.exception("the lag is not known")
            await wait_for_stop(self._stopping, LAG_REFRESH_SECONDS)
        await self._disconnect()

    def stop(self) -> None:
        """End `run`. Call on the event loop."""
        self._stopping.set()

    def status(self) -> list[ConsumerStatus]:
        """Return how far each group is in each partition, as of now. Call from a thread that may block, while `run` runs; raises while the database is away."""
        assert self._loop is not None, "status is asked for while the watch runs"
        ends = asyncio.run_coroutine_threadsafe(self._end_offsets(), self._loop).result(2 * KAFKA_ANSWER_SECONDS_MAX)
        statuses = []
        with self._database.transaction() as cursor:
            for subscription in self._subscriptions:
                group, topic = subscription.group, subscription.topic.name
                for partition in sorted({number for name, number in ends if name == topic} or range(subscription.topic.partitions)):
                    position = find_position(cursor, group, topic, partition)
                    statuses.append(self._status(subscription, partition, position, ends.get(TopicPartition(topic, partition))))
        return statuses

    def _status(self, subscription: Subscription, partition: int, position: Position | None, end_offset: int | None) -> ConsumerStatus:
        state, detail = self._standing.state_of((subscription.group, subscription.topic.name, partition))
        expected = None
        if subscription.sequenced:
            expected = sequence_text(position.epoch, position.next_number).decode() if position is not None and position.epoch else "1.1"
        return ConsumerStatus(
            group=subscription.group,
            topic=subscription.topic.name,
            partition=partition,
            next_offset=0 if position is None else position.next_offset,
            end_offset=end_offset,
            sequence_expected=expected,
            state=state,
            detail=detail,
        )

    def kafka_fault(self) -> str | None:
        """Return what is wrong with Kafka as it was last asked, or None: what readiness asks."""
        return None if self._kafka_answers else "Kafka does not answer"

    async def _end_offsets(self) -> dict[TopicPartition, int]:
        """Return where each partition ends, of as many topics as Kafka tells about in time."""
        async with self._asking:
            try:
                ends = await asyncio.wait_for(self._ask_end_offsets(), KAFKA_ANSWER_SECONDS_MAX)
            except (KafkaError, OSError, TimeoutError):
                self._kafka_answers = False
                await self._disconnect()
                return {}
            self._kafka_answers = True
            return ends

    async def _ask_end_offsets(self) -> dict[TopicPartition, int]:
        if self._kafka is None:
            kafka = AIOKafkaConsumer(bootstrap_servers=self._bootstrap_servers)
            try:
                await kafka.start()
            except BaseException:
                await close(kafka)
                raise
            self._kafka = kafka
        if not self._partitions:
            for topic in sorted({subscription.topic.name for subscription in self._subscriptions}):
                identity = await identity_of_topic(self._bootstrap_servers, topic)
                self._partitions += [TopicPartition(topic, number) for number in range(identity.partitions)]
        offsets: dict[TopicPartition, int] = await self._kafka.end_offsets(self._partitions)
        return offsets

    async def _disconnect(self) -> None:
        kafka, self._kafka, self._partitions = self._kafka, None, []
        if kafka is not None:
            await close(kafka)
