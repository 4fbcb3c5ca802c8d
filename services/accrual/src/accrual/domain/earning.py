"""What a rule's earning form gives for an amount, before limits. Exact whole-number arithmetic; rounded once, at the end."""

from collections.abc import Callable
from fractions import Fraction
from typing import assert_never

from accrual.domain.rule import Bands, Earn, Fixed, Multiply, Nth, PerMinor
from loyalty_shared.kernel.money import Rounding, divide_rounded

#: Points for an amount in minor units (a fraction: a month's average balance). Of a `multiply` rule: for the points of the rules that it multiplies.
Gives = Callable[[int | Fraction], int]


def gives_of(earn: Earn, rounding: Rounding) -> Gives:
    """Return what an earning form gives as a function."""
    match earn:
        case PerMinor(per_minor=per_minor, points=points):
            return _proportional(points, per_minor, rounding)
        case Fixed(points=points) | Nth(points=points):
            return lambda amount: points
        case Bands(marginal=True):
            return lambda amount: _marginal(earn, amount, rounding)
        case Bands():
            return lambda amount: _step(earn, amount, rounding)
        case Multiply(by=by):
            extra = by - 1
            return _proportional(extra.numerator, extra.denominator, rounding)
    assert_never(earn)


def _proportional(points: int, per: int, rounding: Rounding) -> Gives:
    if rounding is Rounding.DOWN:
        return lambda amount: amount * points // per
    return lambda amount: divide_rounded(amount * points, per, rounding)


def _step(earn: Bands, amount: int | Fraction, rounding: Rounding) -> int:
    reached = [band.gives for band in earn.bands if amount >= band.from_minor]
    return gives_of(reached[-1], rounding)(amount) if reached else 0


def _marginal(earn: Bands, amount: int | Fraction, rounding: Rounding) -> int:
    exact = _marginal_exactly(earn, amount)
    return divide_rounded(exact.numerator, exact.denominator, rounding)


def exactly_of(earn: Earn) -> Callable[[int | Fraction], Fraction]:
    """Return what an earning form gives before it is rounded, as a function: for rules that carry what rounding drops."""
    match earn:
        case PerMinor(per_minor=per_minor, points=points):
            return lambda amount: Fraction(amount * points, per_minor)
        case Fixed(points=points) | Nth(points=points):
            return lambda amount: Fraction(points)
        case Bands(marginal=True):
            return lambda amount: _marginal_exactly(earn, amount)
        case Bands():
            return lambda amount: _step_exactly(earn, amount)
        case Multiply(by=by):
            return lambda amount: amount * (by - 1)
    assert_never(earn)


def _step_exactly(earn: Bands, amount: int | Fraction) -> Fraction:
    reached = [band.gives for band in earn.bands if amount >= band.from_minor]
    return exactly_of(reached[-1])(amount) if reached else Fraction(0)


def _marginal_exactly(earn: Bands, amount: int | Fraction) -> Fraction:
    exact = Fraction(0)
    ends = [band.from_minor for band in earn.bands[1:]] + [amount]
    for band, end in zip(earn.bands, ends, strict=True):
        if amount >= band.from_minor:
            slice_minor = min(amount, end) - band.from_minor
            exact += band.gives.points if isinstance(band.gives, Fixed) else Fraction(slice_minor * band.gives.points, band.gives.per_minor)
    return exact
