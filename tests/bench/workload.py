"""The workload of architecture.md section 9: the whole event, skewed customers, 3% refunds, 1% repeats. Seeded: every run has the same."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

import msgspec

from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1, TransactionRefundedV1

CUSTOMERS: Final = 100_000
#: One in five transactions is of the busiest hundredth of the customers.
BUSY_CUSTOMERS: Final = CUSTOMERS // 100
BUSY_SHARE: Final = 0.2
REFUND_SHARE: Final = 0.03
REPEAT_SHARE: Final = 0.01
#: How far back the purchase of a refund, or the original of a repeat, may lie.
MEMORY: Final = 20_000
SHANGHAI: Final = timezone(timedelta(hours=8))
FIRST_DAY: Final = date(2026, 3, 1)
DAYS: Final = 10

Event = TransactionPostedV1 | TransactionRefundedV1


def customers() -> Iterator[CustomerChangedV1]:
    """Yield the facts of every customer: one in ten gold."""
    changed_at = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(CUSTOMERS):
        level = "gold" if number % 10 == 0 else "standard"
        yield CustomerChangedV1(
            legal_entity="001", customer_no=f"C{number:08d}", name=None, level=level, joined_on=date(2020, 1, 1), institution=f"4501{number % 40:02d}",
            changed_at=changed_at,
        )  # fmt: skip


def transactions(count: int) -> Iterator[Event]:
    """Yield `count` events in the order in which the core would publish them."""
    rng = random.Random(20261122)
    recent: list[TransactionPostedV1] = []
    refunded: set[str] = set()
    for number in range(count):
        chance = rng.random()
        if recent and chance < REPEAT_SHARE:
            yield rng.choice(recent)
            continue
        at = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, 9, tzinfo=SHANGHAI) + timedelta(days=number * DAYS // count, seconds=number % 36_000)
        if recent and chance < REPEAT_SHARE + REFUND_SHARE:
            original = rng.choice(recent)
            if original.transaction_no not in refunded:
                refunded.add(original.transaction_no)
                yield _refund_of(original, number, at, rng)
                continue
        event = _purchase(number, at, rng)
        recent.append(event)
        if len(recent) > MEMORY:
            recent.pop(rng.randrange(MEMORY))
        yield event


def _purchase(number: int, at: datetime, rng: random.Random) -> TransactionPostedV1:
    customer = rng.randrange(BUSY_CUSTOMERS if rng.random() < BUSY_SHARE else CUSTOMERS)
    code = rng.choices(("POS", "QRPAY", "TRANSFER", "BILLPAY", "DEPOSIT", "CASH"), (47, 24, 8, 7, 8, 6))[0]
    card = rng.choices(("debit", "credit"), (60, 40))[0] if code in ("POS", "QRPAY") else None
    return TransactionPostedV1(
        legal_entity="001", source_system="core", transaction_no=f"20260301{number:012d}", leg=1, customer_no=f"C{customer:08d}",
        account_no=f"A{customer:08d}", card_type=card, product_code=f"{card or 'account'}".upper(), transaction_code=code, channel=code,
        institution=f"4501{customer % 40:02d}", direction="debit", amount_minor=rng.randrange(5_000, 1_000_000), currency="CNY",
        merchant_no=f"M{rng.randrange(5000):05d}" if card else None, mcc=rng.choice(("5411", "5812", "5732", "4111", "5541")) if card else None,
        transaction_at=at, posted_on=at.date(), attributes={},
    )  # fmt: skip


def _refund_of(original: TransactionPostedV1, number: int, at: datetime, rng: random.Random) -> TransactionRefundedV1:
    fields = msgspec.structs.asdict(original) | {
        "transaction_no": f"20260301{number:012d}",
        "amount_minor": rng.choice((original.amount_minor, original.amount_minor // 2)),
        "transaction_at": max(at, original.transaction_at),
        "posted_on": at.date(),
    }
    return TransactionRefundedV1(**fields, original_transaction_no=original.transaction_no)
