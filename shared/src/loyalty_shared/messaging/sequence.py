"""Our own topics are gapless by number: a lower number is a repeat, a higher one a lost record (architecture.md section 3)."""

from array import array
from typing import Final

from loyalty_shared.messaging.headers import sequence_from, sequence_text
from loyalty_shared.persistence.offsets import Position

#: Digests kept of the last records, four bytes each, to tell a repeat from a number that was used again for something else.
DIGESTS_MAX: Final = 4_096


class SequenceBroken(Exception):
    """A record was lost, or a number was used for two records: the partition may not be read on."""


class EpochBegins(Exception):
    """The next record is the first of a new epoch: it goes into a batch of its own time, for it may repeat what this batch holds under other numbers."""


class Sequence:
    """The numbers of one topic partition, as far as a reader has come. Starts from a stored Position; read `epoch`, `next_number`, `digests` back from it.

    One Sequence serves one batch, which is of one epoch.
    """

    def __init__(self, position: Position) -> None:
        self.epoch = position.epoch
        self.next_number = position.next_number
        # A reader that begins where the topic itself begins must see number 1; where older records are deleted by now it can only begin with what it finds.
        self._anything_goes = position.epoch == 0 and position.next_offset > 0
        self._digests = array("I", position.digests)
        self._counted = False
        self._expected = sequence_text(self.epoch, self.next_number)

    @property
    def digests(self) -> bytes:
        return self._digests[-DIGESTS_MAX:].tobytes()

    def is_next(self, text: bytes, digest: int) -> bool:
        """Count a record in and return True, or return False when it is a repeat. `digest` is 32 bits of its content. Raises SequenceBroken, EpochBegins."""
        if text != self._expected:
            return self._is_next_after_all(text, digest)
        self._digests.append(digest)
        self._counted = True
        self.next_number += 1
        self._expected = sequence_text(self.epoch, self.next_number)
        return True

    def _is_next_after_all(self, text: bytes, digest: int) -> bool:
        try:
            epoch, number = sequence_from(text)
        except ValueError as error:
            raise SequenceBroken(str(error)) from None
        if epoch == self.epoch and number < self.next_number:
            self._require_same(number, digest)
            return False
        if epoch < self.epoch:
            # A relay of the time before the producer's restore, come to late: what it holds was published, or decided again, in this epoch.
            return False
        if epoch == self.epoch and not self._anything_goes:
            raise SequenceBroken(f"lost: expected {self.epoch}.{self.next_number}, found {epoch}.{number}")
        if number != 1 and not self._anything_goes:
            raise SequenceBroken(f"lost: epoch {epoch} begins with number {number}, after {self.epoch}.{self.next_number - 1}")
        if self._counted:
            raise EpochBegins
        self._anything_goes = False
        self._counted = True
        self.epoch, self.next_number = epoch, number + 1
        self._expected = sequence_text(self.epoch, self.next_number)
        self._digests = array("I", (digest,))
        return True

    def _require_same(self, number: int, digest: int) -> None:
        back = self.next_number - number
        if back <= len(self._digests) and self._digests[-back] != digest:
            raise SequenceBroken(f"number {self.epoch}.{number} was used before for a record with other content")
