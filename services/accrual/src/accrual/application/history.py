"""The stored history that what-if and recalculation decide again: posted transactions of a range of dates, with their refunds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from msgspec import Struct

from accrual.application.facts import Decided, Place
from accrual.domain.decision import Decision, Given
from accrual.domain.limits import WHOLE
from accrual.domain.refund import OriginalLeft
from accrual.domain.rule_set import RuleSet
from accrual.domain.trigger import Trigger
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1

_MONTHS_A_YEAR: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Transaction dates of one entity, `from_on` included, `to_on` not."""

    legal_entity: str
    from_on: date
    to_on: date

    def holds(self, on: date) -> bool:
        """Tell whether a transaction date is in it."""
        return self.from_on <= on < self.to_on


class Past(Struct, gc=False):
    """A decision that stands, with what it was made from.

    `first`: where the event's first decision stood, which tells the order in which the stream took the events. `rules`: those it was decided with.
    """

    place: Place
    first: Place
    event: TransactionPostedV1
    local: datetime
    decision: Decision
    rules: RuleSet
    customer: CustomerChangedV1 | None
    traceparent: str | None


class PastCustomer(Struct, gc=False):
    """The decisions of one customer's events (transactions, behaviours, balances) and of their refunds, in the order in which the stream took the events."""

    customer_no: str
    events: Sequence[Past]


class Revision(Struct, gc=False):
    """A decision that takes the place of an earlier one.

    `posted`: the differences to publish, on the earning event for its refunds too. `left`: what its refunds leave of it, where it has any.
    """

    past: Past
    decided: Decided
    posted: tuple[Given, ...]
    left: OriginalLeft | None = None


def span_that_counts(span: Span, rules: RuleSet) -> Span:
    """Return the dates whose events the limits, counts and remainders of decisions in a span read: the span itself where no rule has any."""
    documents: set[str] = set()
    on = span.from_on
    while on < span.to_on:
        documents.update(*(rules.of(trigger).months_counted(on) for trigger in Trigger))
        on += timedelta(days=1)
    if WHOLE in documents:
        return Span(legal_entity=span.legal_entity, from_on=date.min, to_on=date.max)
    months = sorted(date.fromisoformat(f"{document}-01") for document in documents)
    if not months:
        return span
    return Span(legal_entity=span.legal_entity, from_on=min(months[0], span.from_on), to_on=max(_next_month(months[-1]), span.to_on))


def _next_month(first: date) -> date:
    return date(first.year + first.month // _MONTHS_A_YEAR, first.month % _MONTHS_A_YEAR + 1, 1)
