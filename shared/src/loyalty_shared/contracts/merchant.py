"""What the merchant service publishes: every merchant as it now stands (topic `loyalty.merchant.merchants`)."""

from datetime import datetime

from msgspec import Struct


class MerchantChangedV1(Struct, gc=False, frozen=True, kw_only=True):
    """A merchant as it stands from `changed_at` on; the latest `changed_at` holds, whatever the order of arrival.

    `names` by language; `merchant_type`: gift-supplier, points-accepting, issuing-partner; `mcc`: four digits (ISO 18245); `institution`: who keeps the
    relationship; `status`: applied, active, suspended, terminated. `version` counts the merchant's changes, from 1.
    """

    legal_entity: str
    merchant_no: str
    names: dict[str, str]
    merchant_type: str
    mcc: str | None
    institution: str | None
    status: str
    changed_at: datetime
    version: int


MERCHANTS = {"loyalty.merchant.merchant.changed.v1": MerchantChangedV1}
