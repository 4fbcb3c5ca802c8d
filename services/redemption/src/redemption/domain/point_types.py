"""Point types: what kinds of points an entity has, and in which order they are spent. A parameter, in force from a business date on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from redemption.domain.lots import FIRST_SPENDING_ORDER

_FIRST_NAMES: Final = {
    "base": {"zh": "基础积分", "en": "Base"},
    "bonus": {"zh": "奖励积分", "en": "Bonus"},
    "qualifying": {"zh": "定级积分", "en": "Qualifying"},
    "campaign": {"zh": "活动积分", "en": "Campaign"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PointType:
    """One kind of points. Lower `spending_priority` is spent first; `negative_allowed`: an adjustment may take more than there is, and the rest is owed."""

    code: str
    spending_priority: int
    names: Mapping[str, str] = field(default_factory=dict)
    cost_minor_per_point: str | None = None
    negative_allowed: bool = False


#: What an entity has until its parameter says otherwise.
FIRST_POINT_TYPES: Final[Mapping[str, PointType]] = {
    code: PointType(code=code, spending_priority=priority, names=_FIRST_NAMES[code]) for code, priority in FIRST_SPENDING_ORDER.items()
}


def point_types_from(value: Mapping[str, Mapping[str, Any]] | None) -> Mapping[str, PointType]:
    """Return the point types that the parameter `point-types` states, by code; None: nothing is stated, so the first ones hold."""
    if value is None:
        return FIRST_POINT_TYPES
    return {
        code: PointType(
            code=code,
            spending_priority=stated["spending_priority"],
            names=stated.get("names", {}),
            cost_minor_per_point=None if stated.get("cost_minor_per_point") is None else str(stated["cost_minor_per_point"]),
            negative_allowed=stated.get("negative_allowed", False),
        )
        for code, stated in value.items()
    }


def spending_order_of(point_types: Mapping[str, PointType]) -> Mapping[str, int]:
    """Return the priority in spending of each point type."""
    return {code: point_type.spending_priority for code, point_type in point_types.items()}
