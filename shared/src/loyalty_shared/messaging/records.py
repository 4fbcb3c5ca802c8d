"""What a use case is handed: the events of one partition's batch, what was set aside on the way, and the step that it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from loyalty_shared.messaging.headers import Header
from loyalty_shared.persistence.dead_letters import Fault, Rejected
from loyalty_shared.persistence.offsets import Span

Event = TypeVar("Event", covariant=True)


class RawRecord(Protocol):
    """A record as it came from Kafka."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[Header]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTally:
    """What one source (entity, source system) sent in one batch, where it sent something bad or had done so before.

    `good` and `bad` count records; `trailing_bad` those since its last good one. `stopped`: with this batch its limit was passed, so that
    from there on its records are kept and not taken.
    """

    legal_entity: str
    source_system: str
    good: int
    bad: int
    trailing_bad: int
    stopped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch(Generic[Event]):
    """Records of one partition, decoded, in order. `events`, `offsets` and `traceparents` are parallel.

    `rejected`: what was set aside in the same stretch of the partition; post it in the transaction that calls `taking.take_batch`.
    `span`: the step of the group's place; None for a dead letter tried again (`retry_of`). `tallies`: what to add to its sources' counts.
    `catching_up`: the producer began a new epoch: compare by cause with what is already held, and take only what is not. All of a batch's records
    are of one epoch, and either all or none are catching up, so that no cause comes twice within it.
    """

    group: str
    topic: str
    partition: int
    events: Sequence[Event]
    offsets: Sequence[int]
    traceparents: Sequence[str | None]
    records: Sequence[RawRecord]
    rejected: Sequence[Rejected] = ()
    tallies: Sequence[SourceTally] = ()
    span: Span | None = None
    catching_up: bool = False
    retry_of: str | None = None

    def raw(self, index: int) -> RawRecord:
        """Return the record that event `index` was decoded from."""
        return self.records[index]

    def reject(self, index: int, fault: Fault, detail: str, *, legal_entity: str | None, source_system: str | None) -> Rejected:
        """Return event `index` as a record set aside, for the use case to post among its dead letters."""
        return rejected_record(self.records[index], fault, detail, legal_entity=legal_entity, source_system=source_system)


def rejected_record(record: RawRecord, fault: Fault, detail: str, *, legal_entity: str | None, source_system: str | None) -> Rejected:
    """Return a record set aside, whole, with the reason and, where they could be read, its entity and source."""
    return Rejected(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        headers=tuple(record.headers),
        value=record.value,
        fault=fault,
        detail=detail,
        legal_entity=legal_entity,
        source_system=source_system,
    )
