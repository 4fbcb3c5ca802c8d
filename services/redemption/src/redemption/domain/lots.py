"""Lots: what a customer's points are made of. A lot is keyed by all that distinguishes its points, so that a customer's lots stay few."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from loyalty_shared.contracts.accrual import CostBearer
from redemption.domain.sliding import months_after

#: The priority in spending of point types, lowest first, until an entity's parameter `point-types` says otherwise.
FIRST_SPENDING_ORDER: Final[Mapping[str, int]] = {"base": 1, "bonus": 2, "qualifying": 3, "campaign": 4}
#: Types that are not named come after all that are, by code.
UNNAMED_PRIORITY: Final = 1_000_000

_NEVER: Final = "never"
_SLIDING: Final = "sliding-"
_KEYS_CACHED: Final = 65_536


class LotKey(NamedTuple):
    """What points of one lot have in common. `available_on` None: they can be spent; else the pending bucket that matures on that date.

    `expires_on` is the last date on which they can be spent, None: never, or, of a sliding lot, as `sliding_months` after the account's last activity.
    `party` funds them, `institution` issued them.
    """

    point_type: str
    available_on: date | None
    expires_on: date | None
    party: str
    institution: str
    sliding_months: int = 0

    def matured(self) -> "LotKey":
        """Return the key of the open lot that these points are in, or will be in."""
        return self if self.available_on is None else self._replace(available_on=None)

    def last_date(self, active_on: date | None) -> date | None:
        """Return the last date of use, in an account whose last activity was on `active_on` (None: not kept); None: there is none."""
        return months_after(active_on, self.sliding_months) if self.sliding_months and active_on is not None else self.expires_on

    def lapsed_by(self, on: date, active_on: date | None) -> bool:
        """Tell whether the last date of use has passed, in an account whose last activity was on `active_on`."""
        last_date = self.last_date(active_on)
        return last_date is not None and last_date < on

    def pending_on(self, on: date) -> bool:
        """Tell whether the points cannot be spent yet."""
        return self.available_on is not None and self.available_on > on


class LotPart(NamedTuple):
    """Points of one lot: what a hold or a redemption took, or (signed) what an entry changed."""

    lot: LotKey
    points: int


@dataclass(slots=True)
class Lot:
    """The state of one lot. `points` are its open ones, held included; `lapsed` those that expired unused; `excused` those of them that a claw-back met."""

    points: int = 0
    held: int = 0
    lapsed: int = 0
    excused: int = 0

    @property
    def free(self) -> int:
        """Points that no hold has."""
        return self.points - self.held


@lru_cache(maxsize=_KEYS_CACHED)
def lot_id_of(lot: LotKey) -> str:
    """Return a lot's handle, unique within its account. It does not change when pending points mature."""
    expires = _NEVER if lot.expires_on is None else lot.expires_on.isoformat()
    if lot.sliding_months:
        expires = f"{_SLIDING}{lot.sliding_months}"
    return ":".join((quote(lot.point_type, safe=""), expires, quote(lot.party, safe=""), quote(lot.institution, safe="")))


@lru_cache(maxsize=_KEYS_CACHED)
def lot_key_from(lot_id: str, available_on: date | None = None) -> LotKey:
    """Return the key that a handle stands for. Raises ValueError when it is no handle of ours."""
    point_type, expires, party, institution = lot_id.split(":")
    sliding_months = int(expires.removeprefix(_SLIDING)) if expires.startswith(_SLIDING) else 0
    expires_on = None if expires == _NEVER or sliding_months else date.fromisoformat(expires)
    return LotKey(unquote(point_type), available_on, expires_on, unquote(party), unquote(institution), sliding_months)


@lru_cache(maxsize=_KEYS_CACHED)
def party_of(bearers: tuple[CostBearer, ...]) -> str:
    """Return the funding party of points: the bearer's name, or all bearers with their percents when several share the cost."""
    if len(bearers) == 1:
        return bearers[0].party
    return "+".join(f"{bearer.party}={bearer.percent}" for bearer in sorted(bearers, key=lambda bearer: bearer.party))


def spending_rank(lot: LotKey, active_on: date | None, order: Mapping[str, int]) -> tuple[int, str, date, str, str, int]:
    """Return the place of a lot in the order of spending: priority of type, then earliest expiry, permanent last (requirements 2.1.4).

    `active_on`: the account's last activity, which sliding lots go by; `order`: the priorities of types.
    """
    return order.get(lot.point_type, UNNAMED_PRIORITY), lot.point_type, lot.last_date(active_on) or date.max, lot.party, lot.institution, lot.sliding_months


def last_taken(parts: Sequence[LotPart], points: int) -> tuple[LotPart, ...]:
    """Return the parts to give back when `points` of what was taken come back: last taken first (contracts.md section 5).

    Raises ValueError when less than that was taken.
    """
    given: list[LotPart] = []
    for lot, taken in reversed(parts):
        part = min(points, taken)
        if part:
            given.append(LotPart(lot, part))
            points -= part
    if points:
        raise ValueError(f"{points} more points were to come back than had been taken")
    return tuple(given)


def total(parts: Iterable[LotPart]) -> int:
    """Return the sum of the parts' points."""
    return sum(part.points for part in parts)
