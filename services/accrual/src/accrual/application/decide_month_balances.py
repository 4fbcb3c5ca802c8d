"""Where an account's month becomes points: its average daily balance, decided with the rules on balances once the business date has passed the month's end."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from accrual.application.budget_book import NO_PARTITION
from accrual.application.decide_transactions import decide_in_order, load_facts, post_decided
from accrual.application.deciding_again import decide_until_it_stands
from accrual.application.facts import Facts, Fresh
from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.domain.month_average import MonthAverage, month_average
from accrual.domain.occasions import last_day_of, month_balance_from
from accrual.domain.trigger import Trigger
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity, UnknownEntity

#: Accounts are decided so many in one transaction: their rows are locked for as long as that takes.
ACCOUNTS_PER_TRANSACTION: Final = 1_000
#: Balances of months that have passed may come late and in any order, above all when a new installation is fed its history: nothing of an entity is decided
#: while its balances are still coming in, and that is told by none having been recorded for this long.
QUIET: Final = timedelta(seconds=3)
#: The outcome of a month that no decision is written of: no rule on balances was in force, or the account had nothing and nothing came. In metrics.
UNTOLD: Final = "untold"


class DateNotReached(Exception):
    """The entity's business date is still before the date that was asked for: try again after it has moved."""


class BalancesComing(Exception):
    """Balances of the entity are still coming in: try again in some seconds."""


@dataclass(frozen=True, slots=True)
class DecideMonthBalances:
    """Decides the months of accounts, each once, month by month in order. Can be stopped and begun again, and run by several at once."""

    begin: BeginUnitOfWork
    clock: Clock

    def list_due(self) -> list[str]:
        """Return the entities that have a month to decide."""
        with self.begin() as work:
            return work.balances.list_due_entities()

    def __call__(self, legal_entity: str, on: date | None = None) -> Mapping[str, int]:
        """Decide one month each of at most ACCOUNTS_PER_TRANSACTION accounts, of months ended before `on` (None: the business date).

        Return how many met each outcome; none when nothing is left. Raises DateNotReached, BalancesComing.
        """
        return decide_until_it_stands(self.begin, NO_PARTITION, lambda work, hold_usage: self._decide(work, legal_entity, on, hold_usage=hold_usage))

    def _decide(self, work: UnitOfWork, legal_entity: str, on: date | None, *, hold_usage: bool) -> Mapping[str, int]:
        entity = work.entities.hold_dates((legal_entity,)).get(legal_entity)
        if entity is None:
            raise UnknownEntity(legal_entity)
        if on is not None and on > entity.business_on:
            raise DateNotReached(f"entity {legal_entity} has not reached {on}: advance its business date at the console, then run the job again")
        self._require_quiet(work, legal_entity)

        months = work.balances.hold_due(legal_entity, (on or entity.business_on).replace(day=1), ACCOUNTS_PER_TRANSACTION)
        if not months:
            return {}
        balances = work.balances.load(legal_entity, months)
        averages = [month_average(month.first_on, of_month) for month, of_month in zip(months, balances, strict=True)]
        outcomes = self._decide_told(work, entity, _worth_telling(work, legal_entity, averages), hold_usage=hold_usage)
        work.balances.move_on(legal_entity, months)
        outcomes[UNTOLD] = len(months) - outcomes.total()
        return outcomes

    def _require_quiet(self, work: UnitOfWork, legal_entity: str) -> None:
        last = work.balances.last_intake(legal_entity)
        if last is not None and self.clock.now() - last < QUIET:
            raise BalancesComing(f"balances of entity {legal_entity} are still coming in: run the job again when none has come for {QUIET.seconds} seconds")

    def _decide_told(self, work: UnitOfWork, entity: Entity, averages: Sequence[MonthAverage], *, hold_usage: bool) -> Counter[str]:
        if not averages:
            return Counter()
        now = self.clock.now()
        batch_no = work.batches.begin(now, may_repeat=True)
        months = [month_balance_from(entity.legal_entity, average, entity.zone, None) for average in averages]
        claim = work.business_keys.claim_months(months, batch_no)
        fresh = [
            Fresh(position, months[position], months[position].transaction_at.astimezone(entity.zone), None, position) for position in claim.fresh
        ]  # all of them: the accounts' rows are locked, and each month's turn comes once
        facts = load_facts(work, batch_no, fresh, next_position=len(months), hold_usage=hold_usage, trigger=Trigger.BALANCE)
        decided = decide_in_order(_with_institutions(entity, averages, fresh, facts), facts)
        post_decided(work, batch_no, decided, facts, now)
        return Counter(one.decision.outcome.value for one in decided)


def _worth_telling(work: UnitOfWork, legal_entity: str, averages: Sequence[MonthAverage]) -> list[MonthAverage]:
    """Return the months that a decision is written of: where a rule on balances was in force, and the account had something or some balance of it came."""
    rules = work.rules.in_force((legal_entity,))[legal_entity].of(Trigger.BALANCE)
    return [
        average
        for average in averages
        if rules.on_date(last_day_of(average.first_on)).rules and (average.total_minor or average.last.balance_on >= average.first_on)
    ]


def _with_institutions(entity: Entity, averages: Sequence[MonthAverage], fresh: Sequence[Fresh], facts: Facts) -> list[Fresh]:
    """Return the months with their customers' institutions, which are known only when the facts have been loaded."""
    placed = []
    for one in fresh:
        customer = facts.customers.find_at(entity.legal_entity, one.event.customer_no, one.event.transaction_at)
        month = month_balance_from(entity.legal_entity, averages[one.index], entity.zone, customer)
        placed.append(Fresh(one.position, month, one.local, None, one.index))
    return placed
