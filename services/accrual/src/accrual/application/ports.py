"""What accrual's use cases need of the world, in their own words. `adapters/unit_of_work.py` makes it real."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from accrual.application.campaign_ports import Budgets, Campaigns
from accrual.application.explained import Explainable
from accrual.application.facts import CustomerFacts, Decided, MerchantAt, OriginalBook, Place, TransactionKey, UsageBook, UsageKey, WaitingBook, WaitingRefund
from accrual.application.history import Revision
from accrual.application.month_balances import Balances
from accrual.application.rule_records import RuleRecord, WantedRules
from accrual.application.run_ports import Costs, History, Recalculations, Revisions, Simulations
from accrual.application.waiting_earnings import WaitingEarnings
from accrual.domain.converting import RateTable
from accrual.domain.merchant_facts import MerchantFacts
from accrual.domain.occasions import MonthBalance
from accrual.domain.refund import Original
from accrual.domain.rule_set import RuleSet
from accrual.domain.trigger import Trigger
from loyalty_shared.contracts.core import BehaviourOccurredV1, CustomerChangedV1, TransactionPostedV1
from loyalty_shared.contracts.merchant import MerchantChangedV1
from loyalty_shared.contracts.redemption import CustomerMergedV1
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.business_keys import Claim
from loyalty_shared.persistence.dead_letters import Rejected
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer, Idempotency


class Offsets(Protocol):
    """The consumer's place in its partition."""

    def advance(self, batch: Batch[Any]) -> None:
        """Move past the batch. Raises Fenced when another owner went on: nothing of this transaction may stay."""
        ...


class Entities(Protocol):
    """The legal entities and their business dates."""

    def hold_dates(self, legal_entities: Collection[str]) -> Mapping[str, Entity]:
        """Hold the dates until the transaction ends; return the entities that are known."""
        ...

    def hold_dates_exclusively(self, legal_entities: Collection[str]) -> Mapping[str, Entity]:
        """Wait until no decision of these entities is under way and let none begin until the transaction ends; return the entities that are known."""
        ...

    def get(self, legal_entity: str) -> Entity:
        """Return one entity without holding its date. Raises UnknownEntity."""
        ...


class Batches(Protocol):
    """The committed batches, each with its summary for `loyalty.accrual.batches`."""

    def begin(self, at: datetime, *, may_repeat: bool = False) -> int:
        """Return the number of this transaction's batch. `may_repeat`: it is decided because somebody asked, and a restored database may be asked again."""
        ...

    def summarise(self, batch_no: int, decided: Sequence[Decided]) -> None:
        """Post the batch's counts, points and amounts."""
        ...

    def summarise_revisions(self, batch_no: int, revisions: Sequence[Revision]) -> None:
        """Post the points that revisions give and take: their events were counted when they came."""
        ...


class BusinessKeys(Protocol):
    """The keys of all that ever came."""

    def claim(self, events: Sequence[TransactionPostedV1], batch_no: int) -> Claim:
        """Claim each event's key for its position in this batch; tell repeats and conflicts."""
        ...

    def claim_behaviours(self, events: Sequence[BehaviourOccurredV1], batch_no: int) -> Claim:
        """Claim each behaviour's key likewise: a behaviour and a transaction may have the same number."""
        ...

    def claim_months(self, months: Sequence[MonthBalance], batch_no: int) -> Claim:
        """Claim the key of each account's month, which is what its decision is found by."""
        ...

    def hold_to_revise(self, events: Sequence[TransactionPostedV1]) -> None:
        """Keep the events' decisions as they stand until the transaction ends: no refund takes from them meanwhile."""
        ...

    def move(self, moved: Sequence[tuple[WaitingRefund, Place]]) -> None:
        """Point the keys of refunds that have waited to their final decisions."""
        ...


class Rules(Protocol):
    """The rule sets that transactions are decided with."""

    def in_force(self, legal_entities: Collection[str]) -> Mapping[str, RuleSet]:
        """Return each entity's current rule set; number 0, without a rule, where none was ever approved."""
        ...

    def get(self, number: int) -> RuleSet:
        """Return the rule set of a number."""
        ...


class RuleVersions(Protocol):
    """The versions of rules, from draft to stopped."""

    def lock(self, legal_entity: str) -> None:
        """Keep other changes of the entity's rules out until the transaction ends."""
        ...

    def add(self, legal_entity: str, code: str, document: dict[str, Any], made_by: str, at: datetime) -> RuleRecord:
        """Keep a new draft as the next version of its code."""
        ...

    def find(self, legal_entity: str, code: str, version: int) -> RuleRecord | None:
        """Return one version, or None."""
        ...

    def save(self, record: RuleRecord) -> None:
        """Keep a version's new status, checker and stop."""
        ...

    def list_page(self, legal_entity: str, wanted: WantedRules, after: tuple[str, int] | None, limit: int) -> list[RuleRecord]:
        """Return the versions that are wanted, by code and version, after the given one."""
        ...

    def list_in_force(self, legal_entity: str) -> list[RuleRecord]:
        """Return the approved and the stopped versions: the members of the entity's current rule set."""
        ...

    def publish(self, legal_entity: str, members: Sequence[RuleRecord], at: datetime) -> int:
        """Make the entity's next rule set of these versions and return its number."""
        ...


class Customers(Protocol):
    """Customers' facts, as they have arrived."""

    def load(self, events: Sequence[TransactionPostedV1]) -> CustomerFacts:
        """Return the versions of the customers' facts that these events can see."""
        ...

    def list_versions(self, legal_entity: str, customer_no: str, limit: int) -> list[CustomerChangedV1]:
        """Return a customer's versions, latest first."""
        ...

    def add(self, versions: Sequence[CustomerChangedV1]) -> Claim:
        """Keep the versions that are new; tell repeats and conflicts (the same customer and `changed_at` with other content)."""
        ...


class Merchants(Protocol):
    """Merchants' facts, as the merchant service has published them."""

    def load(self, wanted: Collection[MerchantAt]) -> Mapping[MerchantAt, MerchantFacts]:
        """Return the facts that each (entity, merchant, batch) saw or sees; none of a merchant that was not known by then."""
        ...

    def add(self, batch_no: int, changes: Sequence[MerchantChangedV1]) -> int:
        """Keep the changes, one of each merchant at most, that are later than what is known; return how many were."""
        ...


class Merges(Protocol):
    """Customer numbers that became one, as the ledger has told."""

    def record(self, event: CustomerMergedV1) -> None:
        """Keep a merge, or that one was undone, and who answers for whom from now on."""
        ...


class Rates(Protocol):
    """The exchange rates, as the console has stated them."""

    def load(self, legal_entities: Collection[str]) -> Mapping[str, RateTable]:
        """Return the rates of these entities; none of one that has stated none."""
        ...


class UsageRows(Protocol):
    """What limits have counted, one row per customer and month."""

    def read(self, wanted: Collection[UsageKey]) -> UsageBook:
        """Return the rows without locking any."""
        ...

    def hold(self, wanted: Collection[UsageKey]) -> UsageBook:
        """Lock and return the rows, in key order, after making those that are missing."""
        ...

    def post(self, book: UsageBook) -> None:
        """Write back what has changed, in key order. Raises UsageChanged when a row is no longer as it was read."""
        ...


class Originals(Protocol):
    """Purchases as their refunds see them."""

    def hold(self, keys: Collection[TransactionKey], *, before_batch: int) -> Mapping[TransactionKey, tuple[Place, Original]]:
        """Return the purchases that are known, with what is left of each locked.

        One decided by a batch with a higher number is not seen: it will be published after this batch, and its refund must come after it.
        """
        ...

    def post(self, book: OriginalBook) -> None:
        """Write what is left of the purchases that were taken from."""
        ...


class Decisions(Protocol):
    """The record of every event."""

    def post(self, batch_no: int, decided: Sequence[Decided]) -> None:
        """Write the decisions, which are also what the relay publishes."""
        ...

    def find(self, key: TransactionKey, trigger: Trigger) -> Explainable | None:
        """Return one decision with what it was made from, or None when the event has not come. The trigger tells the numbering that the key is of."""
        ...

    def list_earlier(self, current: Explainable) -> list[Explainable]:
        """Return the decisions of an event whose place the current one took, latest first."""
        ...

    def list_of_customer(self, legal_entity: str, customer_no: str, before: Place | None, limit: int) -> list[tuple[Place, Explainable]]:
        """Return a customer's decisions, newest first, that stand before the given place."""
        ...

    def list_institutions(self, legal_entity: str, customer_no: str) -> list[str]:
        """Return the institutions that a customer's transactions name, each once."""
        ...


class WaitingRefunds(Protocol):
    """Refunds and reversals whose purchase has not come."""

    def hold_for(self, events: Sequence[TransactionPostedV1]) -> list[WaitingRefund]:
        """Return those that wait for one of these purchases, locked, in the order they came."""
        ...

    def hold_matching(self, limit: int) -> list[WaitingRefund]:
        """Return those whose purchase has been decided meanwhile, locked, in the order they came."""
        ...

    def post(self, batch_no: int, book: WaitingBook, at: datetime) -> None:
        """Keep the batch's refunds that wait; forget the stored ones that were matched, with the decisions that said they waited."""
        ...

    def count(self) -> tuple[int, datetime | None]:
        """Return how many wait, and since when the oldest does."""
        ...


class DeadLetters(Protocol):
    """Records set aside."""

    def post(self, batch_no: int, group: str, rejected: Sequence[Rejected], at: datetime) -> None:
        """Keep them, to be published to the group's dead-letter topic."""
        ...


class Answers(Protocol):
    """The answers kept for each Idempotency-Key."""

    def find(self, call: Idempotency) -> Answer | None:
        """Return the answer this call must get without doing anything; None when it is the first."""
        ...

    def keep(self, call: Idempotency, answer: Answer, at: datetime) -> Answer:
        """Keep the answer with its effect."""
        ...


class UnitOfWork(Protocol):
    """One transaction on accrual's database."""

    @property
    def offsets(self) -> Offsets: ...
    @property
    def entities(self) -> Entities: ...
    @property
    def batches(self) -> Batches: ...
    @property
    def business_keys(self) -> BusinessKeys: ...
    @property
    def rules(self) -> Rules: ...
    @property
    def rule_versions(self) -> RuleVersions: ...
    @property
    def campaigns(self) -> Campaigns: ...
    @property
    def budgets(self) -> Budgets: ...
    @property
    def customers(self) -> Customers: ...
    @property
    def merchants(self) -> Merchants: ...
    @property
    def balances(self) -> Balances: ...
    @property
    def merges(self) -> Merges: ...

    @property
    def rates(self) -> Rates: ...
    @property
    def usage(self) -> UsageRows: ...
    @property
    def originals(self) -> Originals: ...
    @property
    def decisions(self) -> Decisions: ...
    @property
    def waiting_earnings(self) -> WaitingEarnings: ...
    @property
    def waiting_refunds(self) -> WaitingRefunds: ...
    @property
    def dead_letters(self) -> DeadLetters: ...
    @property
    def answers(self) -> Answers: ...
    @property
    def history(self) -> History: ...
    @property
    def simulations(self) -> Simulations: ...
    @property
    def costs(self) -> Costs: ...
    @property
    def recalculations(self) -> Recalculations: ...
    @property
    def revisions(self) -> Revisions: ...


#: Opens one transaction: committed when the block ends, rolled back when it raises.
BeginUnitOfWork = Callable[[], AbstractContextManager[UnitOfWork]]
