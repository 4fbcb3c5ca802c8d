"""Decoding without Kafka: what becomes of a record, in a batch."""

from dataclasses import dataclass, field

import msgspec
import pytest

from loyalty_shared.contracts.topics import Topic
from loyalty_shared.messaging.decoding import VALUE_BYTES_MAX, Decoded, Decoder
from loyalty_shared.messaging.headers import RECOVERING, SEQUENCE, SOURCE, TRACEPARENT, TYPE
from loyalty_shared.messaging.positions import Place
from loyalty_shared.messaging.source_limits import SourceLimits, SourceState
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.persistence.dead_letters import Fault
from loyalty_shared.persistence.offsets import Position


class Paid(msgspec.Struct):
    legal_entity: str
    source_system: str
    no: int


TRACE = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
GOOD = {"ce_specversion": b"1.0", "ce_id": b"1", SOURCE: b"/bank", TYPE: b"paid.v1"}


@dataclass
class Record:
    offset: int
    value: bytes | None
    changes: dict[str, bytes] = field(default_factory=dict)
    key: bytes | None = b"001:C1"
    topic: str = "payments"
    partition: int = 0

    @property
    def headers(self) -> tuple[tuple[str, bytes], ...]:
        return tuple((GOOD | self.changes).items())


def paid(no: int, source: str = "core") -> bytes:
    return msgspec.json.encode(Paid("001", source, no))


def decoder(*, sequenced: bool) -> Decoder:
    def never(batch: object) -> None:
        raise AssertionError

    topic = Topic(name="payments", partitions=1, types={"paid.v1": Paid})
    return Decoder(Subscription(group="test", topic=topic, use_case=never, sequenced=sequenced))


def decode(records: list[Record], *, sequenced: bool = False, limits: SourceLimits | None = None) -> Decoded:
    place = Place(stored=None, position=Position(cluster_id="c", topic_id="t", next_offset=records[0].offset))
    return decoder(sequenced=sequenced).decode(records, place, limits or SourceLimits({}))


def test_events_offsets_traceparents_and_records_are_parallel() -> None:
    decoded = decode([Record(5, paid(1)), Record(6, b"{"), Record(7, paid(2), {TRACEPARENT: TRACE}), Record(9, b"", {TYPE: b"other.v1"})])
    batch = decoded.batch
    assert [event.no for event in batch.events] == [1, 2]
    assert list(batch.offsets) == [5, 7]
    assert list(batch.traceparents) == [None, TRACE.decode()]
    assert batch.raw(1).offset == 7
    assert [rejected.offset for rejected in batch.rejected] == [6]
    assert decoded.unknown_types == 1
    assert batch.span is not None
    assert (batch.span.before, batch.span.after.next_offset) == (None, 10)
    refused = batch.reject(1, Fault.TOO_OLD, "why", legal_entity="001", source_system="core")
    assert (refused.offset, refused.value, refused.fault) == (7, paid(2), Fault.TOO_OLD)


@pytest.mark.parametrize("text", [b"", TRACE + b"0", TRACE[:-1], b"x" * 55, b"\xff" * 55, TRACE * 100_000])
def test_a_traceparent_that_is_not_well_formed_goes_no_further(text: bytes) -> None:
    assert decode([Record(1, paid(1), {TRACEPARENT: text})]).batch.traceparents == [None]


def test_an_unknown_type_on_a_topic_of_ours_is_kept_and_so_is_its_letter_tried_again() -> None:
    decoded = decode([numbered(0, b"1.1"), Record(1, b"{}", {SEQUENCE: b"1.2", TYPE: b"paid.v2"}), numbered(2, b"1.3")], sequenced=True)
    assert ([event.no for event in decoded.batch.events], decoded.unknown_types) == ([0, 2], 0)
    (rejected,) = decoded.batch.rejected
    assert (rejected.offset, rejected.fault) == (1, Fault.UNKNOWN_TYPE)
    assert "paid.v2" in rejected.detail
    again = decoder(sequenced=True).decode_again(Record(1, b"{}", {SEQUENCE: b"1.2", TYPE: b"paid.v2"}), "1-0")
    assert [one.fault for one in again.rejected] == [Fault.UNKNOWN_TYPE]


@pytest.mark.parametrize(
    ("value", "key", "found"),
    [
        (b'{"legal_entity": "002", "source_system": "branch", "no": "x"}', b"001:C1", ("002", "branch")),
        (b'{"legal_entity": "002", "source_system": "branch", "no": 1', b"001:C1", ("002", "branch")),
        (b"nonsense", b"001:C1", ("001", "/bank")),
        (b'{"legal_entity": 2, "source_system": null}', b"001:C1", ("001", "/bank")),
        (b"nonsense", b"no colon", (None, "/bank")),
        (b"nonsense", None, (None, "/bank")),
    ],
)
def test_a_bad_record_is_its_sources_as_well_as_can_be_told(value: bytes, key: bytes | None, found: tuple[str | None, str | None]) -> None:
    (rejected,) = decode([Record(1, value, key=key)]).batch.rejected
    assert (rejected.legal_entity, rejected.source_system) == found


def test_the_largest_value_and_one_byte_more() -> None:
    room = VALUE_BYTES_MAX - len(paid(1))
    largest = paid(1)[:-1] + b" " * room + b"}"
    assert [rejected.fault for rejected in decode([Record(1, largest), Record(2, largest + b" ")]).batch.rejected] == [Fault.VALUE_TOO_LARGE]


@pytest.mark.parametrize(("text", "bad"), [(rb"\u0000", True), (rb"\\u0000", False), (rb"\\\u0000", True), (rb"\u0001", False), (rb"\"", False)])
def test_only_a_real_nul_is_one(text: bytes, bad: bool) -> None:
    value = b'{"legal_entity": "001", "source_system": "a' + text + b'", "no": 1}'
    assert len(decode([Record(1, value)]).batch.rejected) == bad


def test_records_of_a_stopped_source_are_kept_while_others_pass() -> None:
    limits = SourceLimits({("001", "branch"): SourceState(stopped=True)})
    batch = decode([Record(1, paid(1, "branch")), Record(2, paid(2)), Record(3, b'{"legal_entity": "001", "source_system": "branch"}')], limits=limits).batch
    assert [event.no for event in batch.events] == [2]
    assert [(rejected.offset, rejected.fault) for rejected in batch.rejected] == [(1, Fault.SOURCE_STOPPED), (3, Fault.SOURCE_STOPPED)]
    assert batch.tallies == ()


def numbered(offset: int, text: bytes, **more: bytes) -> Record:
    return Record(offset, paid(offset), {SEQUENCE: text} | ({RECOVERING: b"1"} if more else {}))


def test_a_batch_ends_before_a_gap() -> None:
    decoded = decode([numbered(0, b"1.1"), numbered(1, b"1.2"), numbered(2, b"1.4")], sequenced=True)
    assert [event.no for event in decoded.batch.events] == [0, 1]
    assert (decoded.after.position.next_offset, decoded.after.position.next_number) == (2, 3)


def test_a_batch_is_of_one_epoch_and_catches_up_whole_or_not_at_all() -> None:
    records = [numbered(0, b"1.1"), numbered(1, b"2.1", recovering=b"1"), numbered(2, b"2.2", recovering=b"1"), numbered(3, b"2.3")]
    first = decode(records, sequenced=True)
    assert (len(first.records), first.batch.catching_up) == (1, False)
    plain_epoch = decode([numbered(0, b"1.1"), numbered(1, b"2.1")], sequenced=True)
    assert len(plain_epoch.records) == 1


def test_a_number_on_a_bad_record_still_counts() -> None:
    decoded = decode([numbered(0, b"1.1"), Record(1, b"{", {SEQUENCE: b"1.2"}), numbered(2, b"1.3")], sequenced=True)
    assert [event.no for event in decoded.batch.events] == [0, 2]
    assert decoded.after.position.next_number == 4
