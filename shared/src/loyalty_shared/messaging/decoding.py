"""From records to a batch of events: headers, sequence, JSON, and whatever does not fit set aside with its reason.

This runs for every record of every topic; what it costs per record is in the budget (docs), so the loop asks the cheap questions first
and leaves everything about bad records to other functions.
"""

import re
import zlib
from collections.abc import Callable
from collections.abc import Sequence as Items
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from loyalty_shared.messaging import headers as names
from loyalty_shared.messaging.records import Batch, RawRecord, rejected_record
from loyalty_shared.messaging.sequence import Sequence, SequenceBroken
from loyalty_shared.messaging.source_limits import SourceLimits
from loyalty_shared.messaging.sources import source_of_bad_record
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.persistence.dead_letters import Fault, Rejected
from loyalty_shared.persistence.offsets import Position, Span

#: The largest value that is decoded; larger ones are dead-lettered `value-too-large`.
VALUE_BYTES_MAX: Final = 256 * 1024
DETAIL_CHARACTERS_MAX: Final = 500

#: An escaped NUL: the backslash before `u0000` is not itself escaped. PostgreSQL's text cannot hold one.
_ESCAPED_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A batch, and all that it was made from. `records` may be fewer than were given: up to the first that breaks the sequence."""

    batch: Batch[Any]
    records: Items[RawRecord]
    after: Position
    unknown_types: int
    repeats: int


class Decoder:
    """Decodes one subscription's records."""

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription
        self._decoders: dict[bytes, Callable[[bytes], Any]] = {
            name.encode(): msgspec.json.Decoder(struct).decode for name, struct in subscription.topic.types.items()
        }
        self._type_digests = {name.encode(): zlib.crc32(name.encode()) for name in subscription.topic.types}

    def decode(self, records: Items[RawRecord], before: Position | None, position: Position, limits: SourceLimits) -> Decoded:
        """Return the batch of a partition's records, at least one, that follow `position`; `before` is None while the group has no stored place there.

        Raises SequenceBroken when the very first record breaks the sequence.
        """
        return self._decode(records, before, position, limits, None)

    def set_aside(self, record: RawRecord, before: Position | None, position: Position, limits: SourceLimits, failure: str) -> Decoded:
        """Return the batch that passes by a record whose use case failed, dead-lettering it as `failed-to-process`."""
        return self._decode((record,), before, position, limits, failure)

    def decode_again(self, record: RawRecord, letter_id: str) -> Batch[Any]:
        """Return the batch of a dead letter alone; it takes no step, and has the record under `rejected` when it is as bad as it was."""
        events, _, traceparents, raws, rejected, _ = self._sort((record,), None, SourceLimits({}), None)
        return Batch(
            group=self._subscription.group,
            topic=record.topic,
            partition=record.partition,
            events=events,
            offsets=[raw.offset for raw in raws],
            traceparents=traceparents,
            records=raws,
            rejected=rejected,
            retry_of=letter_id,
        )

    def _decode(self, records: Items[RawRecord], before: Position | None, position: Position, limits: SourceLimits, failure: str | None) -> Decoded:
        sequence = Sequence(position) if self._subscription.sequenced else None
        events, catching_up, traceparents, raws, rejected, passed = self._sort(records, sequence, limits, failure)
        taken, unknown_types, repeats = passed
        records = records if taken == len(records) else records[:taken]
        after = replace(position, next_offset=records[-1].offset + 1)
        if sequence is not None:
            after = replace(after, epoch=sequence.epoch, next_number=sequence.next_number, digests=sequence.digests, catching_up=catching_up)
        subscription, first = self._subscription, records[0]
        batch = Batch(
            group=subscription.group,
            topic=first.topic,
            partition=first.partition,
            events=events,
            offsets=[raw.offset for raw in raws],
            traceparents=traceparents,
            records=raws,
            rejected=rejected,
            tallies=limits.take_tallies(),
            span=Span(group=subscription.group, topic=first.topic, partition=first.partition, before=before, after=after),
            catching_up=catching_up,
        )
        return Decoded(batch=batch, records=records, after=after, unknown_types=unknown_types, repeats=repeats)

    def _sort(
        self, records: Items[RawRecord], sequence: Sequence | None, limits: SourceLimits, failure: str | None
    ) -> tuple[list[Any], bool, list[str | None], list[RawRecord], list[Rejected], tuple[int, int, int]]:
        """Tell events from what is set aside, skipped or repeated; the last item counts records passed, unknown types and repeats."""
        decoders, validate, source_of, type_digests = self._decoders, self._subscription.validate, self._subscription.source_of, self._type_digests
        events: list[Any] = []
        traceparents: list[str | None] = []
        raws: list[RawRecord] = []
        rejected: list[Rejected] = []
        catching_up = False
        taken = unknown_types = repeats = 0
        for record in records:
            header = dict(record.headers)
            type_name = header.get(names.TYPE)
            value = record.value
            if sequence is not None and (text := header.get(names.SEQUENCE)) is not None:
                try:
                    is_next = sequence.is_next(text, zlib.crc32(value or b"", type_digests.get(type_name, 0)))  # type: ignore[arg-type]  # None has no digest
                except SequenceBroken:
                    if taken == 0:
                        raise
                    break
                if not is_next:
                    taken += 1
                    repeats += 1
                    continue
                catching_up = catching_up or names.RECOVERING in header
            taken += 1
            decode = decoders.get(type_name)  # type: ignore[arg-type]  # None is no key
            if decode is None and type_name is not None:
                unknown_types += 1
                continue
            fault = _fault_of_envelope(header, value, needs_sequence=sequence is not None)
            if fault is None and failure is not None:
                fault = Fault.FAILED_TO_PROCESS, failure
            if fault is None:
                assert decode is not None
                assert value is not None
                try:
                    event = decode(value)
                    if b"\\" in value and _ESCAPED_NUL.search(value):
                        fault = Fault.INVALID_FIELD, "a text has a NUL character (\\u0000), which is not stored; send it without"
                    elif validate is not None and (refusal := validate(event)) is not None:
                        fault = refusal.fault, refusal.detail
                except Exception as error:  # whatever a value does to the decoder, it is that record's fault alone
                    fault = _fault_of_value(error)
            if fault is not None:
                rejected.append(_set_aside(record, header, fault, limits))
                continue
            if limits.troubled and (source := source_of(event)) in limits.troubled:
                if limits.is_stopped(source):
                    rejected.append(_kept(record, source))
                    continue
                limits.count_good(source)
            events.append(event)
            raws.append(record)
            traceparent = header.get(names.TRACEPARENT)
            traceparents.append(None if traceparent is None else traceparent.decode("latin-1"))
        return events, catching_up, traceparents, raws, rejected, (taken, unknown_types, repeats)


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
