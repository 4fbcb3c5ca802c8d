"""Merges: two customer numbers become one, and the surviving one's account answers for both (contracts.md section 5).

All that is in the account moves: lots with their expiry, pending buckets, what has lapsed in them, arrears, holds, totals. What is done later with the old
number is posted to the survivor and keeps the number that came in. Undoing moves back what came by the old number: the sum of what was posted by it. Of that,
what lapsed meanwhile goes back as lapsed, and what the survivor no longer has becomes the survivor's arrears.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from loyalty_shared.contracts.accrual import Cause
from redemption.domain.account import OWN_SOURCE, Account
from redemption.domain.entries import MOVED_EARNED, MOVED_EXPIRED, MOVED_USED, Kind, Origin, Totals
from redemption.domain.grants import GRANTING_INSTITUTION, GRANTING_PARTY
from redemption.domain.lapsed import OriginFor, give_back_lapsed
from redemption.domain.lots import LotKey, LotPart, total


class MergeStatus(StrEnum):
    """What has become of a merge. `UNDO_PENDING`: it holds, and somebody has asked to undo it."""

    PENDING = "pending"
    REJECTED = "rejected"
    MERGED = "merged"
    UNDO_PENDING = "undo-pending"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A merge that was asked for. `into_version`: the survivor's account version before it, None until it is approved; `freezes`: those that came over."""

    merge_id: str
    from_customer_no: str
    into_customer_no: str
    reason: str
    made_by: str
    made_at: datetime
    status: MergeStatus = MergeStatus.PENDING
    decided_by: str | None = None
    merged_at: datetime | None = None
    undo_asked_by: str | None = None
    undone_by: str | None = None
    undone_at: datetime | None = None
    into_version: int | None = None
    freezes: tuple[str, ...] = ()


class PostedMeanwhile(NamedTuple):
    """An entry of the survivor's account that came by a merged number, since the merge and with what the merge itself moved."""

    point_type: str
    counter_account: str
    points: int
    lots: tuple[LotPart, ...]
    excused: tuple[LotPart, ...]


def origins_of(merge_id: str, cause_kind: str) -> OriginFor:
    """Return how a merge's, or its undoing's, origins are made."""
    cause = Cause(kind=cause_kind, source_system=OWN_SOURCE, no=merge_id)
    return lambda counter_account: Origin(kind=Kind.TRANSFERRED, counter_account=counter_account, cause=cause)


def merge_accounts(source: Account, survivor: Account, origin: OriginFor) -> None:
    """Move all that is in one account to the one that answers for it from now on; what either owes is repaid from what both have."""
    survivor.came_by = source.customer_no
    if source.active_on is not None:
        survivor.active_on = max(source.active_on, survivor.active_on or source.active_on)
        survivor.touched.update(lot for lot in survivor.lots if lot.sliding_months)  # their last date has moved
    for point_type in sorted({*source.totals, *(lot.point_type for lot in source.lots)}):
        totals = replace(source.totals.get(point_type, Totals()))  # as they are before anything moves
        moved = [(lot, state) for lot, state in source.lots.items() if lot.point_type == point_type]
        whole = [LotPart(lot, state.points + state.lapsed) for lot, state in moved]
        lapsed = [LotPart(lot, state.lapsed) for lot, state in moved]
        excused = [LotPart(lot, state.excused) for lot, state in moved]
        held = [LotPart(lot, state.held) for lot, state in moved if state.held]
        for lot, points in held:
            source.lots[lot].held -= points
        for account, sign in ((source, -1), (survivor, 1)):
            account.shift(point_type, sign * totals.earned, origin(MOVED_EARNED), _times(sign, whole))
            if totals.used:
                account.shift(point_type, -sign * totals.used, origin(MOVED_USED))
            if totals.expired or total(lapsed):
                account.shift(point_type, -sign * totals.expired, origin(MOVED_EXPIRED), _times(-sign, lapsed), _times(sign, excused))
        survivor.hold(held)
        _pay_debts(survivor, point_type, origin)


def _pay_debts(survivor: Account, point_type: str, origin: OriginFor) -> None:
    """Let what is available after a merge repay what is owed, in an entry of 0 points."""
    owed = survivor.arrears.get(point_type, 0)
    paid = []
    for lot in survivor.open_lots((point_type,)):
        part = min(owed, survivor.lots[lot].free)
        if part:
            paid.append(LotPart(lot, -part))
            owed -= part
    if paid:
        survivor.shift(point_type, 0, origin(MOVED_EARNED), paid)


@dataclass(frozen=True, slots=True, kw_only=True)
class CameBy:
    """What is known of a number that is to have its own account again: what was posted by it, its live holds, what is left of its redemptions by type."""

    entries: Sequence[PostedMeanwhile]
    held: Sequence[LotPart]
    used: Mapping[str, int]


def undo_merge(source: Account, survivor: Account, came: CameBy, origin: OriginFor) -> None:
    """Move what came by a number from the survivor's account back to its own."""
    types = {entry.point_type for entry in came.entries} | {lot.point_type for lot, _ in came.held} | set(came.used)
    for point_type in sorted(types):
        entries = [entry for entry in came.entries if entry.point_type == point_type]
        held = [part for part in came.held if part.lot.point_type == point_type]
        _give_back_lapsed(source, survivor, point_type, entries, origin)
        _give_back_points(source, survivor, point_type, entries, held, origin)
        used = came.used.get(point_type, 0)
        if used:
            for account, sign in ((survivor, 1), (source, -1)):
                account.shift(point_type, sign * used, origin(MOVED_USED))
                account.shift(point_type, -sign * used, origin(MOVED_EARNED))


def _give_back_points(
    source: Account, survivor: Account, point_type: str, entries: Sequence[PostedMeanwhile], held: Sequence[LotPart], origin: OriginFor
) -> None:
    """Move back held points as held ones, what lots the rest brought, and as debt what was taken from the survivor's own lots and what came as debt."""
    brought: dict[LotKey, int] = {}
    given: dict[LotKey, int] = {}
    for entry in entries:
        for lot, points in entry.lots:
            brought[lot] = brought.get(lot, 0) + points
            given[lot] = given.get(lot, 0) + max(points, 0)
    owed = sum(brought.values()) - sum(entry.points for entry in entries)
    moved = origin(MOVED_EARNED)
    if held:
        for lot, points in held:
            survivor.lots[lot].held -= points
            brought[lot] = brought.get(lot, 0) - points
        survivor.shift(point_type, -total(held), moved, _times(-1, held))
        source.shift(point_type, total(held), moved, held)
        source.hold(held)
    taken = [LotPart(lot, -points) for lot, points in brought.items() if points < 0]
    if owed > 0:
        still_owed = min(owed, survivor.arrears.get(point_type, 0))
        if still_owed:
            survivor.shift(point_type, still_owed, moved)
            source.shift(point_type, -still_owed, moved)
        if owed > still_owed:  # repaid by what the survivor earned since, of which no lot tells
            taken.append(LotPart(_lot_without_origin(point_type), owed - still_owed))
    if taken:
        source.shift(point_type, -total(taken), moved)
    met = _met_since(entries)
    for lot, share in _shares(survivor, point_type, brought, given, sum(max(points, 0) for points in brought.values()) + max(-owed, 0)):
        points = share - give_back_lapsed(survivor, source, LotPart(lot, share), met, origin)
        back = points - survivor.take_back(point_type, points, lot, moved) if points else 0
        if back:
            source.credit(lot, back, moved)
    if taken:
        survivor.give(taken, moved)


def _lot_without_origin(point_type: str) -> LotKey:
    return LotKey(point_type, None, None, GRANTING_PARTY, GRANTING_INSTITUTION)


def _shares(survivor: Account, point_type: str, brought: Mapping[LotKey, int], given: Mapping[LotKey, int], points: int) -> list[LotPart]:
    """Return `points` of the lots that brought them, those that would be spent last first.

    What is in no lot any more, because it repaid what the survivor owed, is of the lots it was `given` into; what never was in one never expires.
    """
    shares: dict[LotKey, int] = {}
    ranked = sorted({*brought, *given}, key=survivor.rank, reverse=True)
    for bounds in (brought, given):
        for lot in ranked:
            part = min(points, max(bounds.get(lot, 0) - shares.get(lot, 0), 0))
            if part:
                shares[lot] = shares.get(lot, 0) + part
                points -= part
    if points:
        lot = _lot_without_origin(point_type)
        shares[lot] = shares.get(lot, 0) + points
    return [LotPart(lot, part) for lot, part in shares.items()]


def _give_back_lapsed(source: Account, survivor: Account, point_type: str, entries: Iterable[PostedMeanwhile], origin: OriginFor) -> None:
    """Move back what had lapsed before the merge, as far as no claw-back has met it since."""
    came = [entry for entry in entries if entry.counter_account == MOVED_EXPIRED]
    expired = -sum(entry.points for entry in came)
    lapsed: list[LotPart] = []
    excused: list[LotPart] = []
    for entry in came:
        met = dict(entry.excused)
        for lot, points in entry.lots:
            state = survivor.lots.get(lot)
            if state is None:
                continue
            back = min(met.get(lot, 0), state.excused)
            excused.append(LotPart(lot, back))
            lapsed.append(LotPart(lot, back + min(-points - met.get(lot, 0), state.lapsed - state.excused)))
    if not expired and not total(lapsed):
        return
    for account, sign in ((survivor, 1), (source, -1)):
        account.shift(point_type, sign * expired, origin(MOVED_EXPIRED), _times(sign, lapsed), _times(-sign, excused))
        account.shift(point_type, -sign * expired, origin(MOVED_EARNED), _times(-sign, lapsed))


def _met_since(entries: Iterable[PostedMeanwhile]) -> dict[LotKey, int]:
    """Return how many lapsed points of which lots the number's claw-backs have met since the merge."""
    met: dict[LotKey, int] = {}
    for entry in entries:
        if entry.counter_account != MOVED_EXPIRED:
            for lot, points in entry.excused:
                met[lot] = met.get(lot, 0) + points
    return met


def _times(sign: int, parts: Iterable[LotPart]) -> list[LotPart]:
    return [LotPart(lot, sign * points) for lot, points in parts if points]
