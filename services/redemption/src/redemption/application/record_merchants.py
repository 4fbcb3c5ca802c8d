"""What the merchant service says of merchants, as far as the ledger asks: whether points can be spent there."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from loyalty_shared.contracts.merchant import MerchantChangedV1
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.dead_letters import Rejected


class MerchantsWork(Protocol):
    """One transaction on what is known of merchants."""

    def advance(self, batch: Batch[Any]) -> None:
        """Move the consumer's place past the batch. Raises Fenced when another owner has gone on."""
        ...

    def record(self, merchants: Sequence[MerchantChangedV1]) -> None:
        """Keep the status of each merchant whose stored one is older; one change for each merchant, in key order."""
        ...

    def set_aside(self, batch: Batch[Any], rejected: Sequence[Rejected], clock: Clock) -> None:
        """Keep the records that could not be read."""
        ...


@dataclass(frozen=True, slots=True)
class RecordMerchants:
    """Keeps each merchant's latest status: the one with the latest `changed_at`, in whatever order changes arrive. Safe to run twice."""

    begin: Callable[[], AbstractContextManager[MerchantsWork]]
    clock: Clock

    def __call__(self, batch: Batch[MerchantChangedV1]) -> None:
        latest: dict[tuple[str, str], MerchantChangedV1] = {}
        for event in batch.events:
            known = latest.setdefault((event.legal_entity, event.merchant_no), event)
            if (event.changed_at, event.version) > (known.changed_at, known.version):
                latest[event.legal_entity, event.merchant_no] = event
        with self.begin() as work:
            work.advance(batch)
            work.record([latest[key] for key in sorted(latest)])
            if batch.rejected:
                work.set_aside(batch, batch.rejected, self.clock)
