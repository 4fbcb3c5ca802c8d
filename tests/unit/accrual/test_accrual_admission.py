"""Which events are decided at all, and which facts they see: the boundaries."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accrual.application.admission import kept_from, refuse_unfit
from accrual.application.facts import CustomerFacts
from loyalty_shared.contracts.core import CustomerChangedV1
from loyalty_shared.persistence.dead_letters import Fault
from loyalty_shared.persistence.entity_dates import Entity
from support.accrual_desk import purchase

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("business_on", "years", "oldest"),
    [
        (date(2026, 3, 2), 15, date(2011, 3, 2)),
        (date(2028, 2, 29), 15, date(2013, 2, 28)),
        (date(2028, 2, 29), 4, date(2024, 2, 29)),
    ],
)
def test_the_retention_begins_years_before_the_business_date(business_on: date, years: int, oldest: date) -> None:
    entity = Entity(legal_entity="001", zone=ZoneInfo("Asia/Shanghai"), business_on=business_on, retention_years=years)
    assert kept_from(entity) == oldest


def test_a_currency_or_year_that_cannot_be_is_refused() -> None:
    assert refuse_unfit(purchase("1")) is None
    refusals = [refuse_unfit(purchase("1", currency="XQX")), refuse_unfit(purchase("1", at=datetime(9999, 12, 31, tzinfo=UTC)))]
    assert [refusal and refusal.fault for refusal in refusals] == [Fault.UNKNOWN_CURRENCY, Fault.INVALID_FIELD]
    assert [refusal and refusal.detail.split(":")[0] for refusal in refusals] == ["currency", "transaction_at"]


def test_facts_are_the_latest_not_after_the_moment_else_the_earliest() -> None:
    hour = timedelta(hours=1)
    versions = [CustomerChangedV1(legal_entity="001", customer_no="C1", level=str(number), changed_at=NOON + number * hour) for number in (3, 1, 2)]
    facts = CustomerFacts(versions)

    def level_at(moment: datetime) -> str | None:
        found = facts.find_at("001", "C1", moment)
        return None if found is None else found.level

    assert [level_at(NOON + number * hour) for number in (0, 1, 2, 3, 9)] == ["1", "1", "2", "3", "3"]
    assert level_at(NOON + 2 * hour - timedelta(microseconds=1)) == "1"
    assert facts.find_at("001", "C2", NOON) is None
    assert facts.find_at("002", "C1", NOON) is None
