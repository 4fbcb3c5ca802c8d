"""What a point costs: an exact rate, and where its fractions are rounded."""

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
        """Return what signed points cost in minor units. A half is rounded away from zero, so that a refund of all costs what the redemption did."""
        exact = Fraction(self.minor) * points
        amount = divide_rounded(abs(exact.numerator), exact.denominator, Rounding.HALF_UP)
        return -amount if exact < 0 else amount

    def divide(self, shares: Mapping[str, int]) -> dict[str, int]:
        """Divide what the points of all parties cost together among them, so that the parts sum to `amount_of` their sum.

        Each is rounded down, and what is left goes, a minor unit each, to the parties that rounding took most from; of equals to the first by name, so that a
        refund gives back to each what it paid, in whatever order it names them.
        """
        points = sum(shares.values())
        if len(shares) == 1:
            return dict.fromkeys(shares, self.amount_of(points))
        sign = -1 if points < 0 else 1
        rate = Fraction(self.minor)
        parts = {party: divmod(sign * share * rate.numerator, rate.denominator) for party, share in shares.items()}
        left = sign * self.amount_of(points) - sum(whole for whole, _ in parts.values())
        most_cut = sorted(parts, key=lambda party: (-parts[party][1], party))[:left]
        return {party: sign * (whole + (party in most_cut)) for party, (whole, _) in parts.items()}


#: One fen a point, until the parameter `cost-per-point` says otherwise.
COST_DEFAULT: Final = CostPerPoint("1", "CNY")


def cost_from(value: Any) -> CostPerPoint | None:
    """Return the cost that a value of the parameter `cost-per-point` states, or None when it states none.

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
