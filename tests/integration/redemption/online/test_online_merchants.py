"""Points spent at a merchant: an active one of the entity only, kept with what was held and spent."""

from datetime import timedelta
from typing import Any

import pytest

from loyalty_shared.contracts.merchant import MerchantChangedV1
from loyalty_shared.messaging.records import Batch
from redemption.adapters.merchants import SqlMerchantsWork
from redemption.adapters.unit_of_work import begin_on
from redemption.application.record_merchants import RecordMerchants
from support.online_bank import NOON, Bank, done, refusal


def changed(bank: Bank, status: str, version: int = 2, merchant_no: str = "M0001") -> MerchantChangedV1:
    """Return a merchant of the bank after its nth change, an hour after the one before."""
    return MerchantChangedV1(
        legal_entity=bank.entity, merchant_no=merchant_no, names={"en": "Cafe"}, merchant_type="points-accepting", mcc="5814", institution=None,
        status=status, changed_at=NOON + timedelta(hours=version), version=version,
    )  # fmt: skip


def announce(bank: Bank, *changes: MerchantChangedV1) -> None:
    batch: Batch[MerchantChangedV1] = Batch(
        group="redemption.record-merchants",
        topic="loyalty.merchant.merchants",
        partition=0,
        events=changes,
        offsets=range(len(changes)),
        traceparents=[None] * len(changes),
        records=[],
    )
    RecordMerchants(begin_on(bank.service.database, SqlMerchantsWork), bank.service.clock)(batch)


def kept(bank: Bank, table: str) -> list[str | None]:
    """Return the merchants that holds or redemptions name."""
    with bank.service.database.transaction() as cursor:
        cursor.execute(f"select merchant_no from {table} where legal_entity = %s", (bank.entity,))
        return sorted((row[0] for row in cursor.fetchall()), key=str)


def paying(bank: Bank, **more: Any) -> dict[str, Any]:
    return bank.spending(10, application="pos-payment", merchant_no="M0001", **more)


def test_points_pay_at_an_active_merchant_which_is_kept(bank: Bank) -> None:
    bank.grant(100)
    announce(bank, changed(bank, "active"))
    done(bank.post("redemptions", paying(bank)), 201)
    reservation_id = done(bank.post("reservations", paying(bank)), 201)["reservation_id"]
    assert done(bank.get(f"reservations/{reservation_id}"))["merchant_no"] == "M0001"
    redemption_id = done(bank.post(f"reservations/{reservation_id}/capture"))["redemption_id"]
    done(bank.post(f"redemptions/{redemption_id}/refunds", {"points": 4, **bank.serial()}), 201)
    done(bank.post("redemptions", bank.spending(10, application="pos-payment")), 201)
    assert (kept(bank, "redemption"), kept(bank, "hold")) == (["M0001", "M0001", None], ["M0001"])
    assert bank.available() == 74


@pytest.mark.parametrize("path", ["reservations", "redemptions"])
def test_no_points_are_spent_at_a_merchant_that_is_unknown_or_not_active(bank: Bank, path: str) -> None:
    bank.grant(100)
    unknown = paying(bank)
    assert refusal(bank.post(path, unknown)) == (404, "merchant-unknown")
    for version, status in enumerate(("suspended", "terminated"), start=2):
        announce(bank, changed(bank, status, version))
        assert refusal(bank.post(path, paying(bank))) == (409, "merchant-not-active")
    announce(bank, changed(bank, "active", 5))
    assert refusal(bank.post(path, unknown)) == (404, "merchant-unknown")  # the same serial gets the first answer
    done(bank.post(path, paying(bank)), 201)
    assert bank.available() == 90
    for wrong in ("", "M 1", 7):
        assert refusal(bank.post(path, bank.spending(10, merchant_no=wrong))) == (422, "invalid-request")


def test_a_hold_stands_when_its_merchant_is_suspended_afterwards(bank: Bank) -> None:
    bank.grant(100)
    announce(bank, changed(bank, "active"))
    reservation_id = done(bank.post("reservations", paying(bank)), 201)["reservation_id"]
    announce(bank, changed(bank, "suspended", 3))
    assert done(bank.post(f"reservations/{reservation_id}/capture"))["points"] == 10


def test_the_latest_change_holds_in_whatever_order_they_arrive(bank: Bank) -> None:
    bank.grant(100)
    announce(bank, changed(bank, "suspended", 3), changed(bank, "active", 2))
    announce(bank, changed(bank, "active", 2))
    assert refusal(bank.post("redemptions", paying(bank))) == (409, "merchant-not-active")
    announce(bank, changed(bank, "active", 4), changed(bank, "active", 9, merchant_no="M0002"))
    done(bank.post("redemptions", paying(bank)), 201)


def test_another_entitys_merchant_is_unknown(bank: Bank) -> None:
    bank.grant(100)
    elsewhere = Bank(bank.service, "999")
    announce(elsewhere, changed(elsewhere, "active"))
    assert refusal(bank.post("redemptions", paying(bank))) == (404, "merchant-unknown")
