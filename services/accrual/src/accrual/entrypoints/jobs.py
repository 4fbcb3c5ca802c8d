"""Work that comes up by itself."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from accrual import metrics as declared
from accrual.application.decide_month_balances import BalancesComing, DateNotReached, DecideMonthBalances
from accrual.application.match_waiting_refunds import MATCHED_MAX, MatchWaitingRefunds
from accrual.application.measure_budgets import MeasureBudgets
from accrual.application.ports import BeginUnitOfWork
from accrual.application.release_waiting_earnings import RELEASED_MAX, ReleaseWaitingEarnings
from accrual.entrypoints.events import count_outcomes
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.service import TryAgain
from loyalty_shared.serving import Chore, Job
from loyalty_shared.web.idempotency import forget_answers

MATCH_EVERY_SECONDS: Final = 1.0
RELEASE_EVERY_SECONDS: Final = 1.0
DECIDE_EVERY_SECONDS: Final = 1.0
#: What was published while no consumer ran is read in this time, or at least begun: months are not decided from balances that were not read yet.
DECIDE_AFTER_START: Final = timedelta(seconds=10)
MEASURE_EVERY_SECONDS: Final = 10.0
FORGET_EVERY_SECONDS: Final = 60.0


def jobs(begin: BeginUnitOfWork, clock: Clock, metrics: Metrics) -> Mapping[str, Job]:
    """Return the jobs by name: `decide-balances` decides the months that ended before a date."""
    decide = DecideMonthBalances(begin, clock)

    def decide_balances(legal_entity: str, on: date) -> str:
        done: Counter[str] = Counter()
        try:
            while outcomes := decide(legal_entity, on):
                count_outcomes(outcomes, declared.MONTHS, metrics)
                done.update(outcomes)
        except (DateNotReached, BalancesComing) as error:
            raise TryAgain(str(error)) from error
        return f"{done.total()} months of accounts decided" + "".join(f", {number} {outcome}" for outcome, number in sorted(done.items()) if number)

    return {"decide-balances": decide_balances}


def _balances_chore(begin: BeginUnitOfWork, clock: Clock, metrics: Metrics) -> Chore:
    decide, started_at = DecideMonthBalances(begin, clock), clock.now()

    def decide_due() -> None:
        if clock.now() - started_at < DECIDE_AFTER_START:
            return
        for legal_entity in decide.list_due():
            try:
                while outcomes := decide(legal_entity):
                    count_outcomes(outcomes, declared.MONTHS, metrics)
            except BalancesComing:
                continue

    return Chore(name="decide-balances", every_seconds=DECIDE_EVERY_SECONDS, run=decide_due)


def chores(begin: BeginUnitOfWork, database: Database, clock: Clock, metrics: Metrics) -> tuple[Chore, ...]:
    """Return what the service does by itself, beside following its topics."""
    match_waiting = MatchWaitingRefunds(begin, clock)
    release_earnings = ReleaseWaitingEarnings(begin, clock)
    budgets_nearly_spent = MeasureBudgets(begin)

    def match_all() -> None:
        while matched := match_waiting():
            count_outcomes(matched, declared.EVENTS, metrics)
            if sum(matched.values()) < MATCHED_MAX:
                return

    def release_waiting() -> None:
        while release_earnings() == RELEASED_MAX:
            pass

    def measure_waiting() -> None:
        with begin() as work:
            waiting, since = work.waiting_refunds.count()
        metrics.gauge(declared.WAITING).set(waiting)
        metrics.gauge(declared.WAITING_AGE).set(0 if since is None else (clock.now() - since).total_seconds())

    def measure_budgets() -> None:
        metrics.gauge(declared.CAMPAIGNS_NEARLY_SPENT).set(budgets_nearly_spent())

    def forget_old_answers() -> None:
        with database.transaction() as cursor:
            forget_answers(cursor, clock.now())

    return (
        Chore(name="match-waiting-refunds", every_seconds=MATCH_EVERY_SECONDS, run=match_all),
        Chore(name="release-waiting-earnings", every_seconds=RELEASE_EVERY_SECONDS, run=release_waiting),
        _balances_chore(begin, clock, metrics),
        Chore(name="measure-waiting-refunds", every_seconds=MEASURE_EVERY_SECONDS, run=measure_waiting),
        Chore(name="measure-budgets", every_seconds=MEASURE_EVERY_SECONDS, run=measure_budgets),
        Chore(name="forget-answers", every_seconds=FORGET_EVERY_SECONDS, run=forget_old_answers),
    )
