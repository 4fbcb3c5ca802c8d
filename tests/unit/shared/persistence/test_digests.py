"""What makes two events with one business key the same: their known fields, and only those."""

from typing import Any

import msgspec
import pytest

from loyalty_shared.contracts.core import BALANCES, BEHAVIOURS, CUSTOMERS, TRANSACTIONS, TransactionPostedV1
from loyalty_shared.persistence.business_keys import digest_of

POSTED = {
    "legal_entity": "001", "source_system": "core", "transaction_no": "T1", "customer_no": "C1", "account_no": "A1", "product_code": "P",
    "transaction_code": "POS", "channel": "POS", "institution": "450100", "direction": "debit",
    "amount_minor": 100, "currency": "CNY", "transaction_at": "2026-03-01T09:30:00+08:00",
    "posted_on": "2026-03-01",
}  # fmt: skip
KNOWN = TRANSACTIONS | CUSTOMERS | BALANCES | BEHAVIOURS


class _PostedLater(TransactionPostedV1, frozen=True, kw_only=True, gc=False):
    """A version of the event that knows one field more."""

    wallet: str | None = None


def digest(fields: dict[str, Any], known: type[TransactionPostedV1] = TransactionPostedV1) -> int:
    return digest_of(msgspec.json.decode(msgspec.json.encode(fields), type=known))


@pytest.mark.parametrize("default", [{"leg": 1}, {"mcc": None}, {"attributes": {}}, {"of_no_concern": 7}])
def test_an_absent_field_and_its_default_are_the_same_and_unknown_ones_are_no_part(default: dict[str, Any]) -> None:
    assert digest(POSTED | default) == digest(POSTED)


@pytest.mark.parametrize("other", [{"leg": 2}, {"mcc": "5411"}, {"attributes": {"a": 1}}, {"amount_minor": 101}, {"amount_minor": 0}])
def test_other_content_is_told(other: dict[str, Any]) -> None:
    assert digest(POSTED | other) != digest(POSTED)


def test_an_optional_field_that_is_added_later_changes_no_digest() -> None:
    assert digest(POSTED, _PostedLater) == digest(POSTED)


@pytest.mark.parametrize("name", KNOWN)
def test_every_event_of_core_leaves_its_defaults_out(name: str) -> None:
    assert KNOWN[name].__struct_config__.omit_defaults
