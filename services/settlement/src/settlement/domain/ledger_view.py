"""What settlement keeps of the points ledger: spends one by one, everything else by date, kind and whose points they are."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from loyalty_shared.contracts.redemption import DayClosedV1, EntryPostedV1
from settlement.domain.parties import ARREARS, REDEEMED_PREFIX

ISSUED_PREFIX: Final = "issued:"


class Day(NamedTuple):
    """A business date of a legal entity."""

    legal_entity: str
    business_on: date


class Group(NamedTuple):
    """Entries of one day that are alike. `funding`: who pays for the points, as the ledger writes it, or ARREARS."""

    legal_entity: str
    business_on: date
    kind: str
    funding: str


@dataclass(slots=True)
class LedgerView:
    """What a batch of the ledger's records adds to the view: entries by day, signed points by group, spends, and days closed."""

    entries: dict[Day, int] = field(default_factory=dict)
    points: dict[Group, int] = field(default_factory=dict)
    spends: list[EntryPostedV1] = field(default_factory=list)
    closed: dict[Day, DayClosedV1] = field(default_factory=dict)

    def count(self, day: Day, entries: int) -> None:
        """Count entries of a day."""
        self.entries[day] = self.entries.get(day, 0) + entries

    def move(self, group: Group, points: int) -> None:
        """Add signed points to a group."""
        self.points[group] = self.points.get(group, 0) + points


def view_of(entries: Iterable[EntryPostedV1], closes: Iterable[DayClosedV1]) -> LedgerView:
    """Return what these records add to the view; the points of all groups and spends sum to those of the entries.

    Points given and taken back count for the party that they are posted against; those that lapse, repay or move, for the parties of the lots they come from.
    """
    view = LedgerView(closed={Day(close.legal_entity, close.business_on): close for close in closes})
    issued: dict[tuple[str, date, str, str], list[int]] = {}  # the ledger repeats every earning: nearly all entries come by here, so it is kept short
    for entry in entries:
        points = entry.points
        counter = entry.debit_account if points > 0 else entry.credit_account
        if counter.startswith(ISSUED_PREFIX):
            key = (entry.legal_entity, entry.business_on, entry.kind, counter)
            sums = issued.get(key)
            if sums is None:
                issued[key] = [points, 1]
            else:
                sums[0] += points
                sums[1] += 1
        else:
            _add_other(view, entry, counter)
    for (legal_entity, business_on, kind, counter), (points, count) in issued.items():
        view.count(Day(legal_entity, business_on), count)
        view.move(Group(legal_entity, business_on, kind, counter[len(ISSUED_PREFIX) :]), points)
    return view


def _add_other(view: LedgerView, entry: EntryPostedV1, counter: str) -> None:
    """Add an entry that does not give points or take them back."""
    view.count(Day(entry.legal_entity, entry.business_on), 1)
    if counter.startswith(REDEEMED_PREFIX):
        view.spends.append(entry)
        return
    for lot in entry.lots:
        view.move(Group(entry.legal_entity, entry.business_on, entry.kind, lot.party), lot.points)
    rest = entry.points - sum(lot.points for lot in entry.lots)
    if rest:
        view.move(Group(entry.legal_entity, entry.business_on, entry.kind, ARREARS), rest)
