"""Carry out what-if runs, page by page of the stored history."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

from accrual.application.drafts import with_drafts
from accrual.application.facts import merchant_seen
from accrual.application.history import Past, PastCustomer, Span, span_that_counts
from accrual.application.named_campaigns import campaigns_named
from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.application.replaying import Around, replay
from accrual.application.run_ports import HistoryPage
from accrual.application.simulation_records import PARTS, SimulationPart, SimulationRecord, SimulationStatus
from accrual.domain.campaign import Campaign
from accrual.domain.effect import Changed, Effect
from accrual.domain.occasions import trigger_of
from accrual.domain.rule import Rule
from accrual.domain.rule_document import rule_from_document
from accrual.domain.rule_set import NO_CAMPAIGNS, RuleSet
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.observability.logs import logger
from loyalty_shared.persistence.connections import is_transient

#: Decisions that one page looks at, about: a page takes a fraction of a second, after which a cancellation is seen.
PAGE_ROWS: Final = 4_000
#: Events that a checker is shown the effect on when a rule is submitted.
SAMPLE_EVENTS_MAX: Final = 5_000
FAULT_LENGTH_MAX: Final = 500

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two rule sets over one span. `reach`: the span and the dates around it whose events count against its limits."""

    span: Span
    live: RuleSet
    tried: RuleSet
    reach: Span

    def add(self, customers: Sequence[PastCustomer], around: Around, effect: Effect) -> None:
        """Decide the customers' events under both sets and add what came of it."""
        for customer in customers:
            effect.add_customer(self._changes_of(customer, around))

    def _changes_of(self, customer: PastCustomer, around: Around) -> list[Changed]:
        after = replay(customer, self.tried, self.span, around)
        if all(self._was_decided_live(past) for past in customer.events):  # the stream has said already what the live rules give
            before = [one.past.decision.points for one in after]
        else:
            before = [one.decided.decision.points for one in replay(customer, self.live, self.span, around)]
        return [
            Changed(one.earner.decision.transaction_on, one.earner.event.institution, points, one.decided.decision.points)
            for one, points in zip(after, before, strict=True)
        ]

    def _was_decided_live(self, past: Past) -> bool:
        if past.rules is self.live:
            return True
        on, trigger = past.decision.transaction_on, trigger_of(past.event)
        same_rules = past.rules.of(trigger).on_date(on).by_no.keys() == self.live.of(trigger).on_date(on).by_no.keys()
        return same_rules and past.rules.campaigns == self.live.campaigns


def compare(span: Span, live: RuleSet, draft: Rule, campaigns: Mapping[str, Campaign] = NO_CAMPAIGNS) -> Comparison:
    """Return the comparison of the live rules with themselves and a draft as the newest version of its code; `campaigns`: the one it names."""
    tried = with_drafts(live, [draft], campaigns)
    reach = span_that_counts(span, tried)
    return Comparison(span, live, tried, reach)


@dataclass(frozen=True, slots=True)
class RunSimulations:
    """Carries out some parts of the simulations that run, one after the other; other processes the other parts, or the same ones.

    Each page is a reading transaction and a short one that keeps what was found. Safe in several processes and after a crash: a part's place moves by
    compare-and-set, together with what was found in it. Who ends the last part ends the simulation.
    """

    begin: BeginUnitOfWork
    clock: Clock
    parts: Collection[int] = range(PARTS)

    def __call__(self) -> None:
        """Go on until no simulation runs that has anything of these parts left."""
        while True:
            with self.begin() as work:
                record = work.simulations.find_running(self.parts)
            if record is None:
                return
            try:
                if record.events_total is None:
                    self._divide(record)
                else:
                    self._run(record, next(part for part in record.parts if part.number in self.parts and not part.is_done))
            except Exception as error:
                if is_transient(error):
                    raise
                log.exception("simulation failed", simulation_id=record.simulation_id)
                self._fail(record, f"{type(error).__name__}: {error}"[:FAULT_LENGTH_MAX])

    def _fail(self, record: SimulationRecord, fault: str) -> None:
        with self.begin() as work:
            current = work.simulations.find_for_update(record.legal_entity, record.simulation_id)
            if current is not None and current.status is SimulationStatus.RUNNING:
                work.simulations.save(replace(current, status=SimulationStatus.FAILED, fault=fault, finished_at=self.clock.now()))

    def _divide(self, record: SimulationRecord) -> None:
        with self.begin() as work:
            events_total, ends = work.history.divide(record.span, PARTS)
            work.simulations.divide(record, events_total, ends)

    def _run(self, record: SimulationRecord, part: SimulationPart) -> None:
        """Go on with one part until it is done or taken on by another process, or the simulation is cancelled."""
        rule = rule_from_document(record.rule)
        assert isinstance(rule, Rule), f"the rule of simulation {record.simulation_id} was taken and no longer fits: {rule}"
        with self.begin() as work:
            comparison = compare(record.span, work.rules.get(record.rule_set), rule, campaigns_named(work, record.legal_entity, [rule]))

        def read(after: str) -> tuple[HistoryPage, Around]:
            with self.begin() as work:
                page = work.history.read_page(comparison.reach, after, PAGE_ROWS, part.until_customer)
                return page, around_history(work, page.customers, comparison.tried)

        with ThreadPoolExecutor(1) as ahead:  # the database reads the next page while this one is decided
            reading = ahead.submit(read, part.after_customer)
            is_last = False
            while not is_last:
                page, around = reading.result()
                is_last = page.is_last
                if not is_last:
                    reading = ahead.submit(read, page.until)
                comparison.add(page.customers, around, part.effect)
                after = replace(part, after_customer=page.until, is_done=is_last)
                if not self._keep(record, part, after):
                    return
                part = after

    def _keep(self, record: SimulationRecord, before: SimulationPart, after: SimulationPart) -> bool:
        with self.begin() as work:
            if not after.is_done:
                return work.simulations.advance(record, before, after)
            work.simulations.find_for_update(record.legal_entity, record.simulation_id)  # so that of two who end parts at once the later one sees both
            if not work.simulations.advance(record, before, after):
                return False
            current = work.simulations.find(record.legal_entity, record.simulation_id)
            if current is not None and all(part.is_done for part in current.parts):
                work.simulations.save(replace(current, status=SimulationStatus.DONE, finished_at=self.clock.now()))
            return True


def effect_on_sample(work: UnitOfWork, span: Span, draft: Rule) -> Effect:
    """Return what a draft would change of a span's events for as many customers, from the first by number on, as have SAMPLE_EVENTS_MAX decisions, about.

    For whoever has to see a rule's effect at once: it reads one page. `Effect.total[0]` tells on how many events.
    """
    live = work.rules.in_force({span.legal_entity})[span.legal_entity]
    comparison = compare(span, live, draft, campaigns_named(work, span.legal_entity, [draft]))
    page = work.history.read_page(comparison.reach, "", SAMPLE_EVENTS_MAX)
    effect = Effect()
    comparison.add(page.customers, around_history(work, page.customers, comparison.tried), effect)
    return effect


def around_history(work: UnitOfWork, customers: Sequence[PastCustomer], rules: RuleSet) -> Around:
    """Return the merchants' facts that the stream saw when it took these events, and exchange rates: where the rules look at any."""
    pasts = (past for customer in customers for past in customer.events) if rules.names_merchants else ()
    seen = {merchant_seen(past.event, past.decision.transaction_on, rules, past.first[0]) for past in pasts}
    merchants = work.merchants.load({merchant for merchant in seen if merchant is not None})
    return Around(merchants, work.rates.load({customer.events[0].event.legal_entity for customer in customers[:1]} if rules.converts else ()))
