"""Behaviours and balances handed to accrual's use cases on a database, as the consumer would."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from accrual.application.decide_behaviours import DecideBehaviours
from accrual.application.decide_month_balances import QUIET, DecideMonthBalances
from accrual.application.record_balances import RecordBalances
from accrual.application.show_decisions import ShowDecisions
from accrual.domain.trigger import Trigger
from loyalty_shared.contracts.core import BalanceClosedV1, BehaviourOccurredV1
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.records import Batch
from support.accrual_desk import AT, Desk, Raw


def behaviour(number: str, code: str = "SIGN-IN", *, customer_no: str = "C1", at: datetime = AT, **more: Any) -> BehaviourOccurredV1:
    """Return a behaviour; what is no field of it is an attribute."""
    fields = {name: more.pop(name) for name in ("legal_entity", "source_system") if name in more}
    return BehaviourOccurredV1(
        **{"legal_entity": "001", "source_system": "app"} | fields,
        behaviour_no=number, customer_no=customer_no, behaviour_code=code, occurred_at=at, attributes=more,
    )  # fmt: skip


def balance(account_no: str, on: str, balance_minor: int, **more: Any) -> BalanceClosedV1:
    """Return the balance of an account at the end of a day."""
    fields = {"legal_entity": "001", "source_system": "core", "customer_no": "C1", "product_code": "SAVINGS", "currency": "CNY"}
    return BalanceClosedV1(account_no=account_no, balance_on=date.fromisoformat(on), balance_minor=balance_minor, **fields | more)


def behave(desk: Desk, *behaviours: BehaviourOccurredV1) -> dict[str, int]:
    """Decide behaviours, and return the outcomes that any met."""
    return handed(DecideBehaviours(desk.begin, desk.clock), "accrual.decide-behaviours", "core.behaviours", behaviours)


def record(desk: Desk, *balances: BalanceClosedV1, partition: int = 0) -> dict[str, int]:
    """Record balances, and return the outcomes that any met."""
    return handed(RecordBalances(desk.begin, desk.clock), "accrual.record-balances", "core.balances", balances, partition)


def decide_months(desk: Desk, legal_entity: str = "001", *, after: timedelta = QUIET) -> dict[str, int]:
    """Decide all months that are due, as if the last balances had come a while ago, and return the outcomes that any met."""
    done: Counter[str] = Counter()
    decide = DecideMonthBalances(desk.begin, Later(desk.clock, after))
    while outcomes := decide(legal_entity):
        done.update(outcomes)
    return {outcome: count for outcome, count in done.items() if count}


@dataclass(frozen=True, slots=True)
class Later:
    """A clock that is ahead of another."""

    clock: Clock
    ahead: timedelta

    def now(self) -> datetime:
        return self.clock.now() + self.ahead


def set_business_date(desk: Desk, on: str, legal_entity: str = "001") -> None:
    """Move the entity's business date, as following the console would."""
    with desk.database.transaction() as cursor:
        cursor.execute("update entity set business_on = %s where legal_entity = %s", (on, legal_entity))


def handed(use_case: Callable[[Batch[Any]], Mapping[str, int]], group: str, topic: str, events: tuple[Any, ...], partition: int = 0) -> dict[str, int]:
    """Hand events to a use case as one batch, and return the outcomes that any met."""
    return {outcome: count for outcome, count in use_case(batch_of(group, topic, events, partition)).items() if count}


def batch_of(group: str, topic: str, events: tuple[Any, ...], partition: int = 0) -> Batch[Any]:
    """Return events as one batch that takes no step."""
    records = [Raw(topic, partition, offset) for offset in range(len(events))]
    return Batch(group=group, topic=topic, partition=partition, events=events, offsets=range(len(events)), traceparents=[None] * len(events), records=records)


def shown(desk: Desk, trigger: Trigger, number: str, source_system: str) -> dict[str, Any]:
    """Return a decision as `GET decisions?kind=` shows it."""
    found = ShowDecisions(desk.begin).find(("001", source_system, number, 1), trigger)
    assert found is not None, f"no decision of {trigger} {number}"
    decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))
    return decoded
