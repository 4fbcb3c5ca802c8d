"""Amounts of other currencies, turned into a rule's own at the rates of the transaction date (contracts.md section 4: `convert`)."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from loyalty_shared.kernel.money import Rounding, divide_rounded, exponent_of

#: The currency that rates are stated in: what one whole unit of another is worth.
RATED_IN: Final = "CNY"

#: Currency > how many CNY one whole unit of it is worth, as decimal text.
Rates = Mapping[str, str]

NO_RATES: Final[Rates] = {}


def rates_used(currency: str, into: str, rates: Rates) -> dict[str, str] | None:
    """Return the rates that turning one currency into another takes; None when one of them is not known."""
    needed = [code for code in (currency, into) if code != RATED_IN]
    return {code: rates[code] for code in needed} if all(code in rates for code in needed) else None


def converted(amount_minor: int | Fraction, currency: str, into: str, rates: Rates) -> int:
    """Return an amount in minor units of another currency, rounded half up. The rates must be known (see `rates_used`).

    >>> converted(10_000, "JPY", "CNY", {"JPY": "0.0489"})
    48900
    """
    exact = Fraction(amount_minor) / 10 ** exponent_of(currency) * _rate_of(currency, rates) / _rate_of(into, rates) * 10 ** exponent_of(into)
    return divide_rounded(exact.numerator, exact.denominator, Rounding.HALF_UP)


def _rate_of(currency: str, rates: Rates) -> Fraction:
    return Fraction(1) if currency == RATED_IN else Fraction(rates[currency])
