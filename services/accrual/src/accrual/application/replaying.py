"""Decide a customer's stored events once more, by the stream's own code and from what was counted before them: what what-if is made of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from accrual.application.budget_book import book_as_decided
from accrual.application.decide_transactions import decide_in_order
from accrual.application.facts import CustomerFacts, Decided, Facts, Fresh, MerchantAt, OriginalBook, TransactionKey, UsageBook, key_of, original_key_of
from accrual.application.history import Past, PastCustomer, Span
from accrual.domain.converting import RateTable
from accrual.domain.merchant_facts import MerchantFacts
from accrual.domain.occasions import Behaviour, MonthBalance, trigger_of
from accrual.domain.rule_set import RuleSet
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1, TransactionRefundedV1

#: For what is never refunded.
NO_ORIGINALS: Final = OriginalBook({}, ())


class Replayed(Struct, gc=False):
    """An event of the span, decided again. `earner`: the event that earns, itself or what a refund takes from; all its points are of that event's date."""

    past: Past
    earner: Past
    decided: Decided


class Around(Struct):
    """What the events' decisions see beside rules and customers: merchants as the stream saw them, exchange rates as they are stated now."""

    merchants: Mapping[MerchantAt, MerchantFacts]
    rates: Mapping[str, RateTable]


class FactsAsDecided(CustomerFacts):
    """The customer's facts that each stored decision was made with, whatever has been announced since."""

    def __init__(self, events: Sequence[Past]) -> None:
        super().__init__(())
        self._seen = {past.event.transaction_at: past.customer for past in events if not isinstance(past.event, TransactionRefundedV1)}

    def find_at(self, legal_entity: str, customer_no: str, instant: datetime) -> CustomerChangedV1 | None:
        """Return the facts that the event of this instant was decided with."""
        return self._seen[instant]


def replay(customer: PastCustomer, rules: RuleSet, span: Span, around: Around) -> list[Replayed]:
    """Return what each event of the span comes to under the rules, in the order in which the stream took the events.

    Events outside the span are not decided again: what they gave when they were counts against the limits of those that come after them. A refund belongs
    to the span when what it takes from does. Budgets cut nothing.
    """
    purchases: dict[TransactionKey, Past] = {key_of(past.event): past for past in customer.events if type(past.event) is TransactionPostedV1}
    facts = _facts_of(customer, span, around)
    originals = facts.originals
    usage = facts.usage.of(span.legal_entity, customer.customer_no)
    replayed = []
    for position, past in enumerate(customer.events):
        earner = purchases[original_key_of(past.event)] if isinstance(past.event, TransactionRefundedV1) else past
        if not span.holds(earner.decision.transaction_on):
            usage.add(past.decision, earner.event, earner.decision.transaction_on, earner.rules)
            continue
        facts.batch_no = past.first[0]
        facts.rules = {span.legal_entity: rules.of(trigger_of(past.event))}
        facts.originals = NO_ORIGINALS if isinstance(past.event, Behaviour | MonthBalance) else originals  # whose numbers may be those of transactions
        if rules.has_budgets:
            facts.budgets = book_as_decided(span.legal_entity, past.decision.seen.rooms)
        (decided,) = decide_in_order([Fresh(position, past.event, past.local, None, position)], facts)
        replayed.append(Replayed(past, earner, decided))
    return replayed


def _facts_of(customer: PastCustomer, span: Span, around: Around) -> Facts:
    taken_from = {original_key_of(past.event) for past in customer.events if isinstance(past.event, TransactionRefundedV1)}
    return Facts(
        batch_no=0,
        rules={},
        customers=FactsAsDecided(customer.events),
        usage=UsageBook([(span.legal_entity, customer.customer_no, "")], ()),
        originals=OriginalBook({}, awaited=taken_from),
        merchants=around.merchants,
        rates=around.rates,
    )
