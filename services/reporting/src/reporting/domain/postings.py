"""Entries of the ledger, summed: one group for all that differ in nothing a report asks about."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from loyalty_shared.contracts.redemption import EntryPostedV1

#: What a group says where an entry says nothing: keys of tables and of documents have no null.
NOT_SAID: Final = ""


class GroupKey(NamedTuple):
    """What the entries of a group have in common.

    `institution`: whose points they are (the lot's). `counter_account`: the other side of the posting, `issued:<party>`, `redeemed:<application>`, `expired`.
    """

    legal_entity: str
    business_on: date
    point_type: str
    kind: str
    counter_account: str
    institution: str
    rule_code: str
    channel: str
    application: str


class TallyKey(NamedTuple):
    """What the close of a day counts by."""

    legal_entity: str
    business_on: date
    kind: str


#: [entries, points, lots]: how many, their signed points in the customer's view, what they put into lots or took. `lots - points` went to arrears.
Sums = list[int]


def groups_from(entries: Iterable[EntryPostedV1]) -> dict[GroupKey, Sums]:
    """Return the sums of entries by group. An entry on lots of several institutions is split among them, and counted at the first."""
    # The loop runs for every entry of the bank: the usual one, on one lot, costs one look-up. Plain tuples are GroupKeys in all but name, and cheaper to make.
    groups: dict[tuple[str | date | None, ...], Sums] = {}
    find = groups.get
    for entry in entries:
        points, lots = entry.points, entry.lots
        if len(lots) == 1 and lots[0].points == points:
            key = (
                entry.legal_entity, entry.business_on, entry.point_type, entry.kind,
                entry.debit_account if points > 0 else entry.credit_account,
                lots[0].institution, entry.rule_code, entry.channel, entry.application,
            )  # fmt: skip
            sums = find(key)
            if sums is None:
                groups[key] = [1, points, points]
            else:
                sums[0] += 1
                sums[1] += points
                sums[2] += points
        else:
            _add_shares(groups, entry)
    # What an entry leaves unsaid is said as NOT_SAID only here, once for a group. Two keys may become one by that.
    said: dict[GroupKey, Sums] = {}
    for unsaid, sums in groups.items():
        _add(said.setdefault(GroupKey(*[NOT_SAID if value is None else value for value in unsaid]), [0, 0, 0]), sums)  # type: ignore[arg-type]
    return said


def _add_shares(groups: dict[tuple[str | date | None, ...], Sums], entry: EntryPostedV1) -> None:
    counter = entry.debit_account if entry.points > 0 else entry.credit_account
    for number, (institution, points, into_lots) in enumerate(shares_of(entry)):
        key = (
            entry.legal_entity, entry.business_on, entry.point_type, entry.kind, counter,
            institution, entry.rule_code, entry.channel, entry.application,
        )  # fmt: skip
        _add(groups.setdefault(key, [0, 0, 0]), (int(number == 0), points, into_lots))


def _add(total: Sums, more: Iterable[int]) -> None:
    for index, number in enumerate(more):
        total[index] += number


def shares_of(entry: EntryPostedV1) -> Sequence[tuple[str, int, int]]:
    """Return (institution, points, points in lots) of an entry, by the institutions whose lots it touched, in their order; the points sum to the entry's.

    What lots do not account for changed the customer's arrears. It belongs to the entry's own institution, else to that of its first lot.
    """
    into_lots: dict[str, int] = {}
    for lot in entry.lots:
        into_lots[lot.institution] = into_lots.get(lot.institution, 0) + lot.points
    arrears_at = entry.institution or next(iter(into_lots), NOT_SAID)
    rest = entry.points - sum(into_lots.values())
    if rest or not into_lots:
        into_lots.setdefault(arrears_at, 0)
    return [(institution, points + (rest if institution == arrears_at else 0), points) for institution, points in into_lots.items()]


def tallies_from(groups: Mapping[GroupKey, Sums]) -> dict[TallyKey, Sums]:
    """Return the sums of groups by what the close of a day counts."""
    tallies: dict[TallyKey, Sums] = {}
    for key, sums in groups.items():
        _add(tallies.setdefault(TallyKey(key.legal_entity, key.business_on, key.kind), [0, 0, 0]), sums)
    return tallies
