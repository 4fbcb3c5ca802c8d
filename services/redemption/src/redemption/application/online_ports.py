"""What the online use cases ask of the outside, in their own words."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer, Idempotency
from redemption.application.ports import LedgerWork
from redemption.domain.account import Account
from redemption.domain.applications import Application, CustomerFacts, Spent
from redemption.domain.grants import Grant
from redemption.domain.holds import Hold, HoldStatus
from redemption.domain.point_types import PointType
from redemption.domain.pools import Standing
from redemption.domain.quoting import Quote
from redemption.domain.reversals import Effect, KeptSerial, Serial
from redemption.domain.spending import Redemption, Refund
from redemption.domain.transferring import Transfer, TransferRules

#: Makes a new handle for what a call makes.
NewId = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Call:
    """An online write by a channel. The channel's code is its credential's, never the body's."""

    idempotency: Idempotency
    channel: str

    @property
    def legal_entity(self) -> str:
        return self.idempotency.legal_entity


@dataclass(frozen=True, slots=True)
class Made:
    """What a call with a serial made, so that it can be reversed."""

    effect: Effect
    effect_id: str
    customer_no: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What is known when a call's transaction has opened. `kept`: of each of its serials; `application`: the one it names, None when there is none."""

    entity: Entity
    kept: tuple[KeptSerial | None, ...]
    application: Application | None


class Holds(Protocol):
    """Reservations."""

    def find(self, legal_entity: str, reservation_id: str) -> Hold | None:
        """Return a hold, for reading."""
        ...

    def find_for_update(self, legal_entity: str, reservation_id: str) -> tuple[Account, Hold] | None:
        """Hold the date; return the hold's account, locked and settled to it, and the hold as it is under that lock. Raises UnknownEntity."""
        ...

    def add(self, legal_entity: str, hold: Hold, at: datetime) -> None:
        """Write a new hold."""
        ...

    def end(self, legal_entity: str, reservation_id: str, status: HoldStatus, at: datetime, redemption_id: str | None = None) -> None:
        """Write the end of a hold that was found live under its account's lock: a hold ends once."""
        ...

    def list_accounts_with_ended(self, now: datetime, holds_max: int) -> list[tuple[str, str]]:
        """Return (legal_entity, customer_no), in key order, of accounts with holds whose time is up; at most `holds_max` holds are looked at."""
        ...

    def end_expired(self, account: Account, now: datetime) -> None:
        """Release, on the locked account, the holds whose time is up, and write their ends."""
        ...


class Redemptions(Protocol):
    """Points spent and given back."""

    def find_for_update(self, legal_entity: str, redemption_id: str) -> tuple[Account, Redemption] | None:
        """Hold the date; return the redemption's account, locked and settled to it, and the redemption as it is under that lock. Raises UnknownEntity."""
        ...

    def get(self, legal_entity: str, redemption_id: str) -> Redemption:
        """Return a redemption whose account is locked."""
        ...

    def add(self, legal_entity: str, redemption: Redemption, channel: str, at: datetime) -> None:
        """Write a new redemption."""
        ...

    def change(self, legal_entity: str, redemption: Redemption) -> None:
        """Write what is left of a redemption, and its status."""
        ...

    def add_refund(self, legal_entity: str, refund: Refund, channel: str, at: datetime) -> None:
        """Write a refund."""
        ...

    def get_refund(self, legal_entity: str, refund_id: str) -> Refund:
        """Return a refund."""
        ...


class Grants(Protocol):
    """Points given by channels."""

    def add(self, legal_entity: str, grant: Grant, channel: str, at: datetime) -> None:
        """Write a grant."""
        ...

    def get(self, legal_entity: str, grant_id: str) -> Grant:
        """Return a grant."""
        ...


class Transfers(Protocol):
    """Points given by one customer to another."""

    def find_rules(self, legal_entity: str, on: date) -> TransferRules:
        """Return what the console's parameters say of transfers on a business date."""
        ...

    def sent_on(self, legal_entity: str, customer_nos: Collection[str], on: date) -> int:
        """Return the points that a locked account has transferred on a business date, by any of its numbers, less what was reversed."""
        ...

    def get(self, legal_entity: str, transfer_id: str) -> Transfer:
        """Return a transfer."""
        ...

    def add(self, legal_entity: str, transfer: Transfer, channel: str, at: datetime) -> None:
        """Write a transfer."""
        ...

    def mark_reversed(self, legal_entity: str, transfer_id: str) -> None:
        """Write that a transfer was reversed."""
        ...


class Serials(Protocol):
    """The channel serials that have been seen."""

    def keep(self, call: Call, serial: Serial, answer: Answer, made: Made | None, at: datetime) -> None:
        """Keep a call's answer under its serial, and what it made, None when it was refused."""
        ...

    def keep_out(self, call: Call, serial: Serial, at: datetime) -> None:
        """Keep a late call with this serial from being done."""
        ...

    def mark_reversed(self, call: Call, serial: Serial) -> None:
        """Write down that what the call with this serial did has been undone."""
        ...


class Applications(Protocol):
    """What points can be spent on."""

    def list(self, legal_entity: str) -> list[Application]:
        """Return every application of the entity, by code."""
        ...

    def find(self, legal_entity: str, code: str) -> Application | None:
        """Return an application; None: there is none of that code."""
        ...

    def put(self, legal_entity: str, application: Application) -> None:
        """Write an application as it is to be from now on."""
        ...

    def find_customer_facts(self, legal_entity: str, customer_no: str) -> CustomerFacts:
        """Return what core banking last said of a customer."""
        ...

    def spent(self, account: Account, application: str) -> Spent:
        """Return what a locked account, by any of its numbers, has spent or holds on an application on its business date and in that month."""
        ...


class Quotes(Protocol):
    """Points and cash that were offered."""

    def find(self, legal_entity: str, quote_id: str) -> Quote | None:
        """Return a quote; None: there is none of that id."""
        ...

    def add(self, legal_entity: str, quote: Quote, channel: str, at: datetime) -> None:
        """Write a quote."""
        ...

    def use(self, legal_entity: str, quote_id: str, used_by: str) -> None:
        """Write what was made at a quote, under its customer's lock."""
        ...


class Merchants(Protocol):
    """Where points can be spent."""

    def find_status(self, legal_entity: str, merchant_no: str) -> str | None:
        """Return a merchant's status; None for one that was never announced."""
        ...


class OnlineWork(LedgerWork, Protocol):
    """One transaction of an online call."""

    @property
    def holds(self) -> Holds: ...

    @property
    def redemptions(self) -> Redemptions: ...

    @property
    def grants(self) -> Grants: ...

    @property
    def transfers(self) -> Transfers: ...

    @property
    def serials(self) -> Serials: ...

    @property
    def applications(self) -> Applications: ...

    @property
    def quotes(self) -> Quotes: ...

    @property
    def merchants(self) -> Merchants: ...

    def find_point_types(self, legal_entity: str, on: date) -> Mapping[str, PointType]:
        """Return an entity's point types on a business date, by code."""
        ...

    def find_institution(self, legal_entity: str, customer_no: str) -> str | None:
        """Return whose the customer is; None for one never announced, or announced without an institution."""
        ...

    def find_pool_standing(self, owner: Account, member_no: str) -> Standing | None:
        """Return how a member stands to the owner whose account is locked; None: in no active pool of that owner."""
        ...

    def open(self, call: Call, serials: Sequence[Serial], application: str | None = None) -> Opened:
        """Hold the entity's date, then the serials, waiting for a call under way with one of them; return what is known. Raises UnknownEntity."""
        ...


BeginOnlineWork = Callable[[], AbstractContextManager[OnlineWork]]
