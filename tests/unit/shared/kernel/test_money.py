"""Rounding at its boundaries, in whole numbers only."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_shared.kernel.money import CURRENCIES, Rounding, divide_rounded, exponent_of


@pytest.mark.parametrize(
    ("numerator", "denominator", "down", "half_up", "half_even", "up"),
    [(4, 2, 2, 2, 2, 2), (5, 2, 2, 3, 2, 3), (7, 2, 3, 4, 4, 4), (1, 3, 0, 0, 0, 1), (2, 3, 0, 1, 1, 1), (0, 7, 0, 0, 0, 0)],
)
def test_each_mode_at_its_boundary(numerator: int, denominator: int, down: int, half_up: int, half_even: int, up: int) -> None:
    assert [divide_rounded(numerator, denominator, mode) for mode in (Rounding.DOWN, Rounding.HALF_UP, Rounding.HALF_EVEN, Rounding.UP)] == [
        down, half_up, half_even, up,
    ]  # fmt: skip


@given(st.integers(0, 2**60), st.integers(1, 2**60))
def test_no_mode_is_further_than_one_from_the_truth(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    assert divide_rounded(numerator, denominator, Rounding.HALF_EVEN) == round(exact)
    for mode in Rounding:
        assert abs(divide_rounded(numerator, denominator, mode) - exact) < 1


def test_currencies_are_three_capital_letters() -> None:
    assert {"CNY", "CZK", "USD"} <= CURRENCIES
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)


def test_the_minor_unit_of_most_currencies_is_a_hundredth() -> None:
    assert [exponent_of(code) for code in ("CNY", "USD", "JPY", "KRW", "KWD", "XAU")] == [2, 2, 0, 0, 3, 0]
