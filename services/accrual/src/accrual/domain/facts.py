"""The facts that a purchase rule can see, what kind of value each has, and how it is read (contracts.md section 4: `when`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class FactKind(StrEnum):
    """What values a fact has, which decides the tests it takes."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    INSTANT = "instant"
    LIST = "list"
    WEEKDAY = "weekday"
    ATTRIBUTE = "attribute"  # whatever upstream sends: a text, a number, true or false, a list


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact by name.

    `reading` is the Python expression that reads it from `event`, `customer` and `merchant` (never None), and `local`, the transaction's time in the
    entity's zone.
    """

    name: str
    kind: FactKind
    reading: str
    nullable: bool = True


def _fact(name: str, kind: FactKind, reading: str, *, nullable: bool = True) -> Fact:
    return Fact(name, kind, reading, nullable)


_REQUIRED_TEXTS = (
    "legal_entity",
    "source_system",
    "transaction_no",
    "customer_no",
    "account_no",
    "product_code",
    "transaction_code",
    "channel",
    "institution",
    "direction",
    "currency",
)
_OPTIONAL_TEXTS = ("card_type", "merchant_no", "store_no", "terminal_no", "mcc")

FACTS: Final[Mapping[str, Fact]] = {
    fact.name: fact
    for fact in (
        *(_fact(f"transaction.{name}", FactKind.TEXT, f"event.{name}", nullable=False) for name in _REQUIRED_TEXTS),
        *(_fact(f"transaction.{name}", FactKind.TEXT, f"event.{name}") for name in _OPTIONAL_TEXTS),
        _fact("transaction.leg", FactKind.NUMBER, "event.leg", nullable=False),
        _fact("transaction.amount_minor", FactKind.NUMBER, "event.amount_minor", nullable=False),
        _fact("transaction.transaction_at", FactKind.INSTANT, "event.transaction_at", nullable=False),
        _fact("transaction.transaction_on", FactKind.DATE, "local.date()", nullable=False),
        _fact("transaction.posted_on", FactKind.DATE, "event.posted_on", nullable=False),
        _fact("customer.level", FactKind.TEXT, "customer.level"),
        _fact("customer.tags", FactKind.LIST, "customer.tags", nullable=False),
        _fact("customer.age", FactKind.NUMBER, "age_on(customer.born_on, local)"),
        _fact("customer.birthday", FactKind.DATE, "customer.born_on"),
        _fact("customer.joined_on", FactKind.DATE, "customer.joined_on"),
        _fact("customer.institution", FactKind.TEXT, "customer.institution"),
        _fact("merchant.type", FactKind.TEXT, "merchant.merchant_type"),
        _fact("merchant.mcc", FactKind.TEXT, "merchant.mcc"),
        _fact("merchant.institution", FactKind.TEXT, "merchant.institution"),
        _fact("merchant.status", FactKind.TEXT, "merchant.status"),
        _fact("time.weekday", FactKind.WEEKDAY, "local.isoweekday()", nullable=False),
        _fact("time.hour", FactKind.NUMBER, "local.hour", nullable=False),
    )
}

MERCHANT_PREFIX: Final = "merchant."
ATTRIBUTE_PREFIX: Final = "transaction.attributes."

#: Families that the rule language has and this engine does not read yet: refused when a rule is saved, never ignored.
FAMILIES_NOT_BUILT: Final = ("count.",)


def find_fact(name: str) -> Fact | None:
    """Return the fact of that name; None when there is none."""
    if name.startswith(ATTRIBUTE_PREFIX) and len(name) > len(ATTRIBUTE_PREFIX):
        return Fact(name, FactKind.ATTRIBUTE, f"event.attributes.get({name.removeprefix(ATTRIBUTE_PREFIX)!r})")
    return FACTS.get(name)
