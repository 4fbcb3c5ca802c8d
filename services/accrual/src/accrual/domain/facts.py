"""The facts that a rule can see, what kind of value each has, and how it is read (contracts.md section 4: `when`)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from accrual.domain.trigger import Trigger


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

_OF_TRANSACTIONS: Final = (
    *(_fact(f"transaction.{name}", FactKind.TEXT, f"event.{name}", nullable=False) for name in _REQUIRED_TEXTS),
    *(_fact(f"transaction.{name}", FactKind.TEXT, f"event.{name}") for name in _OPTIONAL_TEXTS),
    _fact("transaction.leg", FactKind.NUMBER, "event.leg", nullable=False),
    _fact("transaction.amount_minor", FactKind.NUMBER, "event.amount_minor", nullable=False),
    _fact("transaction.transaction_at", FactKind.INSTANT, "event.transaction_at", nullable=False),
    _fact("transaction.transaction_on", FactKind.DATE, "local.date()", nullable=False),
    _fact("transaction.posted_on", FactKind.DATE, "event.posted_on", nullable=False),
    _fact("merchant.type", FactKind.TEXT, "merchant.merchant_type"),
    _fact("merchant.mcc", FactKind.TEXT, "merchant.mcc"),
    _fact("merchant.institution", FactKind.TEXT, "merchant.institution"),
    _fact("merchant.status", FactKind.TEXT, "merchant.status"),
)
_OF_CUSTOMERS: Final = (
    _fact("customer.level", FactKind.TEXT, "customer.level"),
    _fact("customer.tags", FactKind.LIST, "customer.tags", nullable=False),
    _fact("customer.age", FactKind.NUMBER, "age_on(customer.born_on, local)"),
    _fact("customer.birthday", FactKind.DATE, "customer.born_on"),
    _fact("customer.joined_on", FactKind.DATE, "customer.joined_on"),
    _fact("customer.institution", FactKind.TEXT, "customer.institution"),
)
_OF_TIMES: Final = (
    _fact("time.weekday", FactKind.WEEKDAY, "local.isoweekday()", nullable=False),
    _fact("time.hour", FactKind.NUMBER, "local.hour", nullable=False),
)
#: Behaviours and balances are decided as transactions are (see `occasions`): these are the fields that theirs stand in.
_OF_BEHAVIOURS: Final = (
    _fact("behaviour.behaviour_code", FactKind.TEXT, "event.transaction_code", nullable=False),
    _fact("behaviour.behaviour_no", FactKind.TEXT, "event.transaction_no", nullable=False),
    _fact("behaviour.source_system", FactKind.TEXT, "event.source_system", nullable=False),
    _fact("behaviour.customer_no", FactKind.TEXT, "event.customer_no", nullable=False),
    _fact("behaviour.occurred_at", FactKind.INSTANT, "event.transaction_at", nullable=False),
)
_OF_BALANCES: Final = (
    _fact("balance.product_code", FactKind.TEXT, "event.product_code", nullable=False),
    _fact("balance.account_no", FactKind.TEXT, "event.account_no", nullable=False),
    _fact("balance.source_system", FactKind.TEXT, "event.source_system", nullable=False),
    _fact("balance.customer_no", FactKind.TEXT, "event.customer_no", nullable=False),
    _fact("balance.currency", FactKind.TEXT, "event.currency", nullable=False),
    _fact("balance.average_minor", FactKind.NUMBER, "event.amount_minor", nullable=False),
)


def _by_name(*families: tuple[Fact, ...]) -> Mapping[str, Fact]:
    return {fact.name: fact for family in families for fact in family}


#: What rules of each trigger see.
FACTS: Final[Mapping[Trigger, Mapping[str, Fact]]] = {
    Trigger.TRANSACTION: _by_name(_OF_TRANSACTIONS, _OF_CUSTOMERS, _OF_TIMES),
    Trigger.BEHAVIOUR: _by_name(_OF_BEHAVIOURS, _OF_CUSTOMERS, _OF_TIMES),
    Trigger.BALANCE: _by_name(_OF_BALANCES, _OF_CUSTOMERS),
}

MERCHANT_PREFIX: Final = "merchant."
ATTRIBUTE_PREFIXES: Final[Mapping[Trigger, str]] = {Trigger.TRANSACTION: "transaction.attributes.", Trigger.BEHAVIOUR: "behaviour.attributes."}

#: How many events of the customer meet the rule's other conditions in a period of the transaction date, this one included.
COUNT_PREFIX: Final = "count."
COUNT_FORMS: Final = "count.day, count.week, count.month, count.year, count.campaign, count.rolling_days.N"
_COUNT: Final = re.compile(r"count\.(day|week|month|year|campaign|rolling_days\.([1-9][0-9]{0,2}))")
COUNT_DAYS_MAX: Final = 366


def find_fact(name: str, trigger: Trigger) -> Fact | None:
    """Return the fact of that name that a rule of this trigger sees; None when there is none."""
    prefix = ATTRIBUTE_PREFIXES.get(trigger)
    if prefix is not None and name.startswith(prefix) and len(name) > len(prefix):
        return Fact(name, FactKind.ATTRIBUTE, f"event.attributes.get({name.removeprefix(prefix)!r})")
    count = _COUNT.fullmatch(name)
    if count is not None and trigger is not Trigger.BALANCE and int(count[2] or 1) <= COUNT_DAYS_MAX:
        return Fact(name, FactKind.NUMBER, f"counts[{name.removeprefix(COUNT_PREFIX)!r}]", nullable=False)
    return FACTS[trigger].get(name)
