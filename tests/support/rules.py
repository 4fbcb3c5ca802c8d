"""Rules from vectors.json, as documents, for tests that drive the whole platform."""

from typing import Any


def rule(code: str, earn: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a rule on every POS transaction in yuan, at once available, never expiring, unless `more` says otherwise."""
    return {
        "code": code,
        "names": {"zh": code, "en": code},
        "point_type": "base",
        "on": "transaction",
        "applies": {"from": "2017-01-01", "to": None},
        "when": {"all": [{"fact": "transaction.transaction_code", "in": ["POS"]}]},
        "earn": earn,
        "currency": "CNY",
        "rounding": "down",
        "remainder": "drop",
        "priority": 100,
        "stacking": {"group": code, "policy": "all"},
        "limits": [],
        "available": "at_once",
        "expires": "never",
        "cost_bearers": [{"party": "retail", "percent": 100}],
        "campaign": None,
        **more,
    }


def card(card_type: str) -> dict[str, Any]:
    """Return the condition that a card is of that type."""
    return {"all": [{"fact": "transaction.card_type", "is": card_type}]}


#: "20 yuan = 1 point, at most 200 a transaction and 2,000 a customer a day", granted on the next day.
DEBIT_LIMITS = [{"points": 200, "per": "transaction", "over": "trim"}, {"points": 2000, "per": "day", "over": "trim"}]
