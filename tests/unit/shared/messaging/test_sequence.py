import pytest

from loyalty_shared.messaging.headers import sequence_from, sequence_text
from loyalty_shared.messaging.sequence import DIGESTS_MAX, EpochBegins, Sequence, SequenceBroken
from loyalty_shared.persistence.offsets import Position


def at(epoch: int = 1, next_number: int = 1, next_offset: int = 1, digests: bytes = b"") -> Sequence:
    position = Position(cluster_id="c", topic_id="t", next_offset=next_offset, epoch=epoch, next_number=next_number, digests=digests)
    return Sequence(position)


def test_counts_on_and_tells_repeats() -> None:
    sequence = at()
    assert [sequence.is_next(b"1.%d" % n, n) for n in (1, 2, 2, 1, 3)] == [True, True, False, False, True]
    assert (sequence.epoch, sequence.next_number) == (1, 4)


def test_digests_outlive_the_batch() -> None:
    first = at()
    first.is_next(b"1.1", 111)
    with pytest.raises(SequenceBroken, match=r"1\.1 was used before"):
        at(next_number=2, digests=first.digests).is_next(b"1.1", 222)


def test_keeps_the_last_digests_only() -> None:
    sequence = at()
    for number in range(1, DIGESTS_MAX + 11):
        sequence.is_next(b"1.%d" % number, number)
    later = at(next_number=DIGESTS_MAX + 11, digests=sequence.digests)
    assert len(sequence.digests) == 4 * DIGESTS_MAX
    assert later.is_next(b"1.10", 999) is False  # too old to compare
    with pytest.raises(SequenceBroken):
        later.is_next(b"1.11", 999)


def test_a_lost_record_is_not_passed_over() -> None:
    with pytest.raises(SequenceBroken, match=r"expected 1\.5, found 1\.6"):
        at(next_number=5).is_next(b"1.6", 0)


def test_a_new_epoch_begins_with_one_and_forgets_the_digests_before() -> None:
    sequence = at(epoch=3, next_number=9, digests=b"\x00" * 32)
    assert sequence.is_next(b"4.1", 7)
    assert (sequence.epoch, sequence.next_number, len(sequence.digests)) == (4, 2, 4)
    with pytest.raises(SequenceBroken):
        at(epoch=3, next_number=9).is_next(b"4.2", 7)


def test_a_new_epoch_gets_a_batch_of_its_own() -> None:
    sequence = at(next_number=5)
    sequence.is_next(b"1.5", 5)
    with pytest.raises(EpochBegins):
        sequence.is_next(b"2.1", 1)
    assert (sequence.epoch, sequence.next_number) == (1, 6)


def test_a_straggler_of_an_older_epoch_is_a_repeat() -> None:
    assert at(epoch=2, next_number=5).is_next(b"1.900", 0) is False


def test_a_new_reader_begins_with_what_is_there_only_when_older_records_were_deleted() -> None:
    assert at(epoch=0, next_number=0, next_offset=700).is_next(b"2.80", 0)
    with pytest.raises(SequenceBroken):
        at(epoch=0, next_number=0, next_offset=0).is_next(b"2.80", 0)
    assert at(epoch=0, next_number=0, next_offset=0).is_next(b"2.1", 0)


@pytest.mark.parametrize("text", [b"", b"1", b"1.", b".1", b"a.b", b"1.2.3", b"-1.2", b"1 .2"])
def test_nonsense_is_no_number(text: bytes) -> None:
    with pytest.raises(ValueError, match="is not <epoch>"):
        sequence_from(text)


def test_text_and_back() -> None:
    assert sequence_from(sequence_text(12, 345)) == (12, 345)
