"""Decide a customer's events anew with the rules and facts of now, in order of transaction time, and tell what is to be posted."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from operator import itemgetter

from msgspec import Struct

from accrual.application.decide_transactions import decide_in_order
from accrual.application.facts import Decided, Facts, Fresh, Place, TransactionKey, key_of, original_key_of
from accrual.application.history import Past, PastCustomer, Revision
from accrual.application.replaying import NO_ORIGINALS
from accrual.domain.decision import negated
from accrual.domain.occasions import Behaviour, MonthBalance, trigger_of
from accrual.domain.revision import differences, is_same
from accrual.domain.rule_set import RuleSet
from accrual.domain.validity import AWAITING
from loyalty_shared.contracts.core import TransactionPostedV1, TransactionRefundedV1


class CannotRevise(Exception):
    """What cannot be decided anew, and what to leave out."""


class Again(Struct):
    """An event decided anew, beside the decision that stands."""

    past: Past
    decided: Decided


def take_out(customer: PastCustomer, facts: Facts) -> None:
    """Take out of the usage and the budgets what all of a customer's decisions have counted."""
    purchases = purchases_of(customer)
    for past in customer.events:
        earner = purchases[original_key_of(past.event)] if isinstance(past.event, TransactionRefundedV1) else past
        legal_entity, rules = earner.event.legal_entity, earner.rules
        facts.usage.of(legal_entity, earner.event.customer_no).take_out(past.decision, earner.event, earner.decision.transaction_on, rules)
        if rules.campaigns:
            facts.budgets.add(legal_entity, negated(past.decision.applied), rules)


def decide_anew(customer: PastCustomer, rules: RuleSet, facts: Facts) -> list[Again]:
    """Return the customer's events decided anew, in order of transaction time."""
    originals = facts.originals
    again = []
    for position, past in enumerate(in_order_of_time(customer.events)):
        facts.rules = {past.event.legal_entity: rules.of(trigger_of(past.event))}
        facts.originals = NO_ORIGINALS if isinstance(past.event, Behaviour | MonthBalance) else originals  # whose numbers may be those of transactions
        (decided,) = decide_in_order([Fresh(position, past.event, past.local, past.traceparent, position)], facts)
        again.append(Again(past, decided))
    facts.originals = originals
    return again


def require_none_awaiting(again: Sequence[Again], rules: RuleSet) -> None:
    """Raise CannotRevise where points wait, or waited, for a behaviour: what was released of them stands apart from the decision."""
    for one in again:
        for decision, made_by in ((one.past.decision, one.past.rules), (one.decided.decision, rules)):
            for given in decision.applied:
                if given.available_on == AWAITING:
                    code = made_by.by_no[given.rule_no].rule.code
                    raise CannotRevise(f"rule {code} gives points that wait for a behaviour, which are not decided anew: leave its customers or dates out")


def in_order_of_time(events: Sequence[Past]) -> list[Past]:
    """Return events, which are in the order in which they came, in order of transaction time; of one instant they keep their order.

    A refund stands after its purchase, and after the refunds of it that came before: what was left for them is not taken by a later one.
    """
    times: dict[TransactionKey, datetime] = {}
    placed: list[tuple[datetime, Place, Past]] = []
    for past in events:
        at = past.event.transaction_at
        if isinstance(past.event, TransactionRefundedV1):
            purchase = original_key_of(past.event)
            at = times[purchase] = max(at, times[purchase])
        elif type(past.event) is TransactionPostedV1:
            times[key_of(past.event)] = at
        placed.append((at, past.first, past))
    placed.sort(key=itemgetter(0, 1))
    return [past for _, _, past in placed]


def revisions_of(again: Sequence[Again], rules: RuleSet, facts: Facts, business_on: date) -> list[Revision]:
    """Return the decisions that must take another's place: of an earning event and all its refunds together, where any of them came to something else."""
    groups: defaultdict[tuple[type, TransactionKey], list[Again]] = defaultdict(list)
    for one in again:
        event = one.past.event
        group = (TransactionPostedV1, original_key_of(event)) if isinstance(event, TransactionRefundedV1) else (type(event), key_of(event))
        groups[group].append(one)
    revisions = []
    for together in groups.values():
        if all(_stands(one, rules) for one in together):
            continue
        earner, *refunds = together
        before = [(one.past.decision, earner.past.rules) for one in together]
        posted = differences(before, [(one.decided.decision, rules) for one in together], business_on)
        left = facts.originals.get(key_of(earner.past.event))[1].left if refunds else None
        revisions.append(Revision(earner.past, earner.decided, posted, left))
        revisions += [Revision(one.past, one.decided, ()) for one in refunds]
    return revisions


def purchases_of(customer: PastCustomer) -> dict[TransactionKey, Past]:
    """Return the customer's purchases by key."""
    return {key_of(past.event): past for past in customer.events if type(past.event) is TransactionPostedV1}


def _stands(one: Again, rules: RuleSet) -> bool:
    """Tell whether a decision stands as it is: made by the same versions, from the same facts, it came to the same."""
    past, decided = one.past, one.decided
    if not is_same(past.decision, decided.decision):
        return False
    if isinstance(past.event, TransactionRefundedV1):
        return True
    on, trigger = past.decision.transaction_on, trigger_of(past.event)
    facts_at = None if past.customer is None else past.customer.changed_at
    return facts_at == decided.facts_at and past.rules.of(trigger).on_date(on).by_no.keys() == rules.of(trigger).on_date(on).by_no.keys()
