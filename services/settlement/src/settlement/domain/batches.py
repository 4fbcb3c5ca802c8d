"""Settlement batches: what one party pays, or receives, for the points used on one business date."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from settlement.domain.cost import CostPerPoint
from settlement.domain.parties import allocate, application_party, bearers_of, divide, is_application
from settlement.domain.refusals import Refusal

#: The kind of the entries that spend points; the others of a batch's lines give back, or take again what was given back.
REDEEMED: Final = "redeemed"


class Status(StrEnum):
    """How far a batch has come."""

    MADE = "made"
    REVIEWED = "reviewed"
    RELEASED = "released"


class Direction(StrEnum):
    """Which way the money goes: a cost bearer pays for points used, an application receives for points used in it."""

    PAYS = "pays"
    RECEIVES = "receives"


def direction_of(party: str) -> Direction:
    """Return which way a party's money goes."""
    return Direction.RECEIVES if is_application(party) else Direction.PAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """One entry of the ledger that spends points or gives them back. `points` are signed, the customer's view; `paid`: (funding, signed points) by lot."""

    entry_id: str
    customer_no: str
    kind: str
    points: int
    point_type: str
    application: str
    channel: str | None
    cause_kind: str
    cause_no: str
    posted_at: datetime
    paid: tuple[tuple[str, int], ...]

    @property
    def party(self) -> str:
        """The application, as the party that the points go to."""
        return application_party(self.application)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one spend comes to for the party: points used are positive, points given back negative, and so is their amount in minor units."""

    line_no: int
    spend: Spend
    points: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch without its lines. `by_kind`: the party's points of the date by kind of entry, in the ledger's own sign; for information, but for spends."""

    batch_id: str
    legal_entity: str
    party: str
    business_on: date
    status: Status
    lines: int
    points: int
    amount_minor: int
    cost: CostPerPoint
    by_kind: Mapping[str, int]
    made_by: str
    made_at: datetime
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None
    released_by: str | None = None
    released_at: datetime | None = None

    @property
    def direction(self) -> Direction:
        return direction_of(self.party)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movements:
    """What moved on one day of an entity. `points` by (kind, funding): everything but spends."""

    spends: Sequence[Spend]
    points: Mapping[tuple[str, str], int]


def lines_of(party: str, spends: Iterable[Spend], cost: CostPerPoint) -> list[Line]:
    """Return the party's lines, one for each spend that it paid a part of (or that went into it, for an application), in the order given."""
    lines: list[Line] = []
    for spend in spends:
        shares = _shares_of(party, spend)
        points = -shares.get(party, 0)
        if points:
            lines.append(Line(line_no=len(lines) + 1, spend=spend, points=points, amount_minor=-cost.divide(shares)[party]))
    return lines


def _shares_of(party: str, spend: Spend) -> Mapping[str, int]:
    """Return the signed points of all that settle the spend on the party's side: its application alone receives, its bearers pay the same together."""
    return {spend.party: spend.points} if is_application(party) else allocate(spend.points, spend.paid)


def points_by_kind(movements: Movements) -> dict[str, dict[str, int]]:
    """Return the signed points of every party by kind of entry. The cost bearers' sum to the ledger's; the applications' to its spends."""
    by_party: dict[str, dict[str, int]] = {}

    def add(party: str, kind: str, points: int) -> None:
        kinds = by_party.setdefault(party, {})
        kinds[kind] = kinds.get(kind, 0) + points

    for (kind, funding), points in movements.points.items():
        for party, share in divide(points, bearers_of(funding)):
            add(party, kind, share)
    for spend in movements.spends:
        add(spend.party, spend.kind, spend.points)
        for party, share in allocate(spend.points, spend.paid).items():
            add(party, spend.kind, share)
    return by_party


def used_points(movements: Movements) -> dict[str, int]:
    """Return the points used, less those given back, by party: what the points of its lines sum to."""
    used: dict[str, int] = {}
    for spend in movements.spends:
        for party, points in ((spend.party, spend.points), *allocate(spend.points, spend.paid).items()):
            used[party] = used.get(party, 0) - points
    return used


def decide_review(batch: Batch, by: str, *, may_check: bool, at: datetime) -> Batch | Refusal:
    """Return the batch after its review, or why it cannot be reviewed by this credential."""
    refusal = _refusal_of_checker(batch, by, may_check=may_check)
    if refusal is not None:
        return refusal
    if batch.status is not Status.MADE:
        return Refusal.BATCH_ALREADY_REVIEWED
    return replace(batch, status=Status.REVIEWED, reviewed_by=by, reviewed_at=at)


def decide_release(batch: Batch, by: str, *, may_check: bool, at: datetime) -> Batch | Refusal:
    """Return the batch after its release, or why it cannot be released by this credential."""
    refusal = _refusal_of_checker(batch, by, may_check=may_check)
    if refusal is not None:
        return refusal
    match batch.status:
        case Status.MADE:
            return Refusal.BATCH_NOT_REVIEWED
        case Status.RELEASED:
            return Refusal.BATCH_ALREADY_RELEASED
        case Status.REVIEWED:
            return replace(batch, status=Status.RELEASED, released_by=by, released_at=at)


def _refusal_of_checker(batch: Batch, by: str, *, may_check: bool) -> Refusal | None:
    if batch.made_by == by:
        return Refusal.MAKER_CANNOT_APPROVE
    return None if may_check else Refusal.FUNCTION_NOT_GRANTED
