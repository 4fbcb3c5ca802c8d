"""One member of one consumer group: fetches, decodes ahead, and hands over, while Kafka gives and takes away its partitions."""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError

from loyalty_shared.kernel.clock import monotonic_seconds
from loyalty_shared.messaging.applying import Applier
from loyalty_shared.messaging.closing import close
from loyalty_shared.messaging.decoding import Decoded, Decoder
from loyalty_shared.messaging.identity import identity_of_topic
from loyalty_shared.messaging.pauses import Pauses, Stopping, unless_stopping
from loyalty_shared.messaging.positions import Halted, Place, find_positions, place_from
from loyalty_shared.messaging.records import RawRecord
from loyalty_shared.messaging.sequence import SequenceBroken
from loyalty_shared.messaging.source_limits import SourceLimits
from loyalty_shared.messaging.standing import PartitionOfGroup, Standing, State
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.messaging.threads import in_thread
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database, is_transient

FETCH_BYTES_MAX: Final = 4 * 1024 * 1024
FETCH_WAIT_MS: Final = 250
#: A patient group's fetch is answered with so much at least, or after so long.
PATIENT_FETCH_BYTES_MIN: Final = 1024 * 1024
PATIENT_FETCH_WAIT_MS: Final = 1_000
#: How soon the partitions of a process that was killed go to another.
SESSION_TIMEOUT_MS: Final = 6_000
HEARTBEAT_MS: Final = 2_000
#: A use case may wait for its database for hours; the group need not know, since nothing rests on it.
POLL_INTERVAL_MS_MAX: Final = 24 * 3_600_000
#: How long a rebalance waits for the batch in hand; later it is fenced, or fences the next owner.
HAND_OVER_SECONDS_MAX: Final = 5.0
#: A partition that may not be read on is looked at again so often, in case its cause was mended.
HALT_RETRY_SECONDS: Final = 15.0
#: The standing of sources is read again so often while one is in trouble: an operator may have forgiven it.
LIMITS_REFRESH_SECONDS: Final = 5.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ahead:
    """A batch decoded while the one before it was being taken; worth nothing once the generation has changed."""

    partition: TopicPartition
    generation: int
    decoded: Decoded


class GroupMember(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Follows one subscription until stopped; survives Kafka or the database being away."""

    def __init__(self, bootstrap_servers: str, database: Database, subscription: Subscription, metrics: Metrics, standing: Standing) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._database = database
        self._subscription = subscription
        self._standing = standing
        self._stopping = asyncio.Event()
        self._pauses = Pauses(self._stopping)
        self._decoder = Decoder(subscription)
        self._applier = Applier(subscription, self._decoder, database, metrics, standing, self._stopping)
        self._consumer: AIOKafkaConsumer | None = None
        self._places: dict[TopicPartition, Place] = {}  # where decoding has come to
        self._unplaced: set[TopicPartition] = set()
        self._halted: set[TopicPartition] = set()
        self._told_of: set[PartitionOfGroup] = set()
        self._fetched: deque[tuple[TopicPartition, Sequence[RawRecord]]] = deque()
        self._generation = 0  # counts every time that what was read ahead lost its ground
        self._in_hand: asyncio.Task[bool] | None = None
        self._limits = SourceLimits({})
        self._limits_read_at = 0.0

    async def run(self) -> None:
        """Follow the topic until `stop`; begin again when Kafka was away."""
        group = self._subscription.group
        while not self._stopping.is_set():
            try:
                await self._follow()
            except Stopping:
                break
            except (KafkaError, OSError) as error:
                self._standing.set_group(group, State.WAITING_FOR_KAFKA, f"{type(error).__name__}: {error}")
                log.warning("consumer waits for Kafka", group=group, error=f"{type(error).__name__}: {error}")
            except Exception as error:
                # A fault of ours: the place is kept, and to begin again is better than a process that looks alive and follows nothing.
                self._standing.set_group(group, State.STOPPED, f"unexpected {type(error).__name__}, see the log; it begins again")
                log.exception("consumer begins again", group=group)
            await self._pauses.pause()

    def stop(self) -> None:
        """Let the batch in hand be finished, then end `run`."""
        self._stopping.set()

    async def _follow(self) -> None:
        await identity_of_topic(self._bootstrap_servers, self._subscription.topic.name)  # a topic that is missing is waited for here
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap_servers,
            group_id=self._subscription.group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_partition_fetch_bytes=FETCH_BYTES_MAX,
            fetch_min_bytes=PATIENT_FETCH_BYTES_MIN if self._subscription.patient else 1,
            fetch_max_wait_ms=PATIENT_FETCH_WAIT_MS if self._subscription.patient else FETCH_WAIT_MS,
            session_timeout_ms=SESSION_TIMEOUT_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            max_poll_interval_ms=POLL_INTERVAL_MS_MAX,
        )
        consumer.subscribe([self._subscription.topic.name], listener=self)
        self._consumer = consumer
        try:
            await unless_stopping(self._stopping, consumer.start())
            self._standing.set_group(self._subscription.group, State.FOLLOWING)
            await self._take_batches(consumer)
        finally:
            self._let_go()
            await close(consumer)

    async def _take_batches(self, consumer: AIOKafkaConsumer) -> None:
        """Take batch after batch: while one is in hand, the next is fetched and decoded."""
        try:
            while not self._stopping.is_set():
                if self._unplaced or self._limits_are_old():
                    await self._finish_in_hand(consumer)
                    if not await self._place(consumer):
                        continue
                ahead = await self._decode_next(consumer)
                await self._finish_in_hand(consumer)
                if ahead is not None and ahead.generation == self._generation:
                    self._in_hand = asyncio.create_task(self._take(consumer, ahead))
        finally:
            await self._finish_in_hand(consumer)

    async def _take(self, consumer: AIOKafkaConsumer, ahead: _Ahead) -> bool:
        try:
            return await self._applier.take(ahead.decoded)
        except Halted as halted:
            self._halt(consumer, ahead.partition, str(halted))
            return False

    async def _finish_in_hand(self, consumer: AIOKafkaConsumer) -> None:
        if self._in_hand is not None:
            try:
                taken = await self._in_hand
            finally:
                self._in_hand = None
            if not taken:
                self._lose_ground(consumer)

    async def _decode_next(self, consumer: AIOKafkaConsumer) -> _Ahead | None:
        """Return the next partition's batch, decoded; None when nothing came, or nothing may be read."""
        if not self._fetched:
            try:
                fetched = await unless_stopping(self._stopping, consumer.getmany(timeout_ms=FETCH_WAIT_MS, max_records=self._subscription.batch_max))
            except (NoOffsetForPartitionError, OffsetOutOfRangeError) as error:
                log.warning("offset is not in Kafka, placing again", group=self._subscription.group, error=str(error))
                self._lose_ground(consumer)
                return None
            self._fetched.extend(fetched.items())
        if not self._fetched:
            return None
        partition, records = self._fetched.popleft()
        place, generation = self._places.get(partition), self._generation
        if place is None:
            return None
        try:
            decoded = await in_thread(self._decoder.decode, records, place, self._limits)
        except SequenceBroken as broken:
            await self._finish_in_hand(consumer)
            if generation == self._generation:
                self._halt(consumer, partition, str(broken))
            return None
        if generation == self._generation:
            self._places[partition] = decoded.after
            if len(decoded.records) < len(records):
                consumer.seek(partition, decoded.after.position.next_offset)  # what may not share this batch is met again, first in the next
        return _Ahead(partition=partition, generation=generation, decoded=decoded)

    async def _place(self, consumer: AIOKafkaConsumer) -> bool:
        """Read the sources' standing, and go to the stored places of the partitions that have none. Return False when it must be tried again."""
        partitions, generation = frozenset(self._unplaced), self._generation
        try:
            self._limits = await self._applier.load_limits()
            stored = await in_thread(find_positions, self._database, self._subscription.group, partitions)
        except Exception as error:
            if not is_transient(error):
                raise
            self._standing.set_group(self._subscription.group, State.WAITING_FOR_DATABASE, str(error))
            log.warning("consumer waits for the database", group=self._subscription.group, error=str(error))
            await self._pauses.pause()
            return False
        self._limits_read_at = monotonic_seconds()
        if partitions:
            identity = await identity_of_topic(self._bootstrap_servers, self._subscription.topic.name)
            beginnings, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
            if generation != self._generation:
                return False
            for partition in partitions:
                try:
                    self._go_to(consumer, partition, place_from(stored[partition], identity, beginnings[partition], ends[partition]))
                except Halted as halted:
                    self._halt(consumer, partition, str(halted))
        self._standing.set_group(self._subscription.group, State.FOLLOWING)
        self._pauses.reset()
        return True

    def _limits_are_old(self) -> bool:
        return bool(self._limits.troubled) and monotonic_seconds() - self._limits_read_at > LIMITS_REFRESH_SECONDS

    def _go_to(self, consumer: AIOKafkaConsumer, partition: TopicPartition, place: Place) -> None:
        self._unplaced.discard(partition)
        self._places[partition] = place
        self._standing.follow(self._tell_of(partition))
        consumer.seek(partition, place.position.next_offset)
        consumer.resume(partition)

    def _halt(self, consumer: AIOKafkaConsumer, partition: TopicPartition, reason: str) -> None:
        """Read a partition no further, keep its place, tell whoever is on duty, and look again later."""
        log.error("consumer stopped", group=self._subscription.group, topic=partition.topic, partition=partition.partition, reason=reason)
        self._unplaced.discard(partition)
        self._places.pop(partition, None)
        if partition in consumer.assignment():
            self._halted.add(partition)
            self._standing.halt(self._tell_of(partition), reason)
            consumer.pause(partition)
            asyncio.get_running_loop().call_later(HALT_RETRY_SECONDS, self._look_again, consumer, partition)

    def _look_again(self, consumer: AIOKafkaConsumer, partition: TopicPartition) -> None:
        if consumer is self._consumer and partition in self._halted:
            self._halted.discard(partition)
            self._lose_ground(consumer)

    def _tell_of(self, partition: TopicPartition) -> PartitionOfGroup:
        told_of = (self._subscription.group, partition.topic, partition.partition)
        self._told_of.add(told_of)
        return told_of

    def _lose_ground(self, consumer: AIOKafkaConsumer) -> None:
        """Forget all that was read ahead; every partition goes on from its stored place."""
        self._generation += 1
        self._fetched.clear()
        self._places.clear()
        self._unplaced = set(consumer.assignment()) - self._halted

    def _let_go(self) -> None:
        """Forget the partitions themselves."""
        self._generation += 1
        self._fetched.clear()
        self._places.clear()
        self._unplaced.clear()
        self._halted.clear()
        self._standing.leave(self._told_of)
        self._told_of.clear()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Finish the batch in hand, so that the next owner begins after it."""
        self._let_go()
        if self._in_hand is not None:
            await asyncio.wait({self._in_hand}, timeout=HAND_OVER_SECONDS_MAX)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Hold the new partitions until `_place` has found where to begin; Kafka itself knows no place of this group."""
        assert self._consumer is not None
        self._let_go()
        for partition in assigned:
            self._consumer.seek(partition, 0)
            self._consumer.pause(partition)
            self._unplaced.add(partition)
