"""The online use cases' ports in memory, for one customer: what the properties are tried on."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer, Idempotency
from redemption.application.online_ports import Call, Made, Opened
from redemption.domain.account import Account
from redemption.domain.applications import FIRST_APPLICATIONS, Application
from redemption.domain.entries import Entry
from redemption.domain.grants import Grant
from redemption.domain.holds import Hold, HoldStatus
from redemption.domain.point_types import FIRST_POINT_TYPES, PointType
from redemption.domain.reversals import KeptSerial, Serial
from redemption.domain.spending import Redemption, Refund

ENTITY = "001"
CUSTOMER = "C0000001"


@dataclass
class Memory:
    """Everything that would be in the database, and the clock; it is every port at once, because no two of them share a method's name with another meaning."""

    at: datetime = datetime(2026, 3, 1, 4, tzinfo=UTC)
    business_on: date = date(2026, 3, 1)
    account: Account = field(default_factory=lambda: Account(legal_entity=ENTITY, customer_no=CUSTOMER))
    entries: list[Entry] = field(default_factory=list)
    holds: dict[str, Hold] = field(default_factory=dict)
    redemptions: dict[str, Redemption] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    serials: dict[Serial, KeptSerial] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    ids: int = 0

    def now(self) -> datetime:
        return self.at

    def new_id(self) -> str:
        self.ids += 1
        return f"{self.ids:08d}"

    @contextmanager
    def begin(self) -> Iterator["MemoryWork"]:
        yield MemoryWork(self)

    def settled(self) -> Account:
        """Return the account as reading shows it: settled, and without the holds whose time is up."""
        account = deepcopy(self.account)
        account.settle(self.business_on)
        for hold in self.live_holds():
            if hold.status_at(self.at) is HoldStatus.EXPIRED:
                account.release(hold.lots)
        return account

    def live_holds(self) -> list[Hold]:
        return [hold for hold in self.holds.values() if hold.status is HoldStatus.RESERVED]


class MemoryWork:
    """One transaction's ports over the memory."""

    def __init__(self, memory: Memory) -> None:
        self.accounts = MemoryAccounts(memory)
        self.answers = MemoryAnswers(memory)
        self.holds = MemoryHolds(memory, self.accounts)
        self.redemptions = MemoryRedemptions(memory, self.accounts)
        self.grants = MemoryGrants(memory)
        self.serials = MemorySerials(memory)
        self.applications = MemoryApplications()
        self.merchants = MemoryMerchants()
        self._memory = memory

    def find_point_types(self, legal_entity: str, on: date) -> Mapping[str, PointType]:
        return FIRST_POINT_TYPES

    def hold_date(self, legal_entity: str) -> Entity:
        return Entity(legal_entity=legal_entity, zone=ZoneInfo("Asia/Shanghai"), business_on=self._memory.business_on, retention_years=15)

    def open(self, call: Call, serials: Sequence[Serial], application: str | None = None) -> Opened:
        applications = {known.code: known for known in self.applications.list(call.legal_entity)}
        return Opened(
            entity=self.hold_date(call.legal_entity),
            kept=tuple(self._memory.serials.get(serial) for serial in serials),
            application=applications.get(application or ""),
        )


@dataclass
class MemoryAnswers:
    memory: Memory

    def find(self, call: Idempotency) -> Answer | None:
        kept = self.memory.answers.get(call.key)
        return replace(kept, replayed=True) if kept else None

    def keep(self, call: Idempotency, answer: Answer, at: datetime) -> Answer:
        self.memory.answers[call.key] = answer
        return answer


@dataclass
class MemoryAccounts:
    memory: Memory

    def find(self, legal_entity: str, customer_no: str, on: date) -> Account | None:
        return self.memory.settled()

    def find_for_update(self, legal_entity: str, customer_no: str, on: date) -> Account | None:
        account = deepcopy(self.memory.account)
        account.settle(on)
        return account

    def open_for_update(self, legal_entity: str, customer_no: str, on: date) -> Account:
        account = self.find_for_update(legal_entity, customer_no, on)
        assert account is not None
        return account

    def post(self, account: Account, at: datetime) -> None:
        self.memory.entries += account.entries
        account.entries.clear()
        account.touched.clear()
        self.memory.account = account


@dataclass
class MemoryHolds:
    memory: Memory
    accounts: MemoryAccounts

    def find(self, legal_entity: str, reservation_id: str) -> Hold | None:
        return self.memory.holds.get(reservation_id)

    def find_for_update(self, legal_entity: str, reservation_id: str) -> tuple[Account, Hold] | None:
        hold = self.memory.holds.get(reservation_id)
        return (self.accounts.open_for_update(legal_entity, CUSTOMER, self.memory.business_on), hold) if hold else None

    def add(self, legal_entity: str, hold: Hold, at: datetime) -> None:
        self.memory.holds[hold.reservation_id] = hold

    def end(self, legal_entity: str, reservation_id: str, status: HoldStatus, at: datetime, redemption_id: str | None = None) -> None:
        hold = self.memory.holds[reservation_id]
        assert hold.status is HoldStatus.RESERVED, "a hold ends once"
        self.memory.holds[reservation_id] = replace(hold, status=status, redemption_id=redemption_id)

    def list_accounts_with_ended(self, now: datetime, holds_max: int) -> list[tuple[str, str]]:
        return [(ENTITY, CUSTOMER)] if any(hold.status_at(now) is HoldStatus.EXPIRED for hold in self.memory.live_holds()) else []

    def end_expired(self, account: Account, now: datetime) -> None:
        for hold in self.memory.live_holds():
            if hold.status_at(now) is HoldStatus.EXPIRED:
                account.release(hold.lots)
                self.end(ENTITY, hold.reservation_id, HoldStatus.EXPIRED, now)


@dataclass
class MemoryRedemptions:
    memory: Memory
    accounts: MemoryAccounts

    def find_for_update(self, legal_entity: str, redemption_id: str) -> tuple[Account, Redemption] | None:
        redemption = self.memory.redemptions.get(redemption_id)
        return (self.accounts.open_for_update(legal_entity, CUSTOMER, self.memory.business_on), redemption) if redemption else None

    def get(self, legal_entity: str, redemption_id: str) -> Redemption:
        return self.memory.redemptions[redemption_id]

    def add(self, legal_entity: str, redemption: Redemption, channel: str, at: datetime) -> None:
        self.memory.redemptions[redemption.redemption_id] = redemption

    def change(self, legal_entity: str, redemption: Redemption) -> None:
        self.memory.redemptions[redemption.redemption_id] = redemption

    def add_refund(self, legal_entity: str, refund: Refund, channel: str, at: datetime) -> None:
        self.memory.refunds[refund.refund_id] = refund

    def get_refund(self, legal_entity: str, refund_id: str) -> Refund:
        return self.memory.refunds[refund_id]


@dataclass
class MemoryGrants:
    memory: Memory

    def add(self, legal_entity: str, grant: Grant, channel: str, at: datetime) -> None:
        self.memory.grants[grant.grant_id] = grant

    def get(self, legal_entity: str, grant_id: str) -> Grant:
        return self.memory.grants[grant_id]


@dataclass
class MemorySerials:
    memory: Memory

    def keep(self, call: Call, serial: Serial, answer: Answer, made: Made | None, at: datetime) -> None:
        assert serial not in self.memory.serials
        self.memory.serials[serial] = KeptSerial(
            body_sha256=call.idempotency.body_sha256,
            refusal=answer.refusal,
            body=answer.body,
            effect=made.effect if made else None,
            effect_id=made.effect_id if made else None,
            customer_no=made.customer_no if made else None,
            is_reversed=False,
        )

    def keep_out(self, call: Call, serial: Serial, at: datetime) -> None:
        self.memory.serials[serial] = KeptSerial(body_sha256=None, refusal=None, body=None, effect=None, effect_id=None, customer_no=None, is_reversed=False)

    def mark_reversed(self, call: Call, serial: Serial) -> None:
        self.memory.serials[serial] = replace(self.memory.serials[serial], is_reversed=True)


class MemoryMerchants:
    def find_status(self, legal_entity: str, merchant_no: str) -> str | None:
        return None


class MemoryApplications:
    def list(self, legal_entity: str) -> list[Application]:
        return [Application(code=code, is_open=True, minimum=None, step=None, points_max=None) for code in FIRST_APPLICATIONS]
