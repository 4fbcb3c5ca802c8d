"""What the rules' pages show, and what the editor's text is."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from loyalty_shared.web.credentials import Function

Row = Mapping[str, Any]

#: What can be done with a version of each status, and by whom, as accrual allows it.
_STEPS: Final[Mapping[str, Sequence[tuple[str, tuple[Function, ...]]]]] = {
    "draft": (("submit", (Function.MAKER,)),),
    "submitted": (("approve", (Function.CHECKER,)), ("reject", (Function.CHECKER,))),
    "approved": (("stop", (Function.CHECKER, Function.MAKER)),),
}
_ORDER: Final = ("submitted", "draft", "approved", "stopped", "rejected")

#: contracts.md section 4, a whole rule to begin with.
EXAMPLE: Final = """\
{
  "code": "debit-base",
  "names": {"zh": "借记卡消费积分", "en": "Debit card spending"},
  "point_type": "base",
  "on": "transaction",
  "applies": {"from": "2026-01-01", "to": null},
  "when": {"all": [
    {"fact": "transaction.transaction_code", "in": ["POS"]},
    {"fact": "transaction.amount_minor", "at_least": 2000}
  ]},
  "earn": {"per_minor": 2000, "points": 1},
  "currency": "CNY",
  "rounding": "down",
  "remainder": "drop",
  "priority": 100,
  "stacking": {"group": "card-base", "policy": "first"},
  "limits": [{"points": 2000, "per": "day", "over": "trim"}],
  "available": {"after_days": 1},
  "expires": {"calendar_years": 5},
  "cost_bearers": [{"party": "retail", "percent": 100}],
  "campaign": null
}
"""


@dataclass(frozen=True, slots=True)
class NotJson:
    """The editor's text is no JSON object: where, and why."""

    line: int
    column: int
    fault: str


def document_from(text: str) -> dict[str, Any] | NotJson:
    """Return the rule that the editor's text is."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        return NotJson(error.lineno, error.colno, error.msg)
    return document if isinstance(document, dict) else NotJson(1, 1, "Expecting an object")


def pretty(document: object) -> str:
    """Return a rule as it is shown and edited."""
    return json.dumps(document, ensure_ascii=False, indent=2)


def rules_from(items: Iterable[Row], status: str) -> list[Row]:
    """Return the versions of a status ("" for all): those that wait for somebody first, then by code, the newest version first."""
    wanted = [item for item in items if not status or item["status"] == status]
    return sorted(wanted, key=lambda item: (_ORDER.index(item["status"]) if item["status"] in _ORDER else len(_ORDER), item["code"], -item["version"]))


def standing_steps(status: str) -> Sequence[tuple[str, tuple[Function, ...]]]:
    """Return what can be done with a version of that status, with the functions that may."""
    return _STEPS.get(status, ())
