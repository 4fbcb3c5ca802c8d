"""What the demo invents apart from the bank's data, so that refunds and pending points can be seen: a few customers of its own, and their purchases of today.

Source system `demo`, customers `D...`, and `attributes` that say so: never mixed with the bank's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from msgspec.structs import asdict

from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1, TransactionRefundedV1, TransactionReversedV1
from nanzhu_demo.mapping import CURRENCY, LEGAL_ENTITY, ZONE

SOURCE_SYSTEM: Final = "demo"
CUSTOMERS: Final = tuple(f"D{number:08d}" for number in range(1, 13))
INSTITUTION: Final = "CZ001"
JOINED_ON: Final = date(2025, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class InventedDay:
    """The events of one run: `purchases`, then what is given back of them. The first refund is published before its purchase."""

    early_refunds: Sequence[TransactionRefundedV1]
    purchases: Sequence[TransactionPostedV1]
    refunds: Sequence[TransactionRefundedV1]
    reversals: Sequence[TransactionReversedV1]

    @property
    def events(self) -> Sequence[TransactionPostedV1]:
        """All of them, in the order in which they are published."""
        return [*self.early_refunds, *self.purchases, *self.refunds, *self.reversals]


def invented_customers() -> list[CustomerChangedV1]:
    """Return the demo's own customers, the same in every run."""
    return [
        CustomerChangedV1(
            legal_entity=LEGAL_ENTITY,
            customer_no=customer_no,
            level="standard",
            tags=["assigned:invented-by-the-demo"],
            joined_on=JOINED_ON,
            institution=INSTITUTION,
            changed_at=datetime.combine(JOINED_ON, time(0), ZONE),
        )
        for customer_no in CUSTOMERS
    ]


def invented_day(run: str, business_on: date) -> InventedDay:
    """Return one purchase of each of the demo's customers on the business date, numbered `<run>-<n>`, and what is given back of some.

    Three are refunded in part, two whole, one in part before its purchase arrives, two are reversed; four stay.
    """
    purchases = [_purchase(f"{run}-{number:02d}", customer_no, 100_000 + 25_000 * number, business_on) for number, customer_no in enumerate(CUSTOMERS, start=1)]
    return InventedDay(
        early_refunds=[_refund_of(purchases[0], purchases[0].amount_minor // 2)],
        purchases=purchases,
        refunds=[
            *(_refund_of(purchase, purchase.amount_minor // 4) for purchase in purchases[1:4]),
            *(_refund_of(purchase, purchase.amount_minor) for purchase in purchases[4:6]),
        ],
        reversals=[_reversal_of(purchase) for purchase in purchases[6:8]],
    )


def _purchase(transaction_no: str, customer_no: str, amount_minor: int, business_on: date) -> TransactionPostedV1:
    return TransactionPostedV1(
        legal_entity=LEGAL_ENTITY,
        source_system=SOURCE_SYSTEM,
        transaction_no=transaction_no,
        customer_no=customer_no,
        account_no=f"A-{customer_no}",
        product_code="CURRENT-ACCOUNT",
        transaction_code="POS",
        channel="POS",
        institution=INSTITUTION,
        direction="debit",
        amount_minor=amount_minor,
        currency=CURRENCY,
        merchant_no="M5411-1",
        mcc="5411",
        transaction_at=datetime.combine(business_on, time(12), ZONE),
        posted_on=business_on,
        attributes={"invented": "by the demo"},
    )


def _refund_of(purchase: TransactionPostedV1, amount_minor: int) -> TransactionRefundedV1:
    fields = asdict(purchase) | {"transaction_no": f"{purchase.transaction_no}-R", "direction": "credit", "amount_minor": amount_minor}
    return TransactionRefundedV1(**fields, original_transaction_no=purchase.transaction_no)


def _reversal_of(purchase: TransactionPostedV1) -> TransactionReversedV1:
    fields = asdict(purchase) | {"transaction_no": f"{purchase.transaction_no}-X", "direction": "credit"}
    return TransactionReversedV1(**fields, original_transaction_no=purchase.transaction_no)
