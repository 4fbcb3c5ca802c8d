"""Carry out approved recalculations: a few customers at a time, each time in one transaction with the place that is saved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from accrual.application.balances_of_now import with_balances_of_now
from accrual.application.budget_book import NO_PARTITION, CampaignKey, budgets_seen
from accrual.application.deciding_again import decide_until_it_stands
from accrual.application.facts import Facts, Fresh, OriginalBook, UsageBook, UsageChanged, UsageKey, merchant_seen, original_key_of
from accrual.application.history import Past, PastCustomer, Revision
from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.application.recalculation_records import RecalculationRecord, RecalculationStatus, Totals
from accrual.application.revisions import CannotRevise, decide_anew, require_none_awaiting, revisions_of, take_out
from accrual.application.run_ports import HistoryPage
from accrual.domain.limits import WHOLE, month_of
from accrual.domain.occasions import trigger_of
from accrual.domain.rule_set import RuleSet
from accrual.domain.trigger import Trigger
from loyalty_shared.contracts.core import TransactionRefundedV1
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.observability.logs import logger
from loyalty_shared.persistence.connections import is_transient

#: Decisions of one transaction, about: whose customers' usage the stream waits for meanwhile.
ROWS_PER_TRANSACTION: Final = 300
#: Of a list of customers, those of one transaction.
CUSTOMERS_PER_TRANSACTION: Final = 20
#: A decision's position in its batch is a smallint.
REVISIONS_PER_BATCH_MAX: Final = 30_000
FAULT_LENGTH_MAX: Final = 500
#: Sees every merchant as it is now.
AFTER_ALL_BATCHES: Final = 2**63 - 1

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class RunRecalculations:
    """Carries out the recalculations that run, one after the other. Safe in several processes and after a crash at any point: what is posted for a group of
    customers and the place that is saved commit together, and the place moves by compare-and-set."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self) -> None:
        """Go on until no recalculation runs."""
        while True:
            with self.begin() as work:
                record = work.recalculations.find_running()
            if record is None:
                return
            try:
                self._run(record)
            except Exception as error:
                if is_transient(error):
                    raise
                log.error("recalculation failed", recalculation_id=record.recalculation_id, exc_info=not isinstance(error, CannotRevise))
                self._fail(record, f"{type(error).__name__}: {error}"[:FAULT_LENGTH_MAX])

    def _fail(self, record: RecalculationRecord, fault: str) -> None:
        with self.begin() as work:
            current = work.recalculations.find_for_update(record.legal_entity, record.recalculation_id)
            if current is not None and current.status is RecalculationStatus.RUNNING:
                work.recalculations.save(replace(current, status=RecalculationStatus.FAILED, fault=fault, finished_at=self.clock.now()))

    def _run(self, record: RecalculationRecord) -> None:
        """Go on with one recalculation until it is done or another process has taken it on."""
        standing: RecalculationRecord | None = record
        if record.events_total is None:
            with self.begin() as work:
                standing = replace(record, events_total=work.history.count(record.span, record.customers))
        while standing is not None and standing.status is RecalculationStatus.RUNNING:
            standing = decide_until_it_stands(self.begin, NO_PARTITION, partial(self._next_customers, standing))

    def _next_customers(self, record: RecalculationRecord, work: UnitOfWork, _hold_usage: bool) -> RecalculationRecord | None:
        """Decide the next customers' events anew and post what differs; None when the saved place is no longer where `record` says.

        Usage is always held: it is taken from and counted again.
        """
        entity = work.entities.hold_dates({record.legal_entity})[record.legal_entity]
        assert record.rule_set is not None, "it was approved with a set"
        rules = work.rules.get(record.rule_set)
        page = _next_page(work, record)
        held, usage = _hold(work, record, rules, page.customers)
        customers = with_balances_of_now(work, record.legal_entity, held)
        facts = _facts_of(work, record.legal_entity, rules, customers, usage)

        revisions: list[Revision] = []
        for customer in customers:
            take_out(customer, facts)
            again = decide_anew(customer, rules, facts)
            require_none_awaiting(again, rules)
            revisions += revisions_of(again, rules, facts, entity.business_on)
        now = self.clock.now()
        for part in _parts(revisions):
            batch_no = work.batches.begin(now, may_repeat=True)
            work.revisions.post(batch_no, part, record.recalculation_id)
            work.batches.summarise_revisions(batch_no, part)
        if revisions:
            facts.budgets.require_covered()
            work.usage.post(facts.usage)
            work.budgets.post(facts.budgets)
        done = replace(record, after_customer=page.until, totals=record.totals.plus(_totals_of(customers, revisions)))
        if page.is_last:
            done = replace(done, status=RecalculationStatus.DONE, finished_at=now)
        return done if work.recalculations.advance(record, done) else None


def _next_page(work: UnitOfWork, record: RecalculationRecord) -> HistoryPage:
    if record.customers is None:
        return work.history.read_page(record.span, record.after_customer, ROWS_PER_TRANSACTION)
    left = [customer for customer in record.customers if customer > record.after_customer]
    mine = left[:CUSTOMERS_PER_TRANSACTION]
    return HistoryPage(work.history.read_customers(record.span, mine), mine[-1] if mine else record.after_customer, is_last=len(mine) == len(left))


def _hold(work: UnitOfWork, record: RecalculationRecord, rules: RuleSet, seen: Sequence[PastCustomer]) -> tuple[Sequence[PastCustomer], UsageBook]:
    """Hold the customers' decisions (by their keys) and usage, and return them as they are now.

    Raises UsageChanged when something came between: it is begun anew.
    """
    pasts = [past for customer in seen for past in customer.events]
    work.business_keys.hold_to_revise([past.event for past in pasts])
    usage = work.usage.hold(_documents(record.legal_entity, rules, seen))
    now = work.history.read_customers(record.span, [customer.customer_no for customer in seen])
    if [past.place for customer in now for past in customer.events] != [past.place for past in pasts]:
        raise UsageChanged("more came of these customers while they were being held")
    return now, usage


def _documents(legal_entity: str, rules: RuleSet, customers: Sequence[PastCustomer]) -> set[UsageKey]:
    """Return the usage rows that the decisions which stand have written, and those that new ones read."""
    wanted: set[UsageKey] = set()
    for customer in customers:
        for past in customer.events:
            if isinstance(past.event, TransactionRefundedV1):
                continue
            on, trigger = past.decision.transaction_on, trigger_of(past.event)
            written = {document for document in past.rules.of(trigger).months_counted(on) if document in (month_of(on), WHOLE)}
            wanted.update((legal_entity, customer.customer_no, document) for document in written.union(rules.of(trigger).months_counted(on)))
    return wanted


def _facts_of(work: UnitOfWork, legal_entity: str, rules: RuleSet, customers: Sequence[PastCustomer], usage: UsageBook) -> Facts:
    """Load what the events are decided from, as it has arrived by now."""
    pasts = [past for customer in customers for past in customer.events]
    earners = [past for past in pasts if not isinstance(past.event, TransactionRefundedV1)]
    taken_from = {original_key_of(past.event) for past in pasts if isinstance(past.event, TransactionRefundedV1)}
    seen = {merchant_seen(past.event, past.decision.transaction_on, rules, AFTER_ALL_BATCHES) for past in earners} if rules.names_merchants else set()
    return Facts(
        batch_no=AFTER_ALL_BATCHES,
        rules={},
        customers=work.customers.load([past.event for past in earners]),
        merchants=work.merchants.load({merchant for merchant in seen if merchant is not None}),
        originals=OriginalBook({}, awaited=taken_from),
        usage=usage,
        rates=work.rates.load([legal_entity] if rules.converts else []),
        budgets=work.budgets.read(_budgets_seen(legal_entity, rules, earners), NO_PARTITION),
    )


def _budgets_seen(legal_entity: str, rules: RuleSet, earners: Sequence[Past]) -> dict[CampaignKey, int]:
    seen: dict[CampaignKey, int] = {}
    for trigger in Trigger:
        mine = [Fresh(0, past.event, past.local, None, 0) for past in earners if trigger_of(past.event) is trigger]
        seen |= budgets_seen(mine, {legal_entity: rules.of(trigger)})
    return seen


def _parts(revisions: Sequence[Revision]) -> list[list[Revision]]:
    """Return the revisions in batches; a refund stands in the batch of its purchase."""
    parts: list[list[Revision]] = []
    for revision in revisions:
        is_full = not parts or len(parts[-1]) >= REVISIONS_PER_BATCH_MAX
        if is_full and not isinstance(revision.decided.event, TransactionRefundedV1):
            parts.append([])
        parts[-1].append(revision)
    return parts


def _totals_of(customers: Sequence[PastCustomer], revisions: Sequence[Revision]) -> Totals:
    posted = [given.points for revision in revisions for given in revision.posted]
    return Totals(
        events=sum(1 for customer in customers for past in customer.events if not isinstance(past.event, TransactionRefundedV1)),
        changed=sum(1 for revision in revisions if revision.posted),
        points_given=sum(points for points in posted if points > 0),
        points_taken=-sum(points for points in posted if points < 0),
    )
