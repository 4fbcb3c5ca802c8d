"""What simulations and recalculations need of the world beside the other use cases."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Protocol

from msgspec import Struct

from accrual.application.history import PastCustomer, Revision, Span
from accrual.application.recalculation_records import RecalculationRecord
from accrual.application.simulation_records import SimulationPart, SimulationRecord
from accrual.domain.cost import CostPerPoint


class HistoryPage(Struct):
    """Some customers whole, in order of number, up to and including `until`; `is_last`: nobody comes after them."""

    customers: Sequence[PastCustomer]
    until: str
    is_last: bool


class History(Protocol):
    """The decisions that stand."""

    def count(self, span: Span, customers: Sequence[str] | None = None) -> int:
        """Return how many events a span holds, refunds not counted; `customers` None: of all."""
        ...

    def divide(self, span: Span, parts: int) -> tuple[int, list[str]]:
        """Return how many events a span holds, refunds not counted, and the customer with whom each part but the last ends; each holds about as many.

        Some parts may be empty; no ends are returned for a span without events.
        """
        ...

    def read_page(self, span: Span, after: str, rows_max: int, until: str | None = None) -> HistoryPage:
        """Return the next customers after one, about as many as have `rows_max` decisions, with what the span holds of them and its refunds.

        `until`: as if nobody came after this customer; None: to the last.
        """
        ...

    def read_customers(self, span: Span, customers: Sequence[str]) -> list[PastCustomer]:
        """Return what the span holds of these customers, with its refunds; customers without any are left out."""
        ...


class Simulations(Protocol):
    """What-if runs."""

    def add(self, record: SimulationRecord) -> None:
        """Keep a new one."""
        ...

    def find(self, legal_entity: str, simulation_id: str) -> SimulationRecord | None:
        """Return one, or None."""
        ...

    def find_for_update(self, legal_entity: str, simulation_id: str) -> SimulationRecord | None:
        """Return one with its row locked, or None."""
        ...

    def list_page(self, legal_entity: str, before: tuple[datetime, str] | None, limit: int) -> list[SimulationRecord]:
        """Return simulations, newest first, made before the given one."""
        ...

    def find_running(self, parts: Collection[int]) -> SimulationRecord | None:
        """Return the one that has run longest and has one of the parts of these numbers left to do, or has not been divided."""
        ...

    def save(self, record: SimulationRecord) -> None:
        """Keep a simulation's new status."""
        ...

    def divide(self, record: SimulationRecord, events_total: int, ends: Sequence[str]) -> None:
        """Give a simulation its parts, one more than these customers, and what they hold together; nothing is changed where it has been divided before."""
        ...

    def advance(self, record: SimulationRecord, before: SimulationPart, after: SimulationPart) -> bool:
        """Move a part's saved place on with what was found; False when it is no longer where `before` says, or the simulation no longer runs: then nothing is
        changed."""
        ...


class Recalculations(Protocol):
    """Recalculations, from asked to done."""

    def add(self, record: RecalculationRecord) -> None:
        """Keep a new one."""
        ...

    def find(self, legal_entity: str, recalculation_id: str) -> RecalculationRecord | None:
        """Return one, or None."""
        ...

    def find_for_update(self, legal_entity: str, recalculation_id: str) -> RecalculationRecord | None:
        """Return one with its row locked, or None."""
        ...

    def list_page(self, legal_entity: str, before: tuple[datetime, str] | None, limit: int) -> list[RecalculationRecord]:
        """Return recalculations, newest first, made before the given one."""
        ...

    def find_running(self) -> RecalculationRecord | None:
        """Return the one that was asked for first."""
        ...

    def save(self, record: RecalculationRecord) -> None:
        """Keep a recalculation's new status, checker and rules."""
        ...

    def advance(self, before: RecalculationRecord, after: RecalculationRecord) -> bool:
        """Move the saved place on with what was done; False when it is no longer where `before` says: then nothing is changed."""
        ...


class Revisions(Protocol):
    """Decisions that take the place of earlier ones."""

    def post(self, batch_no: int, revisions: Sequence[Revision], recalculation_id: str) -> None:
        """Write the decisions, which publish only what differs, mark the earlier ones, and let keys and what is left of purchases point to the new ones."""
        ...


class Costs(Protocol):
    """What points cost the entity."""

    def cost_per_point(self, legal_entity: str, on: date) -> CostPerPoint:
        """Return what a point costs on a business date; the default when no parameter says."""
        ...
