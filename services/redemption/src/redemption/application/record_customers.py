"""What core banking says of customers, as far as the ledger asks: whether they may spend, and whose they are."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from loyalty_shared.contracts.core import CustomerChangedV1
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.dead_letters import Rejected


class CustomersWork(Protocol):
    """One transaction on what is known of customers."""

    def advance(self, batch: Batch[Any]) -> None:
        """Move the consumer's place past the batch. Raises Fenced when another owner has gone on."""
        ...

    def record(self, customers: Sequence[CustomerChangedV1]) -> None:
        """Keep the status and the institution of each customer whose stored one is older; one change for each customer, in key order."""
        ...

    def set_aside(self, batch: Batch[Any], rejected: Sequence[Rejected], clock: Clock) -> None:
        """Keep the records that could not be read."""
        ...


@dataclass(frozen=True, slots=True)
class RecordCustomers:
    """Keeps each customer's latest status and institution: those with the latest `changed_at`, in whatever order changes arrive. Safe to run twice."""

    begin: Callable[[], AbstractContextManager[CustomersWork]]
    clock: Clock

    def __call__(self, batch: Batch[CustomerChangedV1]) -> None:
        latest: dict[tuple[str, str], CustomerChangedV1] = {}
        for event in batch.events:
            known = latest.setdefault((event.legal_entity, event.customer_no), event)
            if event.changed_at > known.changed_at:
                latest[event.legal_entity, event.customer_no] = event
        with self.begin() as work:
            work.advance(batch)
            work.record([latest[key] for key in sorted(latest)])
            if batch.rejected:
                work.set_aside(batch, batch.rejected, self.clock)
