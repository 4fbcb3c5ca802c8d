"""From points earned and clawed back (accrual's topic) to entries of the points ledger."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from loyalty_shared.contracts.accrual import PointsClawedBackV1, PointsEarnedV1
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.dead_letters import Fault, Rejected
from loyalty_shared.persistence.entity_dates import Entity
from redemption.domain.account import Account
from redemption.domain.earnings import apply
from redemption.domain.sliding import SLIDING_POLICY

#: A customer in an entity, as accounts are keyed and locked.
AccountKey = tuple[str, str]


class AccountsChanged(Exception):
    """An account was changed by another transaction after it was read here: the batch has to be posted again, with the accounts held."""


class Posting(Protocol):
    """The rows of one batch, on their way into the ledger."""

    def credit(self, event: PointsEarnedV1, key: AccountKey) -> None:
        """Credit points to an account that owes nothing and whose lots need not be looked at."""
        ...

    def post(self, account: Account) -> None:
        """Take the entries, lots and balances of an account that was looked at."""
        ...

    def write(self) -> None:
        """Write everything, with as few statements as can be. Raises AccountsChanged."""
        ...


class CreditingWork(Protocol):
    """One transaction on the ledger for a whole batch of accrual's events."""

    def advance(self, batch: Batch[Any]) -> None:
        """Move the consumer's place past the batch. Raises Fenced when another owner has gone on."""
        ...

    def hold_dates(self, legal_entities: Collection[str]) -> Mapping[str, Entity]:
        """Keep the entities' business dates from moving until the transaction ends; entities not known here are left out."""
        ...

    def read_accounts(self, keys: Collection[AccountKey]) -> Collection[AccountKey]:
        """Read the accounts without holding them; return those to look at. `Posting.write` finds out when one was changed meanwhile."""
        ...

    def lock_accounts(self, keys: Collection[AccountKey]) -> Collection[AccountKey]:
        """Make the accounts that are missing and lock all, in key order; return those to look at: they owe points, or have sliding ones."""
        ...

    def survivors(self, keys: Collection[AccountKey]) -> Mapping[AccountKey, AccountKey]:
        """Return which accounts that were read were merged, and into which: those that answer for them."""
        ...

    def confirm(self, survivors: Mapping[AccountKey, AccountKey]) -> None:
        """Raise AccountsChanged unless the held accounts still answer for those that were merged into them."""
        ...

    def not_posted(self, events: Sequence[PointsEarnedV1]) -> Sequence[PointsEarnedV1]:
        """Return the events whose cause has no entry yet."""
        ...

    def load(self, keys: Collection[AccountKey], entities: Mapping[str, Entity], at: datetime) -> Mapping[AccountKey, Account]:
        """Return locked accounts with their lots, settled to their entities' business dates, with the holds ended whose time was up."""
        ...

    def begin_posting(self, at: datetime, entities: Mapping[str, Entity], partition: int) -> Posting:
        """Open the batch that the relay publishes; its rows go to the partition that the events came in."""
        ...

    def set_aside(self, batch: Batch[Any], rejected: Sequence[Rejected], at: datetime) -> None:
        """Keep the records that could not be read."""
        ...


@dataclass(frozen=True, slots=True)
class CreditEarnedPoints:
    """Posts a batch of points earned and clawed back to the ledger, each exactly once. Safe to run twice: the second time it is fenced.

    Most accounts are simply credited. One that owes points or has sliding ones, or that something is taken back from or lapses in, is looked at: its events
    go through the account itself, one by one and in order.
    """

    begin: Callable[[], AbstractContextManager[CreditingWork]]
    clock: Clock

    def __call__(self, batch: Batch[PointsEarnedV1]) -> None:
        """Post the batch.

        Accounts are read without locks, as one worker nearly always has a customer to itself, and held only while they are written; where another did post
        meanwhile, the batch is posted again with its accounts held from the start.
        """
        try:
            self._credit(batch, hold_accounts=False)
        except AccountsChanged:
            try:
                self._credit(batch, hold_accounts=True)
            except AccountsChanged:  # a number was merged just then
                self._credit(batch, hold_accounts=True)

    def _credit(self, batch: Batch[PointsEarnedV1], *, hold_accounts: bool) -> None:
        with self.begin() as work:
            work.advance(batch)
            entities = work.hold_dates({event.legal_entity for event in batch.events})
            events, rejected = divide_by_entity(batch, entities)
            keys = sorted({(event.legal_entity, event.customer_no) for event in events})
            marked = set(work.read_accounts(keys))
            survivors = work.survivors(marked)
            careful = marked | keys_to_look_at(events, entities)
            if survivors:
                careful = {survivors.get(key, key) for key in careful}
                keys = sorted({survivors.get(key, key) for key in keys})
            if hold_accounts:
                careful |= set(work.lock_accounts(keys))
            else:
                work.lock_accounts(sorted(careful))  # their lots are looked at, so nobody may touch them meanwhile
            work.confirm(survivors)
            at = self.clock.now()  # after the accounts were read or locked, so that an account's entries are in the order of their instants
            if rejected:
                work.set_aside(batch, rejected, at)
            if batch.catching_up or batch.retry_of is not None:  # a restored accrual may have published the letter's event again, and it was posted
                events = work.not_posted(events)
            if events:
                posting = work.begin_posting(at, entities, batch.partition)
                post_events(events, work.load(careful, entities, at), posting, survivors)


def divide_by_entity(batch: Batch[PointsEarnedV1], entities: Mapping[str, Entity]) -> tuple[Sequence[PointsEarnedV1], Sequence[Rejected]]:
    """Return the events of known entities, and everything that has to be set aside: what could not be read, and events of entities never heard of."""
    if all(event.legal_entity in entities for event in batch.events):
        return batch.events, batch.rejected
    unknown = [
        batch.reject(index, Fault.UNKNOWN_ENTITY, f"legal_entity: {event.legal_entity!r} is not known here; retry once it is", **_source_of(event))
        for index, event in enumerate(batch.events)
        if event.legal_entity not in entities
    ]
    return [event for event in batch.events if event.legal_entity in entities], [*batch.rejected, *unknown]


def _source_of(event: PointsEarnedV1) -> dict[str, str]:
    return {"legal_entity": event.legal_entity, "source_system": event.cause.source_system}


def keys_to_look_at(events: Sequence[PointsEarnedV1], entities: Mapping[str, Entity]) -> set[AccountKey]:
    """Return the accounts that points are taken back from, or that points arrive for which have lapsed already, or slide."""
    dates = {code: entity.business_on for code, entity in entities.items()}
    return {
        (event.legal_entity, event.customer_no)
        for event in events
        if type(event) is PointsClawedBackV1
        or (event.expires_on is not None and (event.expires_on < dates[event.legal_entity] or event.expiry_policy.startswith(SLIDING_POLICY)))
    }


def post_events(events: Sequence[PointsEarnedV1], accounts: Mapping[AccountKey, Account], posting: Posting, survivors: Mapping[AccountKey, AccountKey]) -> None:
    """Post the events: to the accounts that have to be looked at through the account itself, to all others directly.

    `survivors`: of customer numbers that were merged, the account that answers for them; its entries keep the number that came in.
    """
    looked_at: defaultdict[AccountKey, list[PointsEarnedV1]] = defaultdict(list)
    for event in events:
        key = (event.legal_entity, event.customer_no)
        if survivors:
            key = survivors.get(key, key)
        if key in accounts:
            looked_at[key].append(event)
        else:
            posting.credit(event, key)
    for key, theirs in looked_at.items():
        account = accounts[key]
        for event in theirs:
            account.came_by = event.customer_no if survivors and event.customer_no != account.customer_no else None
            apply(event, account)
        posting.post(account)
    posting.write()
