"""The stated assignment of merchants to withdrawals."""

from collections import Counter

from nanzhu_demo.assignment import MERCHANT_CATEGORIES, merchant_from


def test_the_percents_add_up_and_no_category_is_named_twice() -> None:
    assert sum(category.percent for category in MERCHANT_CATEGORIES) == 100
    assert len({category.mcc for category in MERCHANT_CATEGORIES}) == len(MERCHANT_CATEGORIES)


def test_the_assignment_is_the_stated_one_for_ever() -> None:
    assert [merchant_from(trans_id).merchant_no for trans_id in (1, 2, 3)] == ["M5411-4", "M5712-6", "M5411-4"]


def test_withdrawals_are_spread_as_the_percents_say() -> None:
    drawn = Counter(merchant_from(trans_id).mcc for trans_id in range(20_000))

    for category in MERCHANT_CATEGORIES:
        assert abs(drawn[category.mcc] / 200 - category.percent) < 1, category
