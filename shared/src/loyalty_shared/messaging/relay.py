"""The relay: publishes what has committed, numbered without gaps by topic partition, each record at least once and under one number only.

A window is announced in the database before its first record goes to Kafka, so a crash anywhere leads to the same records under the same
numbers again, which readers skip. Only the holder of a partition's lease numbers it; one that slept through its lease can repeat, not invent.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from loyalty_shared.kernel.clock import monotonic_seconds
from loyalty_shared.kernel.ids import new_id
from loyalty_shared.messaging import metrics as declared
from loyalty_shared.messaging.closing import close
from loyalty_shared.messaging.identity import identity_of_topic
from loyalty_shared.messaging.outgoing import OutgoingTopic
from loyalty_shared.messaging.pauses import Pauses, wait_for_stop
from loyalty_shared.messaging.publishing import CHUNK_BYTES_MAX, REQUEST_BYTES_MAX, Chunks, send_in_order
from loyalty_shared.messaging.recovery import InputPartition, expect_again
from loyalty_shared.messaging.relay_rows import LEASE_SECONDS, Lease, LeaseLost, Published, TopicPartitionName, begin_epoch, release_leases, take_leases
from loyalty_shared.messaging.relay_tail import highest_number
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.messaging.threads import in_thread
from loyalty_shared.messaging.windows import Window, Windows
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database, is_transient

POLL_BUSY_SECONDS: Final = 0.01
POLL_IDLE_SECONDS_MAX: Final = 0.1
RENEW_SECONDS: Final = LEASE_SECONDS / 3
#: How soon free partitions are asked for again, and stopped ones looked at.
LOOK_FOR_LEASES_SECONDS: Final = 2.0
STOPPED_RETRY_SECONDS: Final = 15.0
REQUEST_TIMEOUT_MS: Final = 10_000
#: A fetch that waits at a topic's end holds up every other question on its connection, and a relay asks one for each partition.
TAIL_WAIT_MS: Final = 10

log = structlog.get_logger()


class RelayStopped(Exception):
    """This partition may not be published to; the text says why, for whoever is paged."""


class Relay:
    """Publishes one service's outgoing topics until stopped; survives Kafka or the database being away.

    `source` is the `ce_source`; `inputs` are the service's own subscriptions: after a restore they must be read again before a new epoch has recovered.
    """

    def __init__(
        self, bootstrap_servers: str, database: Database, topics: Sequence[OutgoingTopic], *, source: str, inputs: Sequence[Subscription], metrics: Metrics
    ) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._database = database
        self._topics = {outgoing.topic.name: outgoing.topic for outgoing in topics}
        self._inputs = inputs
        self._metrics = metrics
        self._owner = new_id()
        self._windows = Windows(database, topics, source, self._owner)
        self._stopping = asyncio.Event()
        self._held: dict[TopicPartitionName, Lease] = {}
        self._stopped: dict[TopicPartitionName, float] = {}  # until when not to be asked for
        #: Why nothing is published; None while the relay goes on.
        self.waiting_for: str | None = "its start"

    async def run(self) -> None:
        """Publish until `stop`; begin again, from the stored windows, after every failure."""
        pauses = Pauses(self._stopping)
        while not self._stopping.is_set():
            try:
                await self._publish_all(pauses)
            except LeaseLost as error:
                self._begin_again("lease-lost", error)
            except (KafkaError, OSError, TimeoutError) as error:
                self._begin_again("kafka", error)
            except Exception as error:
                self._begin_again("database" if is_transient(error) else "unexpected", error)
                if not is_transient(error):
                    log.exception("relay failed")
            if not self._stopping.is_set():
                await pauses.pause()

    def stop(self) -> None:
        """Let the window in hand be acknowledged and settled, then end `run`. Call on the event loop."""
        self._stopping.set()

    def _begin_again(self, cause: str, error: Exception) -> None:
        self.waiting_for = f"{cause}: {type(error).__name__}: {error}"
        self._metrics.counter(declared.RELAY_FAILURES).labels(cause=cause).inc()
        log.warning("relay begins again", cause=cause, error=f"{type(error).__name__}: {error}")

    async def _publish_all(self, pauses: Pauses) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap_servers,
            enable_idempotence=True,
            max_batch_size=CHUNK_BYTES_MAX,
            max_request_size=REQUEST_BYTES_MAX,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )
        self._held = {}
        try:
            await producer.start()
            await self._publish_windows(producer, pauses)
        finally:
            await close(producer)
            await self._release()

    async def _publish_windows(self, producer: AIOKafkaProducer, pauses: Pauses) -> None:
        """Window after window; each step settles the one before it and announces the next in one transaction."""
        done: Sequence[Published] = ()
        idle_seconds = POLL_BUSY_SECONDS
        look_at = renew_at = 0.0
        while not self._stopping.is_set() or done:
            now = monotonic_seconds()
            if now >= look_at and not done:
                await self._take_free_partitions(producer)
                look_at, renew_at = monotonic_seconds() + LOOK_FOR_LEASES_SECONDS, now + RENEW_SECONDS
            if self._stopping.is_set():
                await in_thread(self._windows.settle, done)
                return
            held = list(self._held.values())
            window = await in_thread(self._windows.step, producer, held, done) if held else None
            self.waiting_for = None
            pauses.reset()
            done = ()
            if window is not None:
                done = await self._publish(producer, window, held)
                idle_seconds, renew_at = POLL_BUSY_SECONDS, monotonic_seconds() + RENEW_SECONDS
                continue
            if held and now >= renew_at:
                await in_thread(self._windows.renew, held)
                renew_at = now + RENEW_SECONDS
            await wait_for_stop(self._stopping, idle_seconds)
            idle_seconds = min(idle_seconds * 1.5, POLL_IDLE_SECONDS_MAX)

    async def _publish(self, producer: AIOKafkaProducer, window: Window, held: Sequence[Lease]) -> Sequence[Published]:
        self._metrics.gauge(declared.WAITING_SECONDS).set(window.waited_seconds)
        await self._send(producer, window.parts, held)
        return [part.published for part in window.parts]

    async def _send(self, producer: AIOKafkaProducer, parts: Sequence[Chunks], held: Sequence[Lease]) -> None:
        """Send all partitions' chunks side by side, keeping the leases while Kafka is slow."""
        sending = asyncio.gather(*(send_in_order(producer, part) for part in parts))
        try:
            while not (await asyncio.wait({sending}, timeout=RENEW_SECONDS))[0]:
                self.waiting_for = "kafka: a window is not acknowledged yet"
                await in_thread(self._windows.renew, held)
                if self._stopping.is_set():
                    raise TimeoutError("told to stop while Kafka does not answer; the window is announced, and will be published again")
            sending.result()
        finally:
            sending.cancel()
        for part in parts:
            self._metrics.counter(declared.PUBLISHED).labels(topic=part.lease.topic).inc(part.records)

    async def _take_free_partitions(self, producer: AIOKafkaProducer) -> None:
        """Take the partitions that nobody holds, and bring each to where the windows go on."""
        now = monotonic_seconds()
        wanted = {(topic.name, partition) for topic in self._topics.values() for partition in range(topic.partitions)}
        wanted -= self._held.keys() | {name for name, until in self._stopped.items() if until > now}
        if not wanted:
            return
        taken = await in_thread(self._take_leases, wanted)
        if not taken:
            return
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap_servers, enable_auto_commit=False, fetch_max_wait_ms=TAIL_WAIT_MS)
        try:
            await consumer.start()
            for lease in taken:
                try:
                    await self._take_over(producer, consumer, lease)
                except RelayStopped as error:
                    self._halt(lease, str(error))
                else:
                    self._held[lease.name] = lease
                    self._metrics.gauge(declared.RELAY_STOPPED).labels(topic=lease.topic, partition=str(lease.partition)).set(0)
        finally:
            await close(consumer)
        log.info("relay took partitions", partitions=len(self._held), of=sum(topic.partitions for topic in self._topics.values()))

    async def _take_over(self, producer: AIOKafkaProducer, consumer: AIOKafkaConsumer, lease: Lease) -> None:
        """Go on where the relay before this one came to: finish its window, or begin a new epoch when the database is behind Kafka."""
        if lease.bound_xid > await in_thread(self._windows.oldest_running_xid):
            raise RelayStopped("this database came from another server: its transaction ids are below the relay's bound; see docs/restoring.md")
        identity = await identity_of_topic(self._bootstrap_servers, lease.topic)
        expected = self._topics[lease.topic].partitions
        if identity.partitions != expected:
            raise RelayStopped(f"{lease.topic} has {identity.partitions} partitions, not {expected}: customers would change theirs; make it as it was")
        epoch, number = await highest_number(consumer, lease.topic, lease.partition)
        pending = await in_thread(self._windows.pending, producer, lease, number if epoch == lease.epoch else 0)
        last_number = pending.published.last_number if pending is not None else lease.next_number - 1
        if (epoch, number) > (lease.epoch, last_number):
            await self._begin_epoch(consumer, lease, epoch + 1)
            pending = await in_thread(self._windows.pending, producer, lease, 0)
        elif (epoch, number) < (lease.epoch, lease.next_number - 1) and lease.next_number > 1:
            raise RelayStopped(f"Kafka ends at {epoch}.{number}, but {lease.epoch}.{lease.next_number - 1} was acknowledged: it lost records")
        if pending is not None:
            await self._send(producer, [pending], [lease])
            await in_thread(self._windows.settle, [pending.published])

    async def _begin_epoch(self, consumer: AIOKafkaConsumer, lease: Lease, epoch: int) -> None:
        ends = await self._ends_of_inputs(consumer)
        log.error("new epoch: the database is behind what was published", topic=lease.topic, partition=lease.partition, stored=lease.epoch, begins=epoch)

        def begin() -> None:
            with self._database.transaction() as cursor:
                begin_epoch(cursor, self._owner, lease, epoch)
                expect_again(cursor, ends.items())

        await in_thread(begin)
        self._metrics.counter(declared.EPOCHS).labels(topic=lease.topic).inc()

    async def _ends_of_inputs(self, consumer: AIOKafkaConsumer) -> Mapping[InputPartition, int]:
        """Return where Kafka ends now, for each group and partition that this service reads."""
        ends: dict[InputPartition, int] = {}
        for subscription in self._inputs:
            topic = subscription.topic.name
            identity = await identity_of_topic(self._bootstrap_servers, topic)
            offsets = await consumer.end_offsets([TopicPartition(topic, partition) for partition in range(identity.partitions)])
            ends |= {(subscription.group, topic, place.partition): end for place, end in offsets.items()}
        return ends

    def _take_leases(self, wanted: set[TopicPartitionName]) -> list[Lease]:
        with self._database.transaction() as cursor:
            return take_leases(cursor, self._owner, wanted)

    def _halt(self, lease: Lease, reason: str) -> None:
        log.error("relay stopped", topic=lease.topic, partition=lease.partition, reason=reason)
        self._stopped[lease.name] = monotonic_seconds() + STOPPED_RETRY_SECONDS
        self._metrics.gauge(declared.RELAY_STOPPED).labels(topic=lease.topic, partition=str(lease.partition)).set(1)

    async def _release(self) -> None:
        """Let another relay go on at once; when that fails the leases run out."""

        def release() -> None:
            with self._database.transaction() as cursor:
                release_leases(cursor, self._owner)

        try:
            await in_thread(release)
        except Exception as error:
            if not is_transient(error):
                raise
