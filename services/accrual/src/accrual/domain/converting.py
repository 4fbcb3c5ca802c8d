"""Amounts of other currencies, turned into a rule's own at the rates of the transaction date (contracts.md section 4: `convert`)."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from operator import itemgetter
from typing import Final

from loyalty_shared.kernel.money import CURRENCIES, Rounding, divide_rounded, exponent_of

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


class RateTable:
    """An entity's rates by the date from which they hold."""

    __slots__ = ("_from", "_rates")

    def __init__(self, versions: Iterable[tuple[date, Rates]] = ()) -> None:
        ordered = sorted(versions, key=itemgetter(0))
        self._from = [effective_on for effective_on, _ in ordered]
        self._rates = [rates for _, rates in ordered]

    def on(self, on: date) -> Rates:
        """Return the rates of a transaction date: those with the latest date not after it, and none of the earlier ones."""
        place = bisect_right(self._from, on)
        return self._rates[place - 1] if place else NO_RATES


#: Of an entity whose rules convert nothing, or that has stated no rates.
NO_TABLE: Final = RateTable()


def rates_from(value: object) -> Rates | None:
    """Return the rates that a value of the parameter `exchange-rates` states; None when it states none.

    >>> rates_from({"USD": "7.1234", "JPY": 0.0489})
    {'USD': '7.1234', 'JPY': '0.0489'}
    """
    if not isinstance(value, dict):
        return None
    rates = {code: str(rate) for code, rate in value.items() if isinstance(rate, str | int | float) and not isinstance(rate, bool)}
    try:
        fit = len(rates) == len(value) and all(code in CURRENCIES and Fraction(rate) > 0 for code, rate in rates.items())
    except ValueError:
        return None
    return rates if fit else None
