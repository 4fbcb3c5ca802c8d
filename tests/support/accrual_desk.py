"""Accrual on a database of its own, without Kafka: batches handed to the use cases as the consumer would, rules approved, rows read back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import msgspec

from accrual.adapters.outgoing import PointsTopic
from accrual.adapters.rule_sets import RuleSets
from accrual.adapters.unit_of_work import units_of_work
from accrual.application.decide_transactions import DecideTransactions
from accrual.application.match_waiting_refunds import MatchWaitingRefunds
from accrual.application.ports import BeginUnitOfWork
from accrual.application.record_customers import RecordCustomers
from accrual.application.rule_records import RuleStatus
from accrual.application.show_decisions import ShowDecisions
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1, TransactionRefundedV1, TransactionReversedV1
from loyalty_shared.kernel.clock import Clock, SystemClock
from loyalty_shared.messaging.outgoing import OutgoingRecord
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.migrations import migrate
from loyalty_shared.persistence.offsets import Position, Span

MIGRATIONS: Final = Path(__file__).parents[2] / "services" / "accrual" / "migrations"
SHANGHAI: Final = timezone(timedelta(hours=8))
BUSINESS_ON: Final = date(2026, 3, 2)
AT: Final = datetime(2026, 3, 1, 9, 30, tzinfo=SHANGHAI)
GROUP: Final = "accrual.decide-transactions"


@dataclass(frozen=True, slots=True)
class Raw:
    """A record as Kafka would give it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None = None
    value: bytes | None = b"{}"
    headers: tuple[tuple[str, bytes], ...] = ()


def purchase(number: str, amount_minor: int = 100_00, *, customer_no: str = "C1", at: datetime = AT, **more: Any) -> TransactionPostedV1:
    """Return a purchase with a debit card."""
    return TransactionPostedV1(**_fields(number, amount_minor, customer_no, at) | more)


def refund(number: str, of: TransactionPostedV1, amount_minor: int, **more: Any) -> TransactionRefundedV1:
    """Return a refund of part of a purchase."""
    return TransactionRefundedV1(**_taken_from(number, of) | {"amount_minor": amount_minor} | more)


def reversal(number: str, of: TransactionPostedV1) -> TransactionReversedV1:
    """Return the reversal of a whole purchase."""
    return TransactionReversedV1(**_taken_from(number, of))


def _fields(number: str, amount_minor: int, customer_no: str, at: datetime) -> dict[str, Any]:
    return {
        "legal_entity": "001", "source_system": "core", "transaction_no": number, "leg": 1, "customer_no": customer_no, "account_no": f"A-{customer_no}",
        "card_type": "debit", "product_code": "DEBIT-CARD", "transaction_code": "POS", "channel": "POS", "institution": "450100", "direction": "debit",
        "amount_minor": amount_minor, "currency": "CNY", "merchant_no": "M0001", "mcc": "5411", "transaction_at": at, "posted_on": at.date(),
    }  # fmt: skip


def _taken_from(number: str, of: TransactionPostedV1) -> dict[str, Any]:
    kept = {name: getattr(of, name) for name in TransactionPostedV1.__struct_fields__}
    return kept | {"transaction_no": number, "original_transaction_no": of.transaction_no, "original_source_system": of.source_system}


@dataclass(slots=True)
class Desk:
    """Accrual's use cases over one database. Each partition's offset is kept as a consumer would."""

    database: Database
    clock: Clock = field(default_factory=SystemClock)
    begin: BeginUnitOfWork = field(init=False)
    _next: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.begin = units_of_work(self.database, RuleSets())

    def open_entity(self, legal_entity: str, business_on: date = BUSINESS_ON) -> None:
        """Make a legal entity known, as following the console would."""
        with self.database.transaction() as cursor:
            cursor.execute("insert into entity values (%s, '{}', 'Asia/Shanghai', %s, 15)", (legal_entity, business_on))

    def approve(self, *rules: dict[str, Any], legal_entity: str = "001") -> None:
        """Put rules in force beside those that are."""
        now = self.clock.now()
        with self.begin() as work:
            for rule in rules:
                draft = work.rule_versions.add(legal_entity, rule["code"], rule, "maker", now)
                work.rule_versions.save(replace(draft, status=RuleStatus.APPROVED))
            work.rule_versions.publish(legal_entity, work.rule_versions.list_in_force(legal_entity), now)

    def batch(self, *events: TransactionPostedV1, partition: int = 0) -> Batch[TransactionPostedV1]:
        """Return the events as the partition's next batch."""
        first = self._next.get(partition, 0)
        before = Position(cluster_id="cluster", topic_id="topic", next_offset=first) if first else None
        after = Position(cluster_id="cluster", topic_id="topic", next_offset=first + len(events))
        offsets = range(first, first + len(events))
        return Batch(
            group=GROUP,
            topic="core.transactions",
            partition=partition,
            events=events,
            offsets=offsets,
            traceparents=[None] * len(events),
            records=[Raw("core.transactions", partition, offset) for offset in offsets],
            span=Span(group=GROUP, topic="core.transactions", partition=partition, before=before, after=after),
        )

    def resume(self, partition: int) -> int:
        """Go on from the partition's stored offset, as a consumer that has just begun, and return it."""
        self._next[partition] = sum(row[0] for row in self.rows('select next_offset from consumer_offset where "partition" = %s', partition))
        return self._next[partition]

    def take(self, batch: Batch[TransactionPostedV1]) -> dict[str, int]:
        """Decide a batch and return the outcomes that any event met."""
        outcomes = DecideTransactions(self.begin, self.clock)(batch)
        assert batch.span is not None
        self._next[batch.partition] = batch.span.after.next_offset
        return {outcome: events for outcome, events in outcomes.items() if events}

    def decide(self, *events: TransactionPostedV1, partition: int = 0) -> dict[str, int]:
        """Decide the events as the partition's next batch."""
        return self.take(self.batch(*events, partition=partition))

    def match(self) -> dict[str, int]:
        """Run the sweeper once."""
        return dict(MatchWaitingRefunds(self.begin, self.clock)())

    def announce(self, *customers: CustomerChangedV1) -> dict[str, int]:
        """Record customers' facts."""
        batch: Batch[CustomerChangedV1] = Batch(
            group="accrual.record-customers",
            topic="core.customers",
            partition=0,
            events=customers,
            offsets=range(len(customers)),
            traceparents=[None] * len(customers),
            records=[Raw("core.customers", 0, offset) for offset in range(len(customers))],
        )
        return {outcome: events for outcome, events in RecordCustomers(self.begin, self.clock)(batch).items() if events}

    def decision(self, number: str, source_system: str = "core") -> dict[str, Any]:
        """Return a decision as `GET decisions` shows it."""
        found = ShowDecisions(self.begin).find(("001", source_system, number, 1))
        assert found is not None, f"no decision of {number}"
        shown: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))
        return shown

    def points(self, *numbers: str) -> list[int]:
        """Return what the decisions of these numbers gave or took."""
        return [self.decision(number)["points"] for number in numbers]

    def published(self) -> list[dict[str, Any]]:
        """Return the bodies of all records for `loyalty.accrual.points`, in the order in which they would be published."""
        return [msgspec.json.decode(record.value or b"") | {"type": record.type} for record in self.outgoing()]

    def outgoing(self) -> Sequence[OutgoingRecord]:
        """Return all records for `loyalty.accrual.points`."""
        with self.database.transaction() as cursor:
            cursor.execute("select batch_no from outgoing_batch order by batch_no")
            return list(PointsTopic().read(cursor, [row[0] for row in cursor.fetchall()]))

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        with self.database.transaction() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())


@contextmanager
def desk_on(url: str) -> Iterator[Desk]:
    """Open accrual on an empty database, with entities 001 and 002."""
    migrate(MIGRATIONS, url)
    database = Database(url, application_name="test")
    desk = Desk(database)
    for legal_entity in ("001", "002"):
        desk.open_entity(legal_entity)
    try:
        yield desk
    finally:
        database.close()


def facts(customer_no: str, changed_at: datetime, **more: Any) -> CustomerChangedV1:
    """Return a customer's facts."""
    return CustomerChangedV1(legal_entity="001", customer_no=customer_no, changed_at=changed_at.astimezone(UTC), **more)
