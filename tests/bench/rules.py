"""The ten live rules of the workload: four with limits that are reached, two multipliers, bands, an exclusive group. And as many more as a bank has."""

from collections.abc import Iterable
from typing import Any

_ALL_YEAR = {"from": "2026-01-01", "to": None}
_BEARERS = [{"party": "retail", "percent": 100}]


def _rule(code: str, name: str, when: Iterable[dict[str, Any]], earn: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "code": code, "names": {"zh": name, "en": name}, "point_type": "base", "on": "transaction", "applies": _ALL_YEAR, "when": {"all": list(when)},
        "earn": earn, "currency": "CNY", "rounding": "down", "remainder": "drop", "priority": 100, "stacking": {"group": code, "policy": "all"},
        "limits": [], "available": "at_once", "expires": {"calendar_years": 5}, "cost_bearers": _BEARERS, "campaign": None, **more,
    }  # fmt: skip


def _code(*codes: str) -> dict[str, Any]:
    return {"fact": "transaction.transaction_code", "in": list(codes)}


def _card(card_type: str) -> dict[str, Any]:
    return {"fact": "transaction.card_type", "is": card_type}


_CARDS = {"group": "card-base", "policy": "first"}

RULES: tuple[dict[str, Any], ...] = (
    _rule(
        "debit-base", "Debit card spending", [_code("POS"), _card("debit"), {"not": {"fact": "transaction.mcc", "in": ["8062", "8211"]}}],
        {"per_minor": 2000, "points": 1}, stacking=_CARDS, available={"after_days": 1},
        limits=[{"points": 200, "per": "transaction", "over": "trim"}, {"points": 2000, "per": "day", "over": "trim"}],
    ),
    _rule("credit-base", "Credit card spending", [_code("POS"), _card("credit")], {"per_minor": 1000, "points": 1}, stacking=_CARDS,
        available={"after_days": 2}),
    _rule(
        "qr-base", "QR payment", [_code("QRPAY")], {"per_minor": 5000, "points": 1},
        limits=[{"points": 150, "per": "day", "over": "trim"}],
    ),
    _rule("transfer", "Transfer", [_code("TRANSFER")], {"per_minor": 100_000, "points": 1}, limits=[{"points": 6, "per": "transaction", "over": "trim"}]),
    _rule("bill-payment", "Bill payment", [_code("BILLPAY")], {"fixed": 5}, limits=[{"points": 20, "per": "month", "over": "reject"}]),
    _rule("deposit", "Deposit", [_code("DEPOSIT")], {"bands": [{"from_minor": 100, "points": 2}, {"from_minor": 500_000, "points": 20}], "mode": "step"}),
    _rule(
        "weekend", "Half as much again at the weekend", [{"fact": "time.weekday", "in": [6, 7]}],
        {"multiply": {"rules": ["debit-base", "credit-base"], "by": "1.5"}}, point_type="bonus", expires={"end_of_year": True},
    ),
    _rule(
        "gold", "Gold customers", [{"fact": "customer.level", "in": ["gold", "diamond"]}],
        {"multiply": {"rules": ["debit-base", "credit-base", "qr-base"], "by": "1.2"}}, point_type="bonus", expires={"end_of_year": True},
    ),
    _rule("dining", "Dining out", [_code("POS", "QRPAY"), {"fact": "transaction.mcc", "in": ["5812", "5814"]}], {"fixed": 10}, point_type="bonus"),
    _rule("large-purchase", "Large purchase", [_code("POS"), {"fact": "transaction.amount_minor", "above": 600_000}], {"fixed": 50}, point_type="bonus"),
)  # fmt: skip


#: Three campaigns, one of them with a strict budget that the workload does not reach.
CAMPAIGNS: tuple[dict[str, Any], ...] = (
    {"code": "spring", "applies": _ALL_YEAR, "department": "retail", "budget": {"points": 1_000_000_000}},
    {"code": "gold-days", "applies": _ALL_YEAR, "target": {"levels": ["gold"]}, "per_customer": {"points": 5_000}},
    {"code": "mobile", "applies": _ALL_YEAR, "channels": ["QRPAY"]},
)
MONTHLY = [{"points": 300, "per": "month", "over": "trim"}]


def rules_in_number(number: int) -> tuple[dict[str, Any], ...]:
    """Return the ten rules and as many promotions as make `number`, each of a merchant, a category, a branch or a channel: ten of the whole have limits."""
    kinds = (_of_merchant, _of_category, _of_branch, _of_campaign)
    return (*RULES, *(kinds[place % len(kinds)](place) for place in range(number - len(RULES))))


def _of_merchant(place: int) -> dict[str, Any]:
    limits = MONTHLY if place < 24 else []
    merchant = {"fact": "transaction.merchant_no", "is": f"M{place:05d}"}
    return _rule(f"merchant-{place}", "Shop of the month", [merchant], {"fixed": 5}, point_type="bonus", limits=limits)


def _of_category(place: int) -> dict[str, Any]:
    category = {"fact": "transaction.mcc", "in": [f"{4000 + place}", f"{6000 + place}"]}
    return _rule(f"category-{place}", "Category of the month", [category], {"per_minor": 10_000, "points": 1}, point_type="bonus")


def _of_branch(place: int) -> dict[str, Any]:
    branch, large = {"fact": "transaction.institution", "is": f"4502{place:03d}"}, {"fact": "transaction.amount_minor", "at_least": 100_000}
    return _rule(f"branch-{place}", "Opening of a branch", [branch, large], {"fixed": 20}, point_type="bonus")


def _of_campaign(place: int) -> dict[str, Any]:
    campaign = CAMPAIGNS[place // 4 % len(CAMPAIGNS)]["code"]
    merchant = {"fact": "transaction.merchant_no", "in": [f"M{place:05d}", f"M{place + 1000:05d}"]}
    return _rule(f"campaign-{place}", "Campaign", [merchant], {"fixed": 3}, point_type="bonus", campaign=campaign)
