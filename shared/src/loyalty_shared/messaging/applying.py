"""Handing a batch to its use case until it is committed: retries while the database is away, halves when one record fails."""

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import Final

import psycopg2
import sqlalchemy.exc
import structlog

from loyalty_shared.kernel.clock import monotonic_seconds
from loyalty_shared.messaging import metrics as declared
from loyalty_shared.messaging.decoding import DETAIL_CHARACTERS_MAX, Decoded, Decoder
from loyalty_shared.messaging.pauses import Pauses
from loyalty_shared.messaging.positions import Halted
from loyalty_shared.messaging.records import RawRecord
from loyalty_shared.messaging.source_limits import SourceLimits, SourceState, list_source_states
from loyalty_shared.messaging.standing import Standing, State
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.messaging.threads import in_thread
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database, is_transient
from loyalty_shared.persistence.dead_letters import Fault
from loyalty_shared.persistence.offsets import Fenced

#: Tries of one batch that a database which answers turns down (deadlocks, locks, time-outs) before the batch is halved; a database that is away is waited for.
TRANSIENT_TRIES_MAX: Final = 8

log = structlog.get_logger()


class Applier:
    """Takes one subscription's batches, one at a time."""

    def __init__(self, subscription: Subscription, decoder: Decoder, database: Database, metrics: Metrics, standing: Standing, stopping: asyncio.Event) -> None:
        self._subscription = subscription
        self._decoder = decoder
        self._database = database
        self._metrics = metrics
        self._standing = standing
        self._stopping = stopping

    async def take(self, decoded: Decoded) -> bool:
        """Have the use case commit a batch. Return False when what was decoded after it must be read again from the stored place. Raises Halted."""
        try:
            return await self._try(decoded)
        except Exception as error:
            _require_fault_of_record(error)
            log.warning("batch failed, looking for the record", group=self._subscription.group, records=len(decoded.records), error=_text_of(error))
            await self._take_by_halves(decoded)
            return False

    async def load_limits(self) -> SourceLimits:
        """Return the standing of the sources as stored."""
        return SourceLimits(await in_thread(self._list_source_states))

    async def _try(self, decoded: Decoded) -> bool:
        pauses = Pauses(self._stopping)
        for tries in count(1):
            began = monotonic_seconds()
            try:
                await in_thread(self._subscription.use_case, decoded.batch)
            except Fenced as fenced:
                self._count_retry("fenced")
                log.warning("fenced", group=self._subscription.group, reason=str(fenced))
                return False
            except Exception as error:
                if not is_transient(error):
                    raise
                self._count_retry("transient")
                self._standing.set_group(self._subscription.group, State.WAITING_FOR_DATABASE, _text_of(error))
                log.warning("batch waits for the database", group=self._subscription.group, tries=tries, error=_text_of(error))
                if tries >= TRANSIENT_TRIES_MAX and len(decoded.records) > 1 and await self._database_answers():
                    raise
                await pauses.pause()
                if self._stopping.is_set():
                    return False
            else:
                if tries > 1:
                    self._standing.set_group(self._subscription.group, State.FOLLOWING)
                self._count_taken(decoded, monotonic_seconds() - began)
                return True
        raise AssertionError("count() does not end")

    async def _take_by_halves(self, decoded: Decoded) -> None:
        """Take a batch that failed piece by piece, in order, until the records that fail stand alone; those are set aside."""
        place = decoded.place
        limits = await self.load_limits()
        pieces: list[Sequence[RawRecord]] = [decoded.records]  # a stack: the next piece is last
        while pieces:
            piece = pieces.pop()
            self._count_retry("halved")
            smaller = await in_thread(self._decoder.decode, piece, place, limits)
            try:
                taken = await self._try(smaller)
            except Exception as error:
                if not is_transient(error):
                    _require_fault_of_record(error)
                limits = await self.load_limits()
                if len(piece) > 1:
                    middle = len(piece) // 2
                    pieces += [piece[middle:], piece[:middle]]
                    continue
                smaller = await in_thread(self._decoder.set_aside, piece[0], place, limits, _text_of(error))
                taken = await self._try_passing_by(smaller)
            if not taken:
                return
            place = smaller.after

    async def _try_passing_by(self, alone: Decoded) -> bool:
        try:
            return await self._try(alone)
        except Exception as error:
            record = alone.records[0]
            raise Halted(f"offset {record.offset} fails, and cannot be set aside either: {_text_of(error)}") from error

    async def _database_answers(self) -> bool:
        try:
            await in_thread(self._list_source_states)
        except Exception as error:
            if not is_transient(error):
                raise
            return False
        return True

    def _list_source_states(self) -> dict[tuple[str, str], SourceState]:
        with self._database.transaction() as cursor:
            return list_source_states(cursor, self._subscription.group)

    def _count_retry(self, cause: str) -> None:
        self._metrics.counter(declared.RETRIES).labels(group=self._subscription.group, cause=cause).inc()

    def _count_taken(self, decoded: Decoded, seconds: float) -> None:
        group, batch = self._subscription.group, decoded.batch
        self._metrics.histogram(declared.BATCH_SECONDS).labels(group=group).observe(seconds)
        stopped = sum(rejected.fault is Fault.SOURCE_STOPPED for rejected in batch.rejected)
        outcomes = {
            "taken": len(batch.events),
            "dead-letter": len(batch.rejected) - stopped,
            "source-stopped": stopped,
            "unknown-type": decoded.unknown_types,
            "repeated": decoded.repeats,
        }
        for outcome, records in outcomes.items():
            if records:
                self._metrics.counter(declared.RECORDS).labels(group=group, outcome=outcome).inc(records)
        for rejected in batch.rejected:
            self._metrics.counter(declared.DEAD_LETTERS).labels(group=group, fault=rejected.fault.value).inc()
        for tally in batch.tallies:
            if tally.stopped:
                log.error("source stopped", group=group, legal_entity=tally.legal_entity, source_system=tally.source_system, bad=tally.bad)


def _require_fault_of_record(error: Exception) -> None:
    """Raise Halted for what no record can be at fault for: a table or column that is missing, a permission. Every record would be set aside."""
    cause = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) else error
    if isinstance(cause, psycopg2.ProgrammingError):
        raise Halted(f"the database is not what this version needs ({_text_of(error)}): migrate it") from error


def _text_of(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".replace("\x00", " ")[:DETAIL_CHARACTERS_MAX]
