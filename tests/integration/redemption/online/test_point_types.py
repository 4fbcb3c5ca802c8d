"""Point types as the console states them: followed over the bus, in force by business date."""

from datetime import date

from loyalty_shared.contracts.console import ParameterChangedV1
from redemption.adapters.parameters import keep_parameter
from support.online_bank import Bank, done, refusal

FIRST_BONUS = {"bonus": {"spending_priority": 1}, "base": {"spending_priority": 2}}


def state(bank: Bank, value: object, effective_on: date) -> None:
    """Keep the parameter as the follower of the console's topic does."""
    with bank.service.database.transaction() as cursor:
        keep_parameter(cursor, ParameterChangedV1(legal_entity=bank.entity, name="point-types", value=value, effective_on=effective_on))


def spent(bank: Bank) -> list[str]:
    return [lot["point_type"] for lot in done(bank.post("redemptions", bank.spending(15)), 201)["lots"]]


def test_the_order_of_spending_is_that_of_the_business_date(bank: Bank) -> None:
    bank.grant(100)
    bank.grant(10, point_type="bonus")
    bank.grant(10, point_type="campaign")
    state(bank, FIRST_BONUS, date(2026, 3, 2))
    assert spent(bank) == ["base"]
    bank.advance_to(date(2026, 3, 2))
    assert spent(bank) == ["bonus", "base"]
    state(bank, {"campaign": {"spending_priority": 0}, **FIRST_BONUS}, date(2026, 3, 2))
    assert spent(bank) == ["campaign", "base"]


def test_points_are_granted_of_the_types_there_are(bank: Bank) -> None:
    faulty = bank.granting(point_type="miles")
    assert refusal(bank.post("grants", faulty)) == (422, "point-type-unknown")
    done(bank.post("grants", {**faulty, "point_type": "base"}), 201)  # the serial stayed free
    state(bank, {"miles": {"spending_priority": 1}}, date(2026, 3, 1))
    bank.grant(10, point_type="miles")
    assert refusal(bank.post("grants", bank.granting())) == (422, "point-type-unknown"), "base is no type of this entity any more"
    bank.redeem(110)
