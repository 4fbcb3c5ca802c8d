"""What the customers' pages show, from what redemption and accrual answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from console.adapters.service_calls import Away, Done, Refused, Result

Row = Mapping[str, Any]

#: Causes that accrual has decided: a line with one of them can be asked why.
DECIDED: Final = frozenset({"transaction", "refund", "reversal", "behaviour", "balance"})
#: Those that have a numbering of their own.
_NUMBERED_APART: Final = frozenset({"behaviour", "balance"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A list on the page. `missing`: the service that does not answer, None when it did; `older`: the cursor of the lines before."""

    items: Sequence[Row]
    older: str | None = None
    missing: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage:
    """One customer as both services know them. `account`, `facts`: None where there is none, or its service is away."""

    customer_no: str
    account: Row | None
    account_missing: str | None
    facts: Row | None
    statement: Part
    lots: Part
    decisions: Part
    is_known: bool


def account_from(customer_no: str, account: Result, statement: Result, lots: Result, facts: Result, decisions: Result) -> AccountPage:
    """Return the page. A customer is unknown when no service that answers has anything of the number, and all of them answer."""
    decided = _part(decisions)
    unknown = all(_is_absent(result) for result in (account, facts)) and isinstance(decisions, Done) and not decided.items
    return AccountPage(
        customer_no=customer_no,
        account=account.body if isinstance(account, Done) else None,
        account_missing=_missing(account),
        facts=facts.body if isinstance(facts, Done) else None,
        statement=_part(statement, why_of_entry),
        lots=_part(lots),
        decisions=_part(decisions, why_of_decision),
        is_known=not unknown,
    )


def why_of_entry(entry: Row) -> str | None:
    """Return the address, below the customer's page, of why a line gave its points; None for what accrual did not decide."""
    cause = entry["cause"]
    return _decision_path(cause["source_system"], cause["no"], cause["leg"], cause["kind"]) if cause["kind"] in DECIDED else None


def why_of_decision(decision: Row) -> str:
    """Return the same for a decision."""
    return _decision_path(decision["source_system"], decision["transaction_no"], decision["leg"], decision.get("kind"))


def decision_from(decision: Row) -> Row:
    """Return a decision with the address of its original, and the rules that gave something before those that gave nothing."""
    original = decision["original"]
    return {
        **decision,
        "original_path": why_of_decision(original) if original else None,
        "rules": sorted(decision["rules"], key=lambda rule: not rule["applied"]),
    }


def _decision_path(source_system: str, number: str, leg: int, kind: str | None) -> str:
    path = "/".join(("decisions", quote(source_system, safe=""), quote(number, safe=""), str(leg)))
    return f"{path}?kind={kind}" if kind in _NUMBERED_APART else path


def _part(result: Result, why: Callable[[Row], str | None] | None = None) -> Part:
    if not isinstance(result, Done):
        return Part(items=(), missing=_missing(result))
    items = result.body["items"]
    return Part(items=[{**item, "why": why(item)} for item in items] if why else items, older=result.body["next_cursor"])


def _missing(result: Result) -> str | None:
    match result:
        case Away(service=service):
            return service
        case Refused(service=service) if not _is_absent(result):
            return service
        case _:
            return None


def _is_absent(result: Result) -> bool:
    return isinstance(result, Refused) and result.status == HTTPStatus.NOT_FOUND
