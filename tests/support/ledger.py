"""A points ledger on a real database, fed as the consumer would feed it."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from loyalty_shared.contracts.accrual import Cause, CostBearer, PointsClawedBackV1, PointsEarnedV1
from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import hold_date_exclusively
from loyalty_shared.persistence.migrations import migrate
from loyalty_shared.persistence.offsets import Position, Span
from redemption.adapters.account_queries import find_account
from redemption.adapters.crediting import SqlCreditingWork
from redemption.adapters.days import close_day
from redemption.adapters.invariants import check_invariants
from redemption.adapters.settling import SqlSettlingWork
from redemption.adapters.unit_of_work import begin_on
from redemption.application.credit_earned_points import CreditEarnedPoints
from redemption.application.settle_accounts import SettleAccounts
from redemption.domain.account import Account
from redemption.domain.balances import Balance, balances_of
from redemption.main import MIGRATIONS

MARCH_1 = date(2026, 3, 1)
GROUP = "redemption.credit-earned-points"

_numbers = itertools.count(1)


def earned(
    points: int, customer_no: str = "C1", *, no: str | None = None, available_on: date = MARCH_1, expires_on: date | None = None, **others: str
) -> PointsEarnedV1:
    """Return points earned by a transaction of a new number."""
    return _event(PointsEarnedV1, points, customer_no, no or f"T{next(_numbers)}", available_on, expires_on, "transaction", others)


def clawed_back(points: int, of: PointsEarnedV1, *, by_carry: bool = False) -> PointsClawedBackV1:
    """Return part of an earning taken back by a refund of a new number."""
    others = {"point_type": of.point_type, "rule_code": of.rule_code, "legal_entity": of.legal_entity}
    event = _event(PointsClawedBackV1, points, of.customer_no, f"R{next(_numbers)}", of.available_on, of.expires_on, "refund", others)
    assert isinstance(event, PointsClawedBackV1)
    return PointsClawedBackV1(**{name: getattr(event, name) for name in event.__struct_fields__} | {"earning_id": None if by_carry else of.earning_id})


def _event(
    made: type[PointsEarnedV1], points: int, customer_no: str, no: str, available_on: date, expires_on: date | None, kind: str, others: dict[str, str]
) -> PointsEarnedV1:
    fields = {"legal_entity": "001", "point_type": "base", "rule_code": "debit-base", **others}
    return made(
        customer_no=customer_no, points=points, rule_version=1, cause=Cause(kind=kind, source_system="core", no=no), transaction_on=MARCH_1,
        available_on=available_on, expires_on=expires_on, expiry_policy="never", institution="450100", channel="POS",
        cost_bearers=(CostBearer(party="retail", percent=100),), campaign_code=None, earning_id=f"core:{no}:1:{fields['rule_code']}", **fields,
    )  # fmt: skip


@dataclass
class Ledger:
    """The ledger, with the place of each partition that it is fed from."""

    database: Database
    clock: SystemClock = field(default_factory=SystemClock)
    places: dict[int, Position] = field(default_factory=dict)

    @classmethod
    def open(cls, url: str) -> "Ledger":
        migrate(MIGRATIONS, url)
        ledger = cls(Database(url, application_name="test"))
        with ledger.database.transaction() as cursor:
            for legal_entity in ("001", "002"):
                cursor.execute("insert into entity values (%s, '{}', 'Asia/Shanghai', %s, 15)", (legal_entity, MARCH_1))
        return ledger

    def batch(self, events: Sequence[PointsEarnedV1], partition: int = 0, *, catching_up: bool = False) -> Batch[PointsEarnedV1]:
        """Return the next batch of a partition; it is not taken until `take`."""
        before = self.places.get(partition)
        after = Position(cluster_id="c", topic_id="t", next_offset=(before.next_offset if before else 0) + len(events))
        span = Span(group=GROUP, topic="loyalty.accrual.points", partition=partition, before=before, after=after)
        return Batch(
            group=GROUP, topic=span.topic, partition=partition, events=events, offsets=range(len(events)), traceparents=[None] * len(events), records=(),
            span=span, catching_up=catching_up,
        )  # fmt: skip

    def take(self, batch: Batch[PointsEarnedV1]) -> None:
        CreditEarnedPoints(begin_on(self.database, SqlCreditingWork), self.clock)(batch)
        assert batch.span is not None
        self.places[batch.partition] = batch.span.after

    def credit(self, *events: PointsEarnedV1, partition: int = 0, catching_up: bool = False) -> None:
        self.take(self.batch(events, partition, catching_up=catching_up))

    def account(self, customer_no: str = "C1", on: date | None = None, legal_entity: str = "001") -> Account:
        with self.database.transaction() as cursor:
            account = find_account(cursor, legal_entity, customer_no, on or self.business_on(), self.clock.now())
        assert account is not None
        return account

    def balance(self, customer_no: str = "C1", point_type: str = "base", on: date | None = None) -> Balance:
        return next(shown for shown in balances_of(self.account(customer_no, on)) if shown.point_type == point_type)

    def business_on(self) -> date:
        on = self.rows("select business_on from entity where legal_entity = '001'")[0][0]
        assert isinstance(on, date)
        return on

    def advance(self, to: date) -> None:
        """Close the date of entity 001 as the follower of the console does."""
        with self.database.transaction() as cursor:
            entity = hold_date_exclusively(cursor, "001")
            assert entity is not None
            cursor.execute("update entity set business_on = %s where legal_entity = '001'", (to,))
            close_day(cursor, "001", entity.business_on, self.clock)

    @property
    def settle(self) -> SettleAccounts:
        return SettleAccounts(begin_on(self.database, SqlSettlingWork), self.clock)

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        with self.database.transaction() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def entries(self, customer_no: str = "C1") -> Iterator[tuple[object, ...]]:
        """Return (kind, points) of a customer's entries, in order."""
        return iter(self.rows(f"select kind, points from entry where legal_entity = '001' and customer_no = '{customer_no}' order by account_version"))

    def violations(self) -> dict[str, int]:
        """Return the invariants that do not hold."""
        now = datetime.now(UTC)  # noqa: TID251 -- the test is the edge here
        with self.database.transaction() as cursor:
            return {checked.name: checked.violations for checked in check_invariants(cursor, "001", now) if checked.violations}
