"""Merchants, stores and contracts as callers see them: the bodies of answers, alike for reads and writes."""

from typing import Any

from msgspec import to_builtins

from merchant.domain.contracts import Contract
from merchant.domain.merchants import Merchant
from merchant.domain.stores import Store


def shown_merchant(merchant: Merchant) -> dict[str, Any]:
    """Return a merchant with its profile's fields beside its own."""
    own: dict[str, Any] = to_builtins(merchant)
    profile = own.pop("profile")
    return {"merchant_no": own.pop("merchant_no"), "status": own.pop("status"), **profile, **own}


def shown_store(store: Store) -> dict[str, Any]:
    """Return a store with its terminals."""
    shown: dict[str, Any] = to_builtins(store)
    return shown


def shown_contract(contract: Contract) -> dict[str, Any]:
    """Return a contract."""
    shown: dict[str, Any] = to_builtins(contract)
    return shown
