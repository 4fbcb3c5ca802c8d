"""One customer's points: every change of lots, pending buckets, arrears and held points, each with the entries that say so.

An account is `settle`d to its business date before anything else is done with it, so everything here works on what is already so on that date.
Sum of postings = open lots (held and frozen included) + pending - arrears, per point type, after every operation (contracts.md section 5).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from loyalty_shared.contracts.accrual import Cause
from redemption.domain.entries import ACTIVITIES, EXPIRED, MOVED_EXPIRED, OWN_KINDS, Entry, Kind, Origin, Totals, customers
from redemption.domain.freezing import Freeze, frozen_points, is_wholly_frozen
from redemption.domain.lots import FIRST_SPENDING_ORDER, Lot, LotKey, LotPart, lot_id_of, spending_rank, total

#: What the ledger itself does, as opposed to a call or an event, has a cause of this source.
OWN_SOURCE: Final = "redemption"


@dataclass(slots=True, kw_only=True, eq=False)
class Account:
    """A customer's account in one legal entity. `entries` are those its operations have led to and that are not written yet; `touched` the lots to write.

    `merged`: the numbers that were merged into this one and that it answers for; `came_by`: which of them what is being done names, None: its own.
    `merged_into`: the number that answers for this one instead.
    """

    legal_entity: str
    customer_no: str
    merged: tuple[str, ...] = ()
    merged_into: str | None = None
    came_by: str | None = None
    customer_status: str = "active"
    version: int = 0
    totals: dict[str, Totals] = field(default_factory=dict)
    arrears: dict[str, int] = field(default_factory=dict)
    lots: dict[LotKey, Lot] = field(default_factory=dict)
    freezes: tuple[Freeze, ...] = ()
    #: The entity's priorities of point types on the business date.
    spending_order: Mapping[str, int] = field(default_factory=lambda: FIRST_SPENDING_ORDER)
    #: The customer's last activity; kept from when the account first has sliding points, which lapse by it.
    active_on: date | None = None
    business_on: date = date.min
    entries: list[Entry] = field(default_factory=list)
    touched: set[LotKey] = field(default_factory=set)
    #: The arrears as they are written.
    owed: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.owed = dict(self.arrears)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The customer numbers that this account answers for: its own, and those merged into it."""
        return (self.customer_no, *self.merged)

    # ---- the date

    def settle(self, on: date) -> None:
        """Bring the account to a business date: due buckets mature, repaying arrears first, and what has lapsed expires."""
        self.business_on = on
        due = sorted((lot for lot in self.lots if lot.available_on is not None and lot.available_on <= on), key=lambda lot: (lot.available_on, self.rank(lot)))
        for bucket in due:
            self._mature(bucket)
        for lot in sorted((lot for lot, state in self.lots.items() if state.free and lot.lapsed_by(on, self.active_on)), key=self.rank):
            self._lapse(lot, self.lots[lot].free)

    def _mature(self, bucket: LotKey) -> None:
        points = self.lots.pop(bucket).points
        self.touched.add(bucket)
        assert bucket.available_on is not None
        lot = bucket.matured()
        self._lot(lot).points += points
        # By dates, not by when this is posted: on its first date it repaid arrears, even when it has lapsed since.
        if not bucket.lapsed_by(bucket.available_on, self.active_on):
            self._repay(lot, points, "matured")

    def _lapse(self, lot: LotKey, points: int) -> None:
        self._lot(lot).points -= points
        self._lot(lot.matured()).lapsed += points  # where a claw-back looks for what was never used, also of points that lapsed before they matured
        self._post(Origin(kind=Kind.EXPIRED, counter_account=EXPIRED, cause=self._own_cause("expiry", lot)), -points, lot.point_type, (LotPart(lot, -points),))

    def _repay(self, lot: LotKey, points: int, why: str) -> None:
        """Let points that have just become available in `lot` repay arrears of their type."""
        repaid = self._less_arrears(lot.point_type, points)
        if repaid:
            self._lot(lot).points -= repaid
            origin = Origin(kind=Kind.REPAID, counter_account=customers(lot.point_type), cause=self._own_cause(why, lot))
            self._post(origin, 0, lot.point_type, (LotPart(lot, -repaid),))

    # ---- giving and taking back

    def credit(self, lot: LotKey, points: int, origin: Origin) -> None:
        """Give points into a lot: pending until its `available_on`, else available at once, less what repays arrears.

        Points that arrive already lapsed are credited and expired together.
        """
        self._be_active(origin, (lot,))
        if lot.pending_on(self.business_on) and not self.has_lapsed(lot):
            self._lot(lot).points += points
            self._post(origin, points, lot.point_type, (LotPart(lot, points),))
        else:
            self.give((LotPart(lot.matured(), points),), origin)

    def give(self, parts: Sequence[LotPart], origin: Origin) -> None:
        """Put points into open lots, the same ones they were taken from when a redemption is undone; one entry for each point type.

        What has lapsed meanwhile expires at once; the rest repays arrears before it becomes available.
        """
        self._be_active(origin, (lot for lot, _ in parts))
        for point_type, typed in _by_type(parts).items():
            changes = []
            for lot, points in typed:
                lapsed = self.has_lapsed(lot)
                kept = points if lapsed else points - self._less_arrears(point_type, points)
                self._lot(lot).points += kept
                changes.append(LotPart(lot, kept))
            self._post(origin, total(typed), point_type, tuple(change for change in changes if change.points))
            for lot, points in typed:
                if self.has_lapsed(lot):
                    self._lapse(lot, points)

    def take_back(self, point_type: str, points: int, own: LotKey | None, origin: Origin) -> int:
        """Take points back and return how many were excused because they had lapsed unused.

        Order (contracts.md section 5): the pending points of the earning's own bucket, its own lot, what of that lot has lapsed (no effect, each lapsed
        point once), other lots of the type, then arrears. `own` None begins with the other lots. Held points are not taken.
        """
        left, changes, excuses = points, list[LotPart](), list[LotPart]()
        if own is not None:
            bucket, lot = own, own.matured()
            for mine in dict.fromkeys((bucket, lot)):
                left -= self._take(mine, left, changes)
            left -= self._excuse(lot, left, excuses)
        for other in self.open_lots((point_type,)):
            left -= self._take(other, left, changes)
        if left:
            self.arrears[point_type] = self.arrears.get(point_type, 0) + left
        excused = total(excuses)
        self._post(origin, excused - points, point_type, tuple(changes), tuple(excuses))
        return excused

    def forgive(self, point_type: str, points: int, origin: Origin) -> int:
        """Give up to `points` of what is owed of a type up, and return how many that were; no lot changes."""
        forgiven = self._less_arrears(point_type, points)
        if forgiven:
            self._post(origin, forgiven, point_type, ())
        return forgiven

    def _take(self, lot: LotKey, points: int, changes: list[LotPart]) -> int:
        state = self.lots.get(lot)
        taken = min(points, state.free) if state else 0
        if taken:
            self._lot(lot).points -= taken
            changes.append(LotPart(lot, -taken))
        return taken

    def _excuse(self, lot: LotKey, points: int, excuses: list[LotPart]) -> int:
        state = self.lots.get(lot)
        excused = min(points, state.lapsed - state.excused) if state else 0
        if excused:
            self._lot(lot).excused += excused
            excuses.append(LotPart(lot, excused))
        return excused

    def shift(self, point_type: str, points: int, origin: Origin, lots: Sequence[LotPart] = (), excused: Sequence[LotPart] = ()) -> None:
        """Post one side of what moves between this account and another: lots and excused points change as the parts say, arrears by the difference.

        Against MOVED_EXPIRED, points put into a lot are of those that had lapsed there, and points taken from it lapse.
        """
        for lot, change in lots:
            self._lot(lot).points += change
            if origin.counter_account == MOVED_EXPIRED:
                self._lot(lot).lapsed -= change
        for lot, change in excused:
            self._lot(lot).excused += change
        owed = self.arrears.get(point_type, 0) + total(lots) - points
        self.arrears.pop(point_type, None)
        if owed:
            self.arrears[point_type] = owed
        self._post(origin, points, point_type, tuple(part for part in lots if part.points), tuple(part for part in excused if part.points))

    # ---- spending

    @property
    def is_frozen(self) -> bool:
        """Tell whether all of it is frozen: nothing is spent, set aside or transferred from it."""
        return bool(self.freezes) and is_wholly_frozen(self.freezes, self.business_on)

    def frozen(self) -> dict[LotKey, int]:
        """Return how many points of which open lots are frozen: those that would be spent last. Held points are not among them."""
        if not self.freezes:
            return {}
        lots = self.open_lots(None)
        left = frozen_points(self.freezes, self.business_on, sum(self.lots[lot].free for lot in lots))
        parts = {}
        for lot in reversed(lots):
            part = min(left, self.lots[lot].free)
            if part:
                parts[lot] = part
                left -= part
        return parts

    def available(self, point_types: Collection[str] | None = None) -> int:
        """Return the points that can be spent: unlapsed ones of open lots that no hold has, less frozen ones. `point_types` None: of every type."""
        frozen = self.frozen()
        return sum(self.lots[lot].free - frozen.get(lot, 0) for lot in self.open_lots(point_types))

    def pick(self, points: int, point_types: Collection[str] | None = None) -> tuple[LotPart, ...]:
        """Return which lots would pay `points`, in the order of spending; they sum to less when not enough is available. Changes nothing."""
        parts, frozen = [], self.frozen()
        for lot in self.open_lots(point_types):
            part = min(points, self.lots[lot].free - frozen.get(lot, 0))
            if part:
                parts.append(LotPart(lot, part))
                points -= part
        return tuple(parts)

    def hold(self, parts: Iterable[LotPart]) -> None:
        """Hold picked points: they stay in their lots, and neither are available, nor lapse, nor are taken back. Posts nothing."""
        for lot, points in parts:
            state = self._lot(lot)
            state.held += points
            if state.held > state.points:
                raise ValueError(f"{lot_id_of(lot)}: {state.held} points held of {state.points}")

    def release(self, parts: Iterable[LotPart]) -> None:
        """End a hold of points that were not spent. What has lapsed meanwhile expires at once; the rest repays arrears first."""
        for lot, points in parts:
            self._unhold(lot, points)
            if self.has_lapsed(lot):
                self._lapse(lot, points)
            else:
                self._repay(lot, points, "released")

    def capture(self, parts: Sequence[LotPart], origin: Origin) -> None:
        """Spend held points, also those of a lot that has lapsed meanwhile; one entry for each point type."""
        self._be_active(origin, (lot for lot, _ in parts))
        for lot, points in parts:
            self._unhold(lot, points)
            self._lot(lot).points -= points
        for point_type, typed in _by_type(parts).items():
            self._post(origin, -total(typed), point_type, tuple(LotPart(lot, -points) for lot, points in typed))

    def _unhold(self, lot: LotKey, points: int) -> None:
        state = self._lot(lot)
        state.held -= points
        if state.held < 0:
            raise ValueError(f"{lot_id_of(lot)}: {-state.held} more points were to be released than are held")

    # ---- the last date of use

    def last_date(self, lot: LotKey) -> date | None:
        """Return the last date on which the lot's points can be spent, as things are now; None: there is none."""
        return lot.last_date(self.active_on)

    def has_lapsed(self, lot: LotKey) -> bool:
        """Tell whether the lot's last date of use is before the business date."""
        return lot.lapsed_by(self.business_on, self.active_on)

    def _be_active(self, origin: Origin, lots: Iterable[LotKey]) -> None:
        """Let what the customer does keep the sliding points. An account's activity is kept from when it first has some; it never goes back."""
        on = origin.occurred_on or self.business_on
        if self.active_on is None:
            if not any(lot.sliding_months for lot in lots):
                return
        elif origin.kind not in ACTIVITIES or on <= self.active_on:
            return
        self.active_on = on
        self.touched.update(lot for lot in self.lots if lot.sliding_months)

    def rank(self, lot: LotKey) -> tuple[int, str, date, str, str, int]:
        """Return the place of a lot in the order of spending."""
        return spending_rank(lot, self.active_on, self.spending_order)

    # ---- inside

    def open_lots(self, point_types: Collection[str] | None) -> list[LotKey]:
        """Return the lots with points to spend, in the order of spending."""
        lots = [
            lot
            for lot, state in self.lots.items()
            if lot.available_on is None and state.free and not self.has_lapsed(lot) and (point_types is None or lot.point_type in point_types)
        ]
        lots.sort(key=self.rank)
        return lots

    def _lot(self, lot: LotKey) -> Lot:
        """Return a lot's state to change it; a lot that is new begins empty."""
        self.touched.add(lot)
        return self.lots.setdefault(lot, Lot())

    def _less_arrears(self, point_type: str, points: int) -> int:
        """Lower the arrears of a type by as much as `points` cover, and return that."""
        owed = self.arrears.get(point_type, 0)
        repaid = min(owed, points)
        if repaid == owed:
            self.arrears.pop(point_type, None)
        else:
            self.arrears[point_type] = owed - repaid
        return repaid

    def _own_cause(self, kind: str, lot: LotKey) -> Cause:
        return Cause(kind=kind, source_system=OWN_SOURCE, no=f"{self.business_on.isoformat()}:{lot_id_of(lot)}")

    def _post(self, origin: Origin, points: int, point_type: str, lots: tuple[LotPart, ...], excused: tuple[LotPart, ...] = ()) -> None:
        totals = self.totals.setdefault(point_type, Totals())
        totals.add(origin.counter_account, points)
        self.version += 1
        self.entries.append(
            Entry(
                account_version=self.version,
                points=points,
                point_type=point_type,
                lots=lots,
                balance_after=totals.net,
                origin=origin,
                excused=excused,
                active_on=self.active_on,
                came_by=None if origin.kind in OWN_KINDS else self.came_by,
            )
        )


def _by_type(parts: Iterable[LotPart]) -> dict[str, list[LotPart]]:
    typed: defaultdict[str, list[LotPart]] = defaultdict(list)
    for part in parts:
        typed[part.lot.point_type].append(part)
    return dict(typed)
