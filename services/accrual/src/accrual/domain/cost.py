"""What a point costs, as the entity's parameter `cost-per-point` states it: an exact rate."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final

from loyalty_shared.kernel.money import CURRENCIES, Rounding, divide_rounded

#: A rate has at most so many digits before and after the point.
RATE_DIGITS_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class CostPerPoint:
    """`minor` units of `currency` for one point: a decimal number, as text, so that it is kept exact."""

    minor: str
    currency: str

    def amount_of(self, points: int) -> int:
        """Return what signed points cost in minor units. A half is rounded away from zero, so that what is taken back costs what was given."""
        exact = Fraction(self.minor) * points
        amount = divide_rounded(abs(exact.numerator), exact.denominator, Rounding.HALF_UP)
        return -amount if exact < 0 else amount


#: One fen a point, until the parameter says otherwise.
COST_DEFAULT: Final = CostPerPoint("1", "CNY")


def cost_from(value: Any) -> CostPerPoint | None:
    """Return the cost that a value of the parameter states, or None when it states none.

    It is the minor units of one point as a number or decimal text (`1`, `"0.25"`), or `{"amount_minor": "0.25", "currency": "CNY"}`.
    """
    currency: Any = COST_DEFAULT.currency
    if isinstance(value, Mapping):
        value, currency = value.get("amount_minor"), value.get("currency", currency)
    if isinstance(value, bool) or not isinstance(value, int | float | str) or currency not in CURRENCIES:
        return None
    try:
        rate = Decimal(str(value))
    except InvalidOperation:
        return None
    if not rate.is_finite() or rate < 0 or rate.adjusted() >= RATE_DIGITS_MAX or rate != round(rate, RATE_DIGITS_MAX):
        return None
    return CostPerPoint(f"{rate.normalize():f}", currency)
