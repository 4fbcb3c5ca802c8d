"""Usage of customers whose numbers became one: rows stay with the number that came in, and each decision sees the sum of them all.

So nothing is folded when numbers merge, nothing has to be divided when that is undone, and a refund gives back where its purchase was counted.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from fractions import Fraction
from typing import Final

from accrual.application.facts import CustomerKey, UsageBook, UsageKey
from accrual.domain.usage import DENOMINATOR, NO_USAGE, NUMERATOR, Usage

#: Of each number that was merged, or merged into: all numbers that are its customer's, its own among them.
Merged = Mapping[CustomerKey, tuple[CustomerKey, ...]]

_EMPTY: Final[Mapping[str, int]] = {}


class MergedUsageBook(UsageBook):
    """The usage of a batch with merged customers: `of` gives what all numbers have counted, and what is counted goes to the number asked for."""

    def __init__(self, wanted: Iterable[UsageKey], rows: Iterable[tuple[str, str, str, int, dict[str, int]]], merged: Merged) -> None:
        super().__init__(wanted, rows)
        self._merged = merged
        self._whole: dict[tuple[CustomerKey, ...], Usage] = {}
        self._lent: tuple[Usage, Usage, dict[str, dict[str, int]]] | None = None

    def of(self, legal_entity: str, customer_no: str) -> Usage:
        """Return what all numbers of a customer have counted; what is added to it before the next is asked for counts as this number's."""
        self._settle()
        numbers = self._merged.get((legal_entity, customer_no))
        own = super().of(legal_entity, customer_no)
        if numbers is None or own is NO_USAGE:
            return own
        whole = self._whole.get(numbers)
        if whole is None:
            whole = self._whole[numbers] = Usage(_sum([super(MergedUsageBook, self).of(*number).months for number in numbers]))
        self._lent = (own, whole, deepcopy(whole.months))
        return whole

    def changed(self) -> list[tuple[UsageKey, int, dict[str, int]]]:
        """Return the rows to write back, in key order, each with the version it was read in; 0: it was not there."""
        self._settle()
        return super().changed()

    def _settle(self) -> None:
        """Count what the sum has gained since it was lent as the number's own."""
        if self._lent is None:
            return
        own, whole, before = self._lent
        self._lent = None
        for month in whole.changed:
            own.months[month] = added(own.months.get(month, _EMPTY), whole.months[month], before.get(month, _EMPTY))
            own.changed.add(month)
        whole.changed.clear()


def _sum(documents: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    months: dict[str, dict[str, int]] = {}
    for document in documents:
        for month, counters in document.items():
            months[month] = added(months.get(month, _EMPTY), counters, _EMPTY)
    return months


def added(counters: Mapping[str, int], more: Mapping[str, int], less: Mapping[str, int]) -> dict[str, int]:
    """Return counters with more and less counted in them, without those that come to nothing. Remainders add up as the fractions they are."""
    total: dict[str, int] = {}
    for name in {*counters, *more, *less}:
        if name.endswith(NUMERATOR):
            code = name.removesuffix(NUMERATOR)
            remainder = _remainder(counters, code) + _remainder(more, code) - _remainder(less, code)
            if remainder:
                total |= {code + NUMERATOR: remainder.numerator, code + DENOMINATOR: remainder.denominator}
        elif not name.endswith(DENOMINATOR):
            count = counters.get(name, 0) + more.get(name, 0) - less.get(name, 0)
            if count:
                total[name] = count
    return total


def _remainder(counters: Mapping[str, int], code: str) -> Fraction:
    return Fraction(counters.get(code + NUMERATOR, 0), counters.get(code + DENOMINATOR, 1))
