"""Read a rule document (contracts.md section 4) into a `Rule`, or tell every fault in it."""

from datetime import date
from typing import Final

from accrual.domain.condition import ALWAYS
from accrual.domain.condition_document import read_condition
from accrual.domain.document_reader import DocumentReader, join, said
from accrual.domain.earn_document import read_earn
from accrual.domain.occasions import CURRENCY_OF_BEHAVIOURS
from accrual.domain.rule import Limit, Multiply, Over, Per, Policy, Remainder, Rule, Scope, Stacking
from accrual.domain.rule_faults import Fault
from accrual.domain.trigger import Trigger
from accrual.domain.validity import AfterDays, Never
from accrual.domain.validity_document import read_available, read_expires
from loyalty_shared.contracts.accrual import CostBearer
from loyalty_shared.kernel.money import CURRENCIES, Rounding

LIMITS_MAX: Final = 20
COST_BEARERS_MAX: Final = 20
ROLLING_DAYS_MAX: Final = 366
PRIORITY_MAX: Final = 1_000_000
CURRENCY_DEFAULT: Final = "CNY"
PRIORITY_DEFAULT: Final = 100

_NEEDS: Final = ("code", "point_type", "on", "earn")
_TAKES: Final = (
    "names",
    "applies",
    "when",
    "currency",
    "convert",
    "rounding",
    "remainder",
    "priority",
    "stacking",
    "limits",
    "available",
    "expires",
    "cost_bearers",
    "campaign",
)


def rule_from_document(document: object) -> Rule | tuple[Fault, ...]:
    """Return the rule that a decoded JSON document says, or all its faults.

    What may be left out: `applies` (open), `when` (always), `currency` (CNY), `rounding` (down), `remainder` (drop), `priority` (100), `available` (at_once),
    `expires` (never), `stacking` (alone), `limits` and `cost_bearers` (none).
    """
    reader = DocumentReader()
    parts = reader.mapping(document, "", needs=_NEEDS, takes=_TAKES)
    trigger = reader.choice(parts.get("on", Trigger.TRANSACTION.value), "on", Trigger)
    applies_from, applies_to = _read_applies(parts.get("applies", {}), "applies", reader)
    rule = Rule(
        code=reader.code(parts["code"], "code") if "code" in parts else "-",
        names=_read_names(parts.get("names", {}), "names", reader),
        trigger=trigger,
        point_type=reader.code(parts["point_type"], "point_type") if "point_type" in parts else "-",
        applies_from=applies_from,
        applies_to=applies_to,
        when=read_condition(parts["when"], "when", trigger, reader) if "when" in parts else ALWAYS,
        earn=read_earn(parts.get("earn", {"fixed": 1}), "earn", trigger, reader),
        currency=_read_currency(parts.get("currency", CURRENCY_DEFAULT), "currency", trigger, reader),
        converts=_read_flag(parts.get("convert", False), "convert", reader),
        rounding=reader.choice(parts.get("rounding", Rounding.DOWN.value), "rounding", Rounding),
        carries=reader.choice(parts.get("remainder", Remainder.DROP.value), "remainder", Remainder) is Remainder.CARRY,
        priority=reader.integer(parts.get("priority", PRIORITY_DEFAULT), "priority", low=0, high=PRIORITY_MAX),
        stacking=_read_stacking(parts["stacking"], "stacking", reader) if parts.get("stacking") is not None else None,
        limits=tuple(_read_limit(limit, at, reader) for limit, at in reader.items(parts.get("limits", []), "limits", at_most=LIMITS_MAX)),
        available=read_available(parts["available"], "available", reader) if "available" in parts else AfterDays(0),
        expires=read_expires(parts["expires"], "expires", reader) if "expires" in parts else Never(),
        cost_bearers=_read_cost_bearers(parts.get("cost_bearers", []), "cost_bearers", reader),
        campaign=reader.code(parts["campaign"], "campaign") if parts.get("campaign") is not None else None,
    )
    if rule.carries and rule.rounding is not Rounding.DOWN:
        reader.fault("rounding", "with remainder 'carry' nothing is lost by rounding down, and nothing else fits; write 'down'")
    if rule.campaign is None:
        for index, limit in enumerate(rule.limits):
            if limit.per is Per.CAMPAIGN:
                reader.fault(f"limits[{index}].per", "a limit per campaign needs a campaign to count over; name it in 'campaign'")
    if isinstance(rule.earn, Multiply) and rule.code in rule.earn.rules:
        reader.fault("earn.multiply.rules", "a rule cannot multiply itself; name other rules")
    if rule.carries and rule.awaits is not None:
        reader.fault("available.on_event", "points of a rule that carries its remainder cannot wait for an event; write 'drop' for the remainder")
    return tuple(reader.faults) or rule


def _read_flag(value: object, path: str, reader: DocumentReader) -> bool:
    if not isinstance(value, bool):
        reader.fault(path, f"write true or false here, not {said(value)}")
    return value is True


def _read_names(value: object, path: str, reader: DocumentReader) -> dict[str, str]:
    names = reader.mapping(value, path, takes=("zh", "en"))
    return {language: reader.text(name, join(path, language)) for language, name in names.items()}


def _read_applies(value: object, path: str, reader: DocumentReader) -> tuple[date | None, date | None]:
    window = reader.mapping(value, path, takes=("from", "to"))
    start = reader.day(window["from"], join(path, "from")) if window.get("from") is not None else None
    end = reader.day(window["to"], join(path, "to")) if window.get("to") is not None else None
    if start is not None and end is not None and start is not date.max and end <= start:
        reader.fault(join(path, "to"), "'to' is the first day on which the rule no longer applies, so it must be after 'from'")
    return start, end


def _read_currency(value: object, path: str, trigger: Trigger, reader: DocumentReader) -> str:
    if isinstance(value, str) and value in CURRENCIES:
        return CURRENCY_OF_BEHAVIOURS if trigger is Trigger.BEHAVIOUR else value
    reader.fault(path, f"write a currency's ISO 4217 code, such as CNY, here, not {said(value)}")
    return CURRENCY_DEFAULT


def _read_stacking(value: object, path: str, reader: DocumentReader) -> Stacking:
    parts = reader.mapping(value, path, needs=("group", "policy"))
    return Stacking(
        group=reader.code(parts.get("group", "-"), join(path, "group")) if "group" in parts else "-",
        policy=reader.choice(parts["policy"], join(path, "policy"), Policy) if "policy" in parts else Policy.ALL,
    )


def _read_limit(value: object, path: str, reader: DocumentReader) -> Limit:
    parts = reader.mapping(value, path, needs=("points", "per"), takes=("over", "scope", "days"))
    per = reader.choice(parts["per"], join(path, "per"), Per) if "per" in parts else Per.TRANSACTION
    if per is Per.ROLLING_DAYS and "days" not in parts:
        reader.fault(join(path, "days"), "say over how many days the limit rolls, the transaction date included")
    if per is not Per.ROLLING_DAYS and "days" in parts:
        reader.fault(join(path, "days"), "'days' goes with per 'rolling_days' only; leave it out")
    return Limit(
        points=reader.integer(parts["points"], join(path, "points")) if "points" in parts else 1,
        per=per,
        over=reader.choice(parts.get("over", Over.TRIM.value), join(path, "over"), Over),
        scope=reader.choice(parts.get("scope", Scope.CUSTOMER.value), join(path, "scope"), Scope),
        days=reader.integer(parts["days"], join(path, "days"), high=ROLLING_DAYS_MAX) if "days" in parts else None,
    )


def _read_cost_bearers(value: object, path: str, reader: DocumentReader) -> tuple[CostBearer, ...]:
    bearers: list[CostBearer] = []
    faults_before = len(reader.faults)
    for element, at in reader.items(value, path, at_most=COST_BEARERS_MAX):
        parts = reader.mapping(element, at, needs=("party", "percent"))
        if "party" in parts and "percent" in parts:
            bearers.append(
                CostBearer(party=reader.code(parts["party"], join(at, "party")), percent=reader.integer(parts["percent"], join(at, "percent"), high=100))
            )
    total = sum(bearer.percent for bearer in bearers)
    if bearers and total != 100 and len(reader.faults) == faults_before:
        reader.fault(path, f"the percents add up to {total}; they must add up to 100")
    if len({bearer.party for bearer in bearers}) < len(bearers):
        reader.fault(path, "a party is named twice; name each once, with its whole share")
    return tuple(bearers)
