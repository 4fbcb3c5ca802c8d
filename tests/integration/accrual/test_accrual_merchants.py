"""Rules that look at merchants, on a real database: what is recorded, what a decision sees, and that it stays what it saw."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accrual.adapters.tables import metadata
from accrual.application.evaluate_transaction import EvaluateTransaction
from accrual.application.record_merchants import RecordMerchants
from loyalty_shared.contracts.merchant import MerchantChangedV1
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.connections import is_transient
from loyalty_shared.persistence.entity_dates import hold_date
from loyalty_shared.persistence.migrations import drift
from support.accrual_desk import MIGRATIONS, Desk, Raw, purchase, refund
from support.platform import MakeDatabase

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
AT_ACTIVE: dict[str, Any] = {
    "code": "at-active", "point_type": "base", "on": "transaction", "earn": {"per_minor": 100, "points": 1},
    "when": {"all": [{"fact": "merchant.status", "is": "active"}, {"fact": "merchant.mcc", "in": ["5814"]}]},
}  # fmt: skip


def cafe(status: str, version: int, merchant_no: str = "M0001", **more: Any) -> MerchantChangedV1:
    """Return a café after its nth change, an hour after the one before."""
    fields = {
        "legal_entity": "001", "merchant_no": merchant_no, "names": {"en": "Cafe"}, "merchant_type": "points-accepting", "mcc": "5814",
        "institution": "450100", "status": status, "changed_at": NOON + timedelta(hours=version), "version": version, **more,
    }  # fmt: skip
    return MerchantChangedV1(**fields)


def record(desk: Desk, *changes: MerchantChangedV1) -> dict[str, int]:
    batch: Batch[MerchantChangedV1] = Batch(
        group="accrual.record-merchants",
        topic="loyalty.merchant.merchants",
        partition=0,
        events=changes,
        offsets=range(len(changes)),
        traceparents=[None] * len(changes),
        records=[Raw("loyalty.merchant.merchants", 0, offset) for offset in range(len(changes))],
    )
    return {outcome: events for outcome, events in RecordMerchants(desk.begin, desk.clock)(batch).items() if events}


def test_the_migrated_database_is_what_the_code_says(database: MakeDatabase) -> None:
    assert drift(MIGRATIONS, database("accrual"), metadata) == []


def test_a_decision_sees_the_merchant_as_it_is_when_it_is_made_and_never_otherwise_again(desk: Desk) -> None:
    desk.approve(AT_ACTIVE)
    desk.decide(purchase("before"))
    assert record(desk, cafe("active", 2)) == {"recorded": 1}
    desk.decide(purchase("active"), purchase("elsewhere", merchant_no="M9"), purchase("nowhere", merchant_no=None))
    record(desk, cafe("suspended", 3))
    desk.decide(purchase("suspended"), refund("part", purchase("active"), 25_00))
    record(desk, cafe("active", 4))
    desk.decide(purchase("resumed"))
    expected = {"before": 0, "active": 100, "elsewhere": 0, "nowhere": 0, "suspended": 0, "part": -25, "resumed": 100}
    assert dict(zip(expected, desk.points(*expected), strict=True)) == expected
    for number in ("before", "suspended", "elsewhere"):
        (rule,) = desk.decision(number)["rules"]
        assert (rule["applied"], rule["reason"]) == (False, "rule-conditions-not-met"), number
    assert desk.decision("active")["rules"][0]["points"] == 100  # explained anew, with what it saw then


def test_a_refund_and_its_purchase_in_one_batch_see_the_same_merchant(desk: Desk) -> None:
    desk.approve(AT_ACTIVE)
    record(desk, cafe("active", 2))
    desk.decide(refund("waits", purchase("late"), 10_00))
    desk.decide(purchase("one"), refund("of-one", purchase("one"), 40_00), purchase("late"))
    assert desk.points("one", "of-one", "late", "waits") == [100, -40, 100, -10]


def test_a_change_that_is_not_later_than_what_is_known_changes_nothing(desk: Desk) -> None:
    desk.approve(AT_ACTIVE)
    assert record(desk, cafe("active", 2), cafe("suspended", 3)) == {"recorded": 1, "repeated": 1}
    assert record(desk, cafe("active", 2), cafe("suspended", 3)) == {"repeated": 2}
    desk.decide(purchase("T1"))
    assert desk.points("T1") == [0]
    assert desk.rows("select version, status from merchant_fact") == [(3, "suspended")]


def test_a_change_of_an_entity_that_is_not_known_is_a_dead_letter(desk: Desk) -> None:
    assert record(desk, cafe("active", 2, legal_entity="009"), cafe("active", 2)) == {"unknown-entity": 1, "recorded": 1}
    assert desk.rows("select legal_entity, fault from dead_letter") == [("009", "unknown-entity")]


def test_another_entitys_merchant_of_the_same_number_is_another(desk: Desk) -> None:
    desk.approve(AT_ACTIVE)
    record(desk, cafe("active", 2, legal_entity="002"))
    desk.decide(purchase("T1"))
    assert desk.points("T1") == [0]


def test_a_dry_run_sees_the_merchant_as_it_is_now(desk: Desk) -> None:
    record(desk, cafe("active", 2))
    evaluate = EvaluateTransaction(desk.begin)
    assert evaluate(purchase("dry"), [AT_ACTIVE]).body["points"] == 100
    record(desk, cafe("suspended", 3))
    assert evaluate(purchase("dry"), [AT_ACTIVE]).body["points"] == 0


def test_facts_are_not_recorded_while_a_decision_is_under_way(desk: Desk) -> None:
    with desk.database.transaction() as deciding:
        hold_date(deciding, "001")
        with pytest.raises(Exception, match="lock timeout") as caught:
            record(desk, cafe("active", 2))
    assert is_transient(caught.value)
    assert record(desk, cafe("active", 2)) == {"recorded": 1}
