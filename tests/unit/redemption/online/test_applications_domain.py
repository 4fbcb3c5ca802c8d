"""What an application asks of a spend, and what is quoted for an amount: rules alone."""

from datetime import date

import pytest

from redemption.domain.applications import Application, CustomerFacts, Eligible, Rate, Spent, Terms, is_eligible, is_open_for, refusal_of_points
from redemption.domain.quoting import cash_left, decide_quoted_points
from redemption.domain.refusals import Refusal
from redemption.domain.transferring import transfer_rules

NOTHING = Spent(0, 0)
RATE = Rate(points=500, amount_minor=100, currency="CNY")


def application(*, minimum: int | None = None, step: int | None = None, points_max: int | None = None, terms: Terms | None = None) -> Application:
    return Application(code="mall", is_open=True, minimum=minimum, step=step, points_max=points_max, terms=terms or Terms())


@pytest.mark.parametrize(
    ("points", "spent", "refusal"),
    [
        (100, NOTHING, None),
        (95, NOTHING, Refusal.BELOW_MINIMUM),
        (105, NOTHING, Refusal.NOT_A_STEP),
        (210, NOTHING, Refusal.LIMIT_EXCEEDED),
        (100, Spent(200, 200), None),
        (110, Spent(200, 200), Refusal.LIMIT_EXCEEDED),
        (110, Spent(0, 400), Refusal.LIMIT_EXCEEDED),
        (100, Spent(0, 400), None),
    ],
)
def test_bounds_of_one_call_of_a_date_and_of_a_month(points: int, spent: Spent, refusal: Refusal | None) -> None:
    asks = application(minimum=100, step=10, points_max=200, terms=Terms(per_day=300, per_month=500))
    assert refusal_of_points(asks, points, spent) is refusal


def test_an_application_is_open_from_its_first_date_until_before_its_last_and_through_its_channels() -> None:
    asks = application(terms=Terms(opens_on=date(2026, 3, 1), closes_on=date(2026, 4, 1), channels=("POS",)))
    assert [is_open_for(asks, "POS", date(2026, *on)) for on in ((2, 28), (3, 1), (3, 31), (4, 1))] == [False, True, True, False]
    assert not is_open_for(asks, "MOBILE", date(2026, 3, 1))


def test_of_each_list_that_is_given_the_customer_is_on_one_entry() -> None:
    gold = CustomerFacts(level="gold", tags=("vip",), institution="450100")
    assert is_eligible(Eligible(), (), CustomerFacts())
    assert is_eligible(Eligible(levels=("gold",), tags=("new", "vip"), institutions=("450100",), customers=("C2",)), ("C1", "C2"), gold)
    assert not is_eligible(Eligible(levels=("gold",), tags=("new",)), ("C1",), gold)
    assert not is_eligible(Eligible(levels=("gold",)), ("C1",), CustomerFacts())


def test_quoted_points_at_the_boundaries_of_rounding() -> None:
    asks = application()
    assert [decide_quoted_points(asks, RATE, 1, None, available, NOTHING) for available in (4, 5, 6)] == [4, 5, 5]
    assert [cash_left(RATE, 1, points) for points in (4, 5)] == [1, 0]
    uneven = Rate(points=3, amount_minor=2, currency="CNY")
    assert decide_quoted_points(asks, uneven, 3, None, 100, NOTHING) == 5  # 4.5: the last point may be worth more than what is left
    assert (cash_left(uneven, 3, 4), cash_left(uneven, 3, 5)) == (1, 0)
    shared = application(terms=Terms(maximum_share_percent=50))
    assert decide_quoted_points(shared, uneven, 5, None, 100, NOTHING) == 3  # 2 of 5, and 3 points pay 2
    assert decide_quoted_points(shared, uneven, 5, 4, 100, NOTHING) is Refusal.LIMIT_EXCEEDED


def test_only_true_allows_transfers() -> None:
    assert [transfer_rules(value, None).allowed for value in (None, False, True, "true", 1)] == [False, False, True, False, False]
    assert (transfer_rules(True, {"per_day": 5}).per_day, transfer_rules(True, {"per_day": 5}).per_transfer) == (5, None)
