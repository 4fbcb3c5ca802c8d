"""From records to a batch of events: headers, sequence, JSON, and whatever does not fit set aside with its reason.

This runs for every record of every topic; what it costs per record is in the budget (docs), so the loop asks the cheap questions first
and leaves everything about bad records to other functions.
"""

import re
import zlib
from collections.abc import Callable
from collections.abc import Sequence as Items
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from loyalty_shared.messaging import headers as names
from loyalty_shared.messaging.positions import Place
from loyalty_shared.messaging.records import Batch, RawRecord, SourceTally, rejected_record
from loyalty_shared.messaging.sequence import EpochBegins, Sequence, SequenceBroken
from loyalty_shared.messaging.source_limits import SourceLimits
from loyalty_shared.messaging.sources import source_of_bad_record
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.observability.tracing import traceparent_from
from loyalty_shared.persistence.dead_letters import Fault, Rejected
from loyalty_shared.persistence.offsets import Span

#: The largest value that is decoded; larger ones are dead-lettered `value-too-large`.
VALUE_BYTES_MAX: Final = 256 * 1024
DETAIL_CHARACTERS_MAX: Final = 500

#: An escaped NUL: the backslash before `u0000` is not itself escaped. PostgreSQL's text cannot hold one.
_ESCAPED_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A batch, and all that it was made from. `records` may be fewer than were given: up to the first that may not share its batch.

    `place` is where they begin, `after` where the next batch does.
    """

    batch: Batch[Any]
    records: Items[RawRecord]
    place: Place
    after: Place
    unknown_types: int
    repeats: int


@dataclass(slots=True, kw_only=True)
class _Sorted:
    """Records, sorted. `passed` counts all that were looked at."""

    events: list[Any] = field(default_factory=list)
    traceparents: list[str | None] = field(default_factory=list)
    records: list[RawRecord] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    passed: int = 0
    unknown_types: int = 0
    repeats: int = 0
    catching_up: bool = False


class Decoder:
    """Decodes one subscription's records."""

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription
        types = {name.encode(): struct for name, struct in subscription.topic.types.items()}
        self._decoders: dict[bytes | None, Callable[[bytes], Any]] = {name: msgspec.json.Decoder(struct).decode for name, struct in types.items()}
        self._type_digests: dict[bytes | None, int] = {name: zlib.crc32(name) for name in types}

    def decode(self, records: Items[RawRecord], place: Place, limits: SourceLimits) -> Decoded:
        """Return the batch of a partition's records, at least one, from `place` on. Raises SequenceBroken when the very first record breaks the sequence."""
        return self._decode(records, place, limits, None)

    def set_aside(self, record: RawRecord, place: Place, limits: SourceLimits, failure: str) -> Decoded:
        """Return the batch that passes by a record whose use case failed, dead-lettering it as `failed-to-process`."""
        return self._decode((record,), place, limits, failure)

    def decode_again(self, record: RawRecord, letter_id: str) -> Batch[Any]:
        """Return the batch of a dead letter alone; it takes no step, and has the record under `rejected` when it is as bad as it was."""
        return self._batch(record, self._sort((record,), None, SourceLimits({}), None), retry_of=letter_id)

    def _decode(self, records: Items[RawRecord], place: Place, limits: SourceLimits, failure: str | None) -> Decoded:
        position = place.position
        sequence = Sequence(position) if self._subscription.sequenced else None
        sorted_ = self._sort(records, sequence, limits, failure)
        if sorted_.passed < len(records):
            records = records[: sorted_.passed]
        position = replace(position, next_offset=records[-1].offset + 1)
        if sequence is not None:
            position = replace(position, epoch=sequence.epoch, next_number=sequence.next_number, digests=sequence.digests, catching_up=sorted_.catching_up)
        first = records[0]
        span = Span(group=self._subscription.group, topic=first.topic, partition=first.partition, before=place.stored, after=position)
        return Decoded(
            batch=self._batch(first, sorted_, span=span, tallies=limits.take_tallies()),
            records=records,
            place=place,
            after=Place(stored=position, position=position),
            unknown_types=sorted_.unknown_types,
            repeats=sorted_.repeats,
        )

    def _batch(
        self, first: RawRecord, sorted_: _Sorted, *, span: Span | None = None, tallies: Items[SourceTally] = (), retry_of: str | None = None
    ) -> Batch[Any]:
        return Batch(
            group=self._subscription.group,
            topic=first.topic,
            partition=first.partition,
            events=sorted_.events,
            offsets=[record.offset for record in sorted_.records],
            traceparents=sorted_.traceparents,
            records=sorted_.records,
            rejected=sorted_.rejected,
            tallies=tallies,
            span=span,
            catching_up=sorted_.catching_up,
            retry_of=retry_of,
        )

    def _sort(self, records: Items[RawRecord], sequence: Sequence | None, limits: SourceLimits, failure: str | None) -> _Sorted:
        """Tell events from what is set aside, skipped or repeated. `failure`: the text with which every record is set aside."""
        out = _Sorted()
        decoders, read = self._decoders, self._read
        events, traceparents, raws = out.events.append, out.traceparents.append, out.records.append
        for record in records:
            header = dict(record.headers)
            if sequence is not None and names.SEQUENCE in header:
                recovering = names.RECOVERING in header
                if recovering is not out.catching_up:
                    if out.passed:
                        break
                    out.catching_up = recovering
                try:
                    is_next = sequence.is_next(header[names.SEQUENCE], zlib.crc32(record.value or b"", self._type_digests.get(header.get(names.TYPE), 0)))
                except EpochBegins:
                    break
                except SequenceBroken:
                    if out.passed == 0:
                        raise
                    break
                if not is_next:
                    out.passed += 1
                    out.repeats += 1
                    continue
            out.passed += 1
            type_name = header.get(names.TYPE)
            decode = decoders.get(type_name)
            if decode is None and type_name is not None and not self._subscription.sequenced:
                out.unknown_types += 1
                continue
            fault = _fault_of_envelope(header, record.value, needs_sequence=sequence is not None)
            if fault is None and decode is None:  # our own newer producer wrote it: skipped, points would be gone; kept, a newer reader can take it
                fault = Fault.UNKNOWN_TYPE, f"{names.TYPE}: {header[names.TYPE][:100]!r} is not known here; update this service, then retry"
            if fault is None:
                event, fault = read(decode, record.value) if failure is None else (None, (Fault.FAILED_TO_PROCESS, failure))
            if fault is not None:
                out.rejected.append(_set_aside(record, header, fault, limits))
                continue
            if limits.troubled and not self._may_pass(record, event, limits, out.rejected):
                continue
            events(event)
            raws(record)
            traceparents(traceparent_from(header.get(names.TRACEPARENT)))
        return out

    def _read(self, decode: Any, value: Any) -> tuple[Any, tuple[Fault, str] | None]:
        """Return the event of a value, or why there is none. Both arguments are known not to be None by now."""
        try:
            event = decode(value)
            if b"\\" in value and _ESCAPED_NUL.search(value):
                return None, (Fault.INVALID_FIELD, "a text has a NUL character (\\u0000), which cannot be stored; send it without")
            if self._subscription.validate is not None and (refusal := self._subscription.validate(event)) is not None:
                return None, (refusal.fault, refusal.detail)
        except Exception as error:  # whatever a value does to the decoder, it is that record's fault alone
            return None, _fault_of_value(error)
        return event, None

    def _may_pass(self, record: RawRecord, event: Any, limits: SourceLimits, rejected: list[Rejected]) -> bool:
        """Count a good event of a source in trouble, or keep it when the source is stopped."""
        source = self._subscription.source_of(event)
        if limits.is_stopped(source):
            rejected.append(_kept(record, source))
            return False
        if source in limits.troubled:
            limits.count_good(source)
        return True


def _fault_of_envelope(header: dict[str, bytes], value: bytes | None, *, needs_sequence: bool) -> tuple[Fault, str] | None:
    if header.get(names.SPECVERSION) != b"1.0" or names.ID not in header or names.SOURCE not in header or names.TYPE not in header:
        missing = [name for name in names.REQUIRED if name not in header]
        if missing:
            return Fault.MISSING_HEADER, f"headers: {', '.join(missing)} absent; send CloudEvents 1.0 in binary mode"
        return Fault.MISSING_HEADER, f"{names.SPECVERSION}: {header[names.SPECVERSION][:20]!r} is not '1.0'"
    if needs_sequence and names.SEQUENCE not in header:
        return Fault.MISSING_HEADER, f"headers: {names.SEQUENCE} absent on a topic that is gapless by number; somebody else writes to it"
    if value is None:
        return Fault.MALFORMED_JSON, "the record has no value"
    if len(value) > VALUE_BYTES_MAX:
        return Fault.VALUE_TOO_LARGE, f"the value has {len(value)} bytes; at most {VALUE_BYTES_MAX} are taken"
    return None


def _fault_of_value(error: Exception) -> tuple[Fault, str]:
    fault = Fault.INVALID_FIELD if isinstance(error, msgspec.ValidationError) else Fault.MALFORMED_JSON
    return fault, (str(error) or type(error).__name__)[:DETAIL_CHARACTERS_MAX]


def _set_aside(record: RawRecord, header: dict[str, bytes], fault: tuple[Fault, str], limits: SourceLimits) -> Rejected:
    """Return a bad record as a dead letter, counted against its source; of a stopped source it is only kept."""
    entity, source_system = source_of_bad_record(record, header)
    source = (entity or "", source_system or "")
    if limits.is_stopped(source):
        return _kept(record, source)
    limits.count_bad(source)
    return rejected_record(record, *fault, legal_entity=entity, source_system=source_system)


def _kept(record: RawRecord, source: tuple[str, str]) -> Rejected:
    entity, source_system = source
    detail = "its source sent too many bad records and is stopped; mend the source, then retry its letters in order"
    return rejected_record(record, Fault.SOURCE_STOPPED, detail, legal_entity=entity or None, source_system=source_system or None)
