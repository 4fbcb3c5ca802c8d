"""Which topic goes to which use case, and what is counted of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from accrual import metrics as declared
from accrual.application.admission import refuse_unfit, refuse_unfit_balance, refuse_unfit_behaviour
from loyalty_shared.contracts.topics import (
    CONSOLE_PARAMETERS,
    CORE_BALANCES,
    CORE_BEHAVIOURS,
    CORE_CUSTOMERS,
    CORE_TRANSACTIONS,
    MERCHANT_MERCHANTS,
    REDEMPTION_CUSTOMERS,
)
from loyalty_shared.messaging.records import Batch
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.observability.metrics import Declared, Metrics
from loyalty_shared.persistence.dead_letters import Fault

#: A use case of events: takes a batch and returns how many met each outcome.
CountedUseCase = Callable[[Batch[Any]], Mapping[str, int]]


def subscriptions(
    *,
    decide_transactions: CountedUseCase,
    decide_behaviours: CountedUseCase,
    record_balances: CountedUseCase,
    record_customers: CountedUseCase,
    record_merchants: CountedUseCase,
    record_merges: CountedUseCase,
    follow_parameters: Callable[[Batch[Any]], None],
    metrics: Metrics,
) -> Sequence[Subscription]:
    """Return the service's subscriptions: consumer group, topic, use case."""
    return (
        Subscription(
            group="accrual.decide-transactions",
            topic=CORE_TRANSACTIONS,
            use_case=_counted(decide_transactions, declared.EVENTS, metrics),
            sequenced=False,
            members=2,
            after=("accrual.follow-parameters", "accrual.record-customers", "accrual.record-merchants"),
            validate=refuse_unfit,
        ),
        Subscription(
            group="accrual.decide-behaviours",
            topic=CORE_BEHAVIOURS,
            use_case=_counted(decide_behaviours, declared.BEHAVIOURS, metrics),
            sequenced=False,
            after=("accrual.follow-parameters", "accrual.record-customers"),
            validate=refuse_unfit_behaviour,
        ),
        Subscription(
            group="accrual.record-balances",
            topic=CORE_BALANCES,
            use_case=_counted(record_balances, declared.BALANCES, metrics),
            sequenced=False,
            after=("accrual.follow-parameters",),
            validate=refuse_unfit_balance,
        ),
        Subscription(
            group="accrual.record-customers",
            topic=CORE_CUSTOMERS,
            use_case=_counted(record_customers, declared.CUSTOMERS, metrics),
            sequenced=False,
        ),
        Subscription(
            group="accrual.record-merchants",
            topic=MERCHANT_MERCHANTS,
            use_case=_counted(record_merchants, declared.MERCHANTS, metrics),
            sequenced=True,
        ),
        Subscription(
            group="accrual.record-merges",
            topic=REDEMPTION_CUSTOMERS,
            use_case=_counted(record_merges, declared.MERGES, metrics),
            sequenced=True,
        ),
        Subscription(group="accrual.follow-parameters", topic=CONSOLE_PARAMETERS, use_case=follow_parameters, sequenced=True),
    )


def _counted(use_case: CountedUseCase, metric: Declared, metrics: Metrics) -> Callable[[Batch[Any]], None]:
    """Return the use case with its outcomes counted after the commit."""

    def take(batch: Batch[Any]) -> None:
        count_outcomes(use_case(batch), metric, metrics)

    return take


def count_outcomes(outcomes: Mapping[str, int], metric: Declared, metrics: Metrics) -> None:
    """Add what a committed transaction came to; a conflict counts for the alarm too."""
    for outcome, events in outcomes.items():
        metrics.counter(metric).labels(outcome=outcome).inc(events)
    metrics.counter(declared.CONFLICTS).inc(outcomes.get(Fault.CONFLICTING_CONTENT, 0))
