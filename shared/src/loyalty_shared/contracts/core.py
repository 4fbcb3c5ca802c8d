"""What core banking publishes to the platform (contracts.md section 2, "Into the platform").

Decoded on the batch path, so these Structs are also the accrual domain's objects: `gc=False`, and no mapping per event.
Unknown fields are ignored: fields may be added upstream. `omit_defaults`: a field that is optional is no part of an event's digest while it has its default,
so that one added here later does not turn old events that come again into conflicts.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Code = Annotated[str, Meta(min_length=1, max_length=64)]
LegalEntityCode = Annotated[str, Meta(pattern="^[0-9A-Za-z_-]{1,16}$")]
Currency = Annotated[str, Meta(min_length=3, max_length=3)]
AmountMinor = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Leg = Annotated[int, Meta(ge=1, le=32_767)]
Instant = Annotated[datetime, Meta(tz=True)]


class TransactionPostedV1(Struct, gc=False, frozen=True, kw_only=True, omit_defaults=True):
    """A transaction of a customer, posted by an upstream system. `amount_minor` in minor units of `currency`."""

    legal_entity: LegalEntityCode
    source_system: Code
    transaction_no: Code
    leg: Leg = 1
    customer_no: Code
    account_no: Code
    card_type: Code | None = None
    product_code: Code
    transaction_code: Code
    channel: Code
    institution: Code
    direction: Literal["debit", "credit"]
    amount_minor: AmountMinor
    currency: Currency
    merchant_no: Code | None = None
    store_no: Code | None = None
    terminal_no: Code | None = None
    mcc: Code | None = None
    transaction_at: Instant
    posted_on: date
    attributes: dict[str, Any] = {}


class TransactionRefundedV1(TransactionPostedV1, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Part of an earlier transaction given back; `amount_minor` is the refunded part, with a number of its own."""

    original_transaction_no: Code
    original_leg: Leg = 1
    original_source_system: Code | None = None  # null or absent: the refund's own


class TransactionReversedV1(TransactionRefundedV1, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """The whole of an earlier transaction undone."""


class CustomerChangedV1(Struct, gc=False, frozen=True, kw_only=True, omit_defaults=True):
    """A customer's facts, as they were from `changed_at` on."""

    legal_entity: LegalEntityCode
    customer_no: Code
    name: Annotated[str, Meta(max_length=256)] | None = None
    level: Code | None = None
    tags: Annotated[list[Code], Meta(max_length=256)] = []
    born_on: date | None = None
    joined_on: date | None = None
    institution: Code | None = None
    status: Literal["active", "closed", "blacklisted"] = "active"
    changed_at: Instant


class BalanceClosedV1(Struct, gc=False, frozen=True, kw_only=True, omit_defaults=True):
    """The balance of one account at the end of a day, in minor units; may be negative on a loan."""

    legal_entity: LegalEntityCode
    source_system: Code
    customer_no: Code
    account_no: Code
    product_code: Code
    balance_on: date
    balance_minor: Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)]
    currency: Currency


class BehaviourOccurredV1(Struct, gc=False, frozen=True, kw_only=True, omit_defaults=True):
    """Something a customer did that is not a transaction: a sign-in, a referral, a survey."""

    legal_entity: LegalEntityCode
    source_system: Code
    behaviour_no: Code
    customer_no: Code
    behaviour_code: Code
    occurred_at: Instant
    attributes: dict[str, Any] = {}


#: `ce_type` > Struct, by topic.
TRANSACTIONS = {
    "core.transaction.posted.v1": TransactionPostedV1,
    "core.transaction.refunded.v1": TransactionRefundedV1,
    "core.transaction.reversed.v1": TransactionReversedV1,
}
CUSTOMERS = {"core.customer.changed.v1": CustomerChangedV1}
BALANCES = {"core.balance.closed.v1": BalanceClosedV1}
BEHAVIOURS = {"core.behaviour.occurred.v1": BehaviourOccurredV1}
