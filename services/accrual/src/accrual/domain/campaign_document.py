"""Read a campaign document into a `Campaign`, or tell every fault in it."""

import re
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from accrual.domain.campaign import Budget, Campaign, Target
from accrual.domain.document_reader import DocumentReader, join, said
from accrual.domain.rule_faults import Fault
from loyalty_shared.kernel.money import CURRENCIES

#: How many customers an uploaded list holds at most.
CUSTOMERS_MAX: Final = 100_000
CODES_MAX: Final = 1_000
CURRENCY_DEFAULT: Final = "CNY"
#: Minor units a point costs unless the document says otherwise: one fen, as settlement has it.
COST_PER_POINT_DEFAULT: Final = "1"
_DECIMAL: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")

_TAKES: Final = ("names", "applies", "target", "channels", "institutions", "per_customer", "department", "budget")


@dataclass(frozen=True, slots=True)
class CampaignRead:
    """A campaign that fits, with what its document says beside it: its names and the department that pays."""

    campaign: Campaign
    names: dict[str, str]
    department: str | None


def campaign_from_document(
    document: object, *, version: int = 0, customers: frozenset[str] | None = None, stopped_on: date | None = None
) -> CampaignRead | tuple[Fault, ...]:
    """Return the campaign that a decoded JSON document says, or all its faults. `customers`: the uploaded list, where it is kept beside the document.

    All but `code` may be left out, or null: then every customer, channel, institution and date, and no limit and no budget.
    """
    reader = DocumentReader()
    parts = reader.mapping(document, "", needs=("code",), takes=_TAKES)
    told = {key: value for key, value in parts.items() if value is not None}
    applies_from, applies_to = _read_applies(told.get("applies", {}), "applies", reader)
    target = _read_target(told.get("target", {}), "target", reader)
    campaign = Campaign(
        code=reader.code(parts["code"], "code") if "code" in parts else "-",
        version=version,
        applies_from=applies_from,
        applies_to=applies_to,
        stopped_on=stopped_on,
        target=target if customers is None else Target(levels=target.levels, tags=target.tags, customers=customers),
        channels=_read_texts(told.get("channels", []), "channels", reader),
        institutions=_read_texts(told.get("institutions", []), "institutions", reader),
        per_customer=_read_per_customer(told["per_customer"], "per_customer", reader) if "per_customer" in told else None,
        budget=_read_budget(told["budget"], "budget", reader) if "budget" in told else None,
    )
    names = reader.mapping(told.get("names", {}), "names", takes=("zh", "en"))
    read = CampaignRead(
        campaign,
        {language: reader.text(name, join("names", language)) for language, name in names.items()},
        reader.text(told["department"], "department", length_max=64) if "department" in told else None,
    )
    return tuple(reader.faults) or read


def read_customers(value: object, path: str) -> frozenset[str] | tuple[Fault, ...]:
    """Return an uploaded list's customer numbers, or its faults."""
    reader = DocumentReader()
    customers = frozenset(reader.text(number, at, length_max=64) for number, at in reader.items(value, path, at_least=1, at_most=CUSTOMERS_MAX))
    return tuple(reader.faults) or customers


def _read_applies(value: object, path: str, reader: DocumentReader) -> tuple[date | None, date | None]:
    window = reader.mapping(value, path, takes=("from", "to"))
    start = reader.day(window["from"], join(path, "from")) if window.get("from") is not None else None
    end = reader.day(window["to"], join(path, "to")) if window.get("to") is not None else None
    if start is not None and end is not None and start is not date.max and end <= start:
        reader.fault(join(path, "to"), "'to' is the first day on which the campaign is over, so it must be after 'from'")
    return start, end


def _read_target(value: object, path: str, reader: DocumentReader) -> Target:
    parts = reader.mapping(value, path, takes=("levels", "tags", "customers"))
    customers: frozenset[str] | None = None
    if parts.get("customers") is not None:
        listed = read_customers(parts["customers"], join(path, "customers"))
        if isinstance(listed, frozenset):
            customers = listed
        else:
            reader.faults += listed
    return Target(
        levels=_read_texts(parts.get("levels") or [], join(path, "levels"), reader),
        tags=_read_texts(parts.get("tags") or [], join(path, "tags"), reader),
        customers=customers,
    )


def _read_texts(value: object, path: str, reader: DocumentReader) -> tuple[str, ...]:
    return tuple(reader.text(element, at, length_max=64) for element, at in reader.items(value, path, at_most=CODES_MAX))


def _read_per_customer(value: object, path: str, reader: DocumentReader) -> int:
    parts = reader.mapping(value, path, needs=("points",))
    return reader.integer(parts["points"], join(path, "points")) if "points" in parts else 1


def _read_budget(value: object, path: str, reader: DocumentReader) -> Budget:
    parts = reader.mapping(value, path, takes=("points", "amount_minor", "currency", "cost_per_point", "strict"))
    points, amount_minor = (reader.integer(parts[key], join(path, key)) if parts.get(key) is not None else None for key in ("points", "amount_minor"))
    currency, strict = parts.get("currency", CURRENCY_DEFAULT), parts.get("strict", True)
    if points is None and amount_minor is None:
        reader.fault(path, "say how much the budget is: 'points', 'amount_minor' or both")
        points = 1
    if not isinstance(currency, str) or currency not in CURRENCIES:
        reader.fault(join(path, "currency"), f"write a currency's ISO 4217 code, such as CNY, here, not {said(currency)}")
        currency = CURRENCY_DEFAULT
    if not isinstance(strict, bool):
        reader.fault(join(path, "strict"), f"write true or false here, not {said(strict)}")
    cost = _read_cost(parts.get("cost_per_point", COST_PER_POINT_DEFAULT), join(path, "cost_per_point"), reader)
    budget = Budget(points=points, amount_minor=amount_minor, currency=currency, cost_per_point=cost, strict=strict is True)
    if not budget.total_points:
        reader.fault(join(path, "amount_minor"), "this pays for no point at all; raise it, or lower 'cost_per_point'")
    return budget


def _read_cost(value: object, path: str, reader: DocumentReader) -> Fraction:
    if isinstance(value, str) and _DECIMAL.fullmatch(value) and Fraction(value) > 0:
        return Fraction(value)
    reader.fault(path, f'write what a point costs in minor units as decimal text above 0, such as "0.8", here, not {said(value)}')
    return Fraction(1)
