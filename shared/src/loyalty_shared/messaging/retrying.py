"""Taking a dead letter after all: an operator has mended what it needed, or the record was fine and a limit kept it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loyalty_shared.messaging.decoding import Decoder
from loyalty_shared.messaging.headers import Header
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.persistence.dead_letters import DeadLetter, Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class _LetterRecord:
    """A dead letter, as the record that it was."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]


def retry_dead_letter(subscription: Subscription, letter: DeadLetter) -> Rejected | None:
    """Hand a dead letter to its use case, as it came. Return None when it was taken, or what is still wrong with it; then it stays open.

    The use case closes the letter in its own transaction, and may set the record aside anew for a reason of its own. Raises Fenced when the letter
    was retried already, and whatever the use case raises.
    """
    rejected = letter.rejected
    record = _LetterRecord(
        topic=rejected.topic, partition=rejected.partition, offset=rejected.offset, key=rejected.key, value=rejected.value, headers=rejected.headers
    )
    batch = Decoder(subscription).decode_again(record, letter.letter_id)
    if batch.rejected:
        return batch.rejected[0]
    subscription.use_case(batch)
    return None


def retry_by_group(subscriptions: Sequence[Subscription]) -> Callable[[DeadLetter], Rejected | None]:
    """Return the function that retries a letter of any of the service's groups, as its HTTP side needs it."""
    of_group = {subscription.group: subscription for subscription in subscriptions}
    return lambda letter: retry_dead_letter(of_group[letter.group], letter)
