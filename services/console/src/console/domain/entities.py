"""Legal entities and their business dates."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from console.domain.refusals import Refusal

#: The entity whose administrators open others.
SPONSOR: Final = "001"
RETENTION_YEARS_DEFAULT: Final = 15
FIRST_ZONE: Final = "Asia/Shanghai"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntity:
    """A legal entity to be opened. `names` by language; `zone` an IANA time zone, in which its dates are; keys are kept `retention_years`."""

    legal_entity: str
    names: dict[str, str]
    zone: str
    business_on: date
    retention_years: int = RETENTION_YEARS_DEFAULT


def first_entities(business_on: date) -> tuple[NewEntity, ...]:
    """Return the entities that a new installation begins with (contracts.md section 5)."""
    return (
        NewEntity(legal_entity=SPONSOR, names={"zh": "主发起行", "en": "Sponsor bank"}, zone=FIRST_ZONE, business_on=business_on),
        NewEntity(legal_entity="002", names={"zh": "村镇银行", "en": "Village bank"}, zone=FIRST_ZONE, business_on=business_on),
    )


@dataclass(frozen=True, slots=True)
class Advance:
    """The business date moves forward; `previous_on` is closed."""

    previous_on: date
    business_on: date


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The business date is that one already: a scheduler that asks twice changes nothing."""

    business_on: date


def decide_advance(present_on: date, business_on: date) -> Advance | Unchanged | Refusal:
    """Return what asking for `business_on` comes to: the date only moves forward (contracts.md section 5), by any number of days."""
    if business_on < present_on:
        return Refusal.BUSINESS_DATE_MOVES_BACK
    if business_on == present_on:
        return Unchanged(present_on)
    return Advance(present_on, business_on)
