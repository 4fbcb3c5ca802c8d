"""What one batch's decisions are made from, loaded with one query per kind for the whole batch, and what they change."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import attrgetter, itemgetter
from typing import Final

from msgspec import Struct, structs

from accrual.application.budget_book import BudgetBook
from accrual.application.waiting_earnings import WaitingEarningsBook
from accrual.domain.converting import RateTable
from accrual.domain.decision import Decision
from accrual.domain.limits import WHOLE
from accrual.domain.merchant_facts import MerchantFacts
from accrual.domain.refund import Original, OriginalLeft
from accrual.domain.rule_set import RuleSet
from accrual.domain.usage import NO_USAGE, Usage, month_of
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1, TransactionRefundedV1

#: (legal entity, source system, transaction number, leg).
TransactionKey = tuple[str, str, str, int]
#: (batch_no, position) of a decision.
Place = tuple[int, int]
#: (legal entity, customer number).
CustomerKey = tuple[str, str]
#: (legal entity, merchant number, number of the batch that sees the merchant): facts are those recorded before that batch.
MerchantAt = tuple[str, str, int]
#: (legal entity, customer number, month of the transaction date).
UsageKey = tuple[str, str, str]


class UsageChanged(Exception):
    """Another transaction has counted for one of the customers since their usage was read: decide again, with the usage held."""


def key_of(event: TransactionPostedV1) -> TransactionKey:
    """Return the business key of a transaction, refund or reversal."""
    return (event.legal_entity, event.source_system, event.transaction_no, event.leg)


def original_key_of(refund: TransactionRefundedV1) -> TransactionKey:
    """Return the business key of what a refund or reversal takes from; its own source system unless it names another."""
    return (refund.legal_entity, refund.original_source_system or refund.source_system, refund.original_transaction_no, refund.original_leg)


def months_given_back(original: Original) -> set[UsageKey]:
    """Return the usage rows (entity, customer, document) that a refund of this purchase gives back to; none when nothing was counted of it."""
    on = original.decision.transaction_on
    counted = original.rules.months_counted(on)
    return {(original.event.legal_entity, original.event.customer_no, document) for document in counted if document in (month_of(on), WHOLE)}


def reads_several_months(counted: Collection[UsageKey]) -> bool:
    """Tell whether some customer's decisions read more than one month row, as those under a limit per year do: only the row that is written is compared."""
    return len(counted) > len({(legal_entity, customer_no) for legal_entity, customer_no, _ in counted})


def merchant_seen(event: TransactionPostedV1, on: date, rules: RuleSet, batch_no: int) -> MerchantAt | None:
    """Return which merchant's facts the decision of a transaction sees; None when no rule in force on its date asks."""
    return (event.legal_entity, event.merchant_no, batch_no) if event.merchant_no is not None and rules.sees_merchants(on) else None


class Fresh(Struct, gc=False):
    """An event that this batch decides, at `position`, with its time in the entity's zone; `index` is its place among the batch's records."""

    position: int
    event: TransactionPostedV1
    local: datetime
    traceparent: str | None
    index: int


class Decided(Struct, gc=False):
    """A decision as it is posted. `owner`: the customer whose points these are (a refund's original's); `original_at`: the decision a refund takes from."""

    position: int
    event: TransactionPostedV1
    decision: Decision
    owner: str
    facts_at: datetime | None = None
    original_at: Place | None = None
    traceparent: str | None = None


class WaitingRefund(Struct):
    """A refund or reversal whose original had not come, with the place of the decision that says so."""

    place: Place
    refund: TransactionRefundedV1
    local: datetime
    traceparent: str | None


_changed_at: Final = attrgetter("changed_at")


class CustomerFacts:
    """The facts of the batch's customers: every version that one of its transactions can see."""

    def __init__(self, versions: Iterable[CustomerChangedV1]) -> None:
        self._versions: dict[CustomerKey, list[CustomerChangedV1]] = {}
        for version in versions:
            self._versions.setdefault((version.legal_entity, version.customer_no), []).append(version)
        for known in self._versions.values():
            if len(known) > 1:
                known.sort(key=_changed_at)

    def find_at(self, legal_entity: str, customer_no: str, instant: datetime) -> CustomerChangedV1 | None:
        """Return the facts with the latest `changed_at` not after the instant, else the earliest known; None for a customer never announced."""
        versions = self._versions.get((legal_entity, customer_no))
        if versions is None:
            return None
        if len(versions) == 1:
            return versions[0]
        return versions[max(bisect_right(versions, instant, key=_changed_at) - 1, 0)]


class UsageBook:
    """What the limits of the batch's customers have counted, over their month rows and the version in which each row was read."""

    def __init__(self, wanted: Iterable[UsageKey], rows: Iterable[tuple[str, str, str, int, dict[str, int]]]) -> None:
        self._by_customer: dict[CustomerKey, Usage] = {(legal_entity, customer_no): Usage({}) for legal_entity, customer_no, _ in wanted}
        self._versions: dict[UsageKey, int] = {}
        for legal_entity, customer_no, month, version, counters in rows:
            self._by_customer[legal_entity, customer_no].months[month] = counters
            self._versions[legal_entity, customer_no, month] = version

    def of(self, legal_entity: str, customer_no: str) -> Usage:
        """Return a customer's usage; of one without a row, the usage that is never written: no rule in force counts for it."""
        return self._by_customer.get((legal_entity, customer_no), NO_USAGE)

    def changed(self) -> list[tuple[UsageKey, int, dict[str, int]]]:
        """Return the month rows to write back, in key order, each with the version it was read in; 0: it was not there."""
        rows = [((*customer, month), usage.months[month]) for customer, usage in self._by_customer.items() for month in usage.changed]
        rows.sort(key=itemgetter(0))
        return [(key, self._versions.get(key, 0), counters) for key, counters in rows]


class OriginalBook:
    """The purchases that refunds of this batch take from: those stored, those decided in this batch, and what is left of each."""

    def __init__(self, stored: Mapping[TransactionKey, tuple[Place, Original]], awaited: Iterable[TransactionKey]) -> None:
        self._found = dict(stored)
        self._awaited = frozenset(awaited)
        self._left_changed: set[TransactionKey] = set()

    def find(self, key: TransactionKey) -> tuple[Place, Original] | None:
        """Return a purchase and where its decision stands, or None when it has not come."""
        return self._found.get(key)

    def get(self, key: TransactionKey) -> tuple[Place, Original]:
        """Return a purchase that is known to be here."""
        return self._found[key]

    def awaits(self, event: TransactionPostedV1) -> bool:
        """Tell whether a refund of this batch, or one that waits, is of this purchase."""
        return bool(self._awaited) and key_of(event) in self._awaited

    def add(self, place: Place, original: Original) -> None:
        """Note a purchase decided in this batch."""
        self._found[key_of(original.event)] = (place, original)

    def take(self, key: TransactionKey, left: OriginalLeft) -> None:
        """Note what a refund has left of its original."""
        place, original = self._found[key]
        self._found[key] = (place, structs.replace(original, left=left))
        self._left_changed.add(key)

    def changed(self) -> list[tuple[Place, OriginalLeft]]:
        """Return what is now left of each purchase that refunds of this batch took from."""
        return [(place, original.left) for place, original in (self._found[key] for key in self._left_changed)]


class WaitingBook:
    """Refunds that wait: those stored whose purchase is in this batch, and those of this batch whose purchase is not known yet."""

    def __init__(self, stored: Iterable[WaitingRefund] = ()) -> None:
        self._waiting: dict[TransactionKey, list[WaitingRefund]] = {}
        self.matched: list[tuple[WaitingRefund, Place]] = []
        for waiting in stored:
            self.add(waiting)

    def add(self, waiting: WaitingRefund) -> None:
        """Let a refund wait for its purchase."""
        self._waiting.setdefault(original_key_of(waiting.refund), []).append(waiting)

    def take(self, key: TransactionKey) -> list[WaitingRefund]:
        """Return the refunds that waited for this purchase, in the order they came; they wait no longer."""
        return self._waiting.pop(key, [])

    def of_batch(self, batch_no: int) -> list[WaitingRefund]:
        """Return the refunds of this batch that still wait."""
        return [waiting for group in self._waiting.values() for waiting in group if waiting.place[0] == batch_no]


@dataclass(slots=True)
class Facts:
    """All that the decisions of one batch see. `next_position`: where the decision of a refund that has waited will stand."""

    batch_no: int
    rules: Mapping[str, RuleSet]
    customers: CustomerFacts
    usage: UsageBook
    originals: OriginalBook
    merchants: Mapping[MerchantAt, MerchantFacts] = field(default_factory=dict)
    rates: Mapping[str, RateTable] = field(default_factory=dict)
    waiting: WaitingBook = field(default_factory=WaitingBook)
    waiting_earnings: WaitingEarningsBook = field(default_factory=WaitingEarningsBook)
    budgets: BudgetBook = field(default_factory=lambda: BudgetBook({}))
    next_position: int = 0
