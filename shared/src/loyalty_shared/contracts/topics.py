"""Every topic of the installation, as data: the runner and deployments make them from here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from loyalty_shared.contracts import accrual, console, core, gift_order, merchant, redemption, settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic's name, its number of partitions (fixed when made) and the Struct of each `ce_type` on it."""

    name: str
    partitions: int
    types: Mapping[str, type]
    retention_ms: int = -1  # for ever: what is published is what readers rebuild themselves from
    max_message_bytes: int = 4 * 1024 * 1024


def dead_letter_topic(group: str) -> Topic:
    """Return the topic that a consumer group's dead letters are published to."""
    return Topic(name=f"dlq.{group}", partitions=1, types={})


CONSUMER_GROUPS: Final = (
    "accrual.decide-transactions",
    "accrual.decide-behaviours",
    "accrual.record-balances",
    "accrual.record-customers",
    "accrual.record-merchants",
    "accrual.record-merges",
    "accrual.follow-parameters",
    "redemption.credit-earned-points",
    "redemption.record-customers",
    "redemption.record-merchants",
    "redemption.follow-parameters",
    "merchant.follow-parameters",
    "gift-order.unlock-gifts",
    "gift-order.follow-parameters",
    "settlement.record-ledger",
    "settlement.follow-parameters",
    "reporting.record-entries",
    "reporting.record-decisions",
    "reporting.follow-parameters",
)

CORE_TRANSACTIONS: Final = Topic(name="core.transactions", partitions=4, types=core.TRANSACTIONS)
CORE_CUSTOMERS: Final = Topic(name="core.customers", partitions=4, types=core.CUSTOMERS)
CORE_BALANCES: Final = Topic(name="core.balances", partitions=4, types=core.BALANCES)
CORE_BEHAVIOURS: Final = Topic(name="core.behaviours", partitions=4, types=core.BEHAVIOURS)
ACCRUAL_POINTS: Final = Topic(name="loyalty.accrual.points", partitions=4, types=accrual.POINTS)
ACCRUAL_BATCHES: Final = Topic(name="loyalty.accrual.batches", partitions=1, types=accrual.BATCHES)
ACCRUAL_SUSPECTS: Final = Topic(name="loyalty.accrual.suspects", partitions=1, types=accrual.SUSPECTS)
REDEMPTION_LEDGER: Final = Topic(name="loyalty.redemption.ledger", partitions=4, types=redemption.LEDGER)
REDEMPTION_SPENDS: Final = Topic(name="loyalty.redemption.spends", partitions=4, types=redemption.SPENDS)
REDEMPTION_NOTICES: Final = Topic(name="loyalty.redemption.notices", partitions=1, types=redemption.NOTICES)
REDEMPTION_CUSTOMERS: Final = Topic(name="loyalty.redemption.customers", partitions=1, types=redemption.CUSTOMERS)
SETTLEMENT_BATCHES: Final = Topic(name="loyalty.settlement.batches", partitions=1, types=settlement.BATCHES)
GIFT_ORDERS: Final = Topic(name="loyalty.gift-order.orders", partitions=4, types=gift_order.ORDERS)
MERCHANT_MERCHANTS: Final = Topic(name="loyalty.merchant.merchants", partitions=1, types=merchant.MERCHANTS)
CONSOLE_PARAMETERS: Final = Topic(name="loyalty.console.parameters", partitions=1, types=console.PARAMETERS)

TOPICS: Final = (
    CORE_TRANSACTIONS,
    CORE_CUSTOMERS,
    CORE_BALANCES,
    CORE_BEHAVIOURS,
    ACCRUAL_POINTS,
    ACCRUAL_BATCHES,
    ACCRUAL_SUSPECTS,
    REDEMPTION_LEDGER,
    REDEMPTION_SPENDS,
    REDEMPTION_CUSTOMERS,
    REDEMPTION_NOTICES,
    MERCHANT_MERCHANTS,
    GIFT_ORDERS,
    SETTLEMENT_BATCHES,
    CONSOLE_PARAMETERS,
    *(dead_letter_topic(group) for group in CONSUMER_GROUPS),
)
