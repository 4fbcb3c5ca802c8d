"""What the texts of the PKDD'99 files mean."""

from datetime import date

import pytest

from nanzhu_demo.pkdd99 import born_on_from, haler_from


@pytest.mark.parametrize(
    ("birth_number", "born_on"),
    [("450204", date(1945, 2, 4)), ("706213", date(1970, 12, 13)), ("405101", date(1940, 1, 1)), ("321201", date(1932, 12, 1))],
)
def test_a_birth_number_tells_the_birthday_and_womens_months_have_50_added(birth_number: str, born_on: date) -> None:
    assert born_on_from(birth_number) == born_on


@pytest.mark.parametrize(("koruna", "haler"), [("14.60", 1460), ("0.10", 10), ("76500.00", 7_650_000), ("8033.2", 803_320), ("0", 0)])
def test_koruna_become_haler_exactly(koruna: str, haler: int) -> None:
    assert haler_from(koruna) == haler


@pytest.mark.parametrize("koruna", ["1.005", "-1.00", "", "abc"])
def test_what_is_no_amount_is_refused(koruna: str) -> None:
    with pytest.raises(ValueError, match=r"haler|koruna"):
        haler_from(koruna)
