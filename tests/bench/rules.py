"""The ten live rules of the workload: four with limits that are reached, two multipliers, bands, an exclusive group."""

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
