"""Reconciliation: what settlement counts of a business date against what the ledger closed it with, to the point."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from settlement.domain.batches import REDEEMED, Batch, Movements, points_by_kind, used_points
from settlement.domain.parties import is_application


class Standing(StrEnum):
    """What a reconciliation comes to."""

    TIED = "tied"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What the ledger closed a date with, over all its partitions, and how many entries settlement has of it."""

    entries: int
    points_by_kind: Mapping[str, int]
    entries_here: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSums:
    """A batch that was made, and what its lines come to now."""

    batch: Batch
    line_count: int
    line_points: int
    line_amount_minor: int


@dataclass(frozen=True, slots=True)
class Check:
    """One figure, as settlement has it and as the ledger has it (or, of a batch, as it follows from the ledger). `paid-equals-received`: paid, and received."""

    name: str
    settlement: int
    ledger: int

    @property
    def difference(self) -> int:
        return self.settlement - self.ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """The checks of one date. `without_batch`: parties whose points moved, and whose batch is not made yet."""

    business_on: date
    checks: Sequence[Check]
    without_batch: Sequence[str]

    @property
    def breaks(self) -> list[Check]:
        return [check for check in self.checks if check.difference]

    @property
    def standing(self) -> Standing:
        return Standing.BROKEN if self.breaks else Standing.TIED


def checks_of_day(closed: Closed, movements: Movements) -> list[Check]:
    """Return the checks of a date's figures: entries; points by kind over all cost bearers; and that the lots of redemptions come to their points."""
    bearers: dict[str, int] = {}
    for party, kinds in points_by_kind(movements).items():
        if not is_application(party):
            for kind, points in kinds.items():
                bearers[kind] = bearers.get(kind, 0) + points
    redeemed = [spend for spend in movements.spends if spend.kind == REDEEMED]
    return [
        Check("entries", closed.entries_here, closed.entries),
        *(Check(f"points.{kind}", bearers.get(kind, 0), closed.points_by_kind.get(kind, 0)) for kind in sorted({*bearers, *closed.points_by_kind})),
        Check("redeemed-by-lot", sum(points for spend in redeemed for _, points in spend.paid), sum(spend.points for spend in redeemed)),
    ]


def reconcile(business_on: date, closed: Closed, movements: Movements, batches: Sequence[BatchSums]) -> Reconciliation:
    """Return every check of a closed date, with those of the batches that were made: to their lines, and to what the ledger says now.

    Once every party has its batch, what is paid for the date must be what is received.
    """
    checks = checks_of_day(closed, movements)
    parties = points_by_kind(movements)
    used = used_points(movements)
    for sums in batches:
        batch = sums.batch
        checks.append(Check(f"batch.{batch.party}.points", batch.points, used.get(batch.party, 0)))
        checks.append(Check(f"batch.{batch.party}.lines", sums.line_points, batch.points))
        checks.append(Check(f"batch.{batch.party}.line-count", sums.line_count, batch.lines))
        checks.append(Check(f"batch.{batch.party}.amount", sums.line_amount_minor, batch.amount_minor))
        kinds = parties.get(batch.party, {})
        checks.extend(Check(f"batch.{batch.party}.{kind}", batch.by_kind.get(kind, 0), kinds.get(kind, 0)) for kind in sorted({*kinds, *batch.by_kind}))
    without_batch = sorted(set(parties) - {sums.batch.party for sums in batches})
    if not without_batch:  # before, a part of the money is missing on either side
        received = sum(sums.line_amount_minor for sums in batches if is_application(sums.batch.party))
        paid = sum(sums.line_amount_minor for sums in batches) - received
        checks.append(Check("paid-equals-received", paid, received))
    return Reconciliation(business_on=business_on, checks=checks, without_batch=without_batch)
