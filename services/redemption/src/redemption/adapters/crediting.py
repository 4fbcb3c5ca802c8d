"""The ledger's batch path over psycopg2: a few statements for thousands of earnings."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.accrual import PointsClawedBackV1, PointsEarnedV1
from loyalty_shared.messaging.records import Batch
from loyalty_shared.messaging.taking import take_batch
from loyalty_shared.persistence import dead_letters
from loyalty_shared.persistence.bulk import CopyRows, copy_text, stage
from loyalty_shared.persistence.dead_letters import Rejected
from loyalty_shared.persistence.entity_dates import Entity, hold_dates
from loyalty_shared.persistence.outgoing import begin_batch
from redemption.adapters.accounts import SqlAccounts, arrears_from, totals_from
from redemption.adapters.credit_rows import CreditRows, LockedAccount, OutgoingBatch
from redemption.adapters.lot_rows import LOT_COLUMNS, lot_from
from redemption.adapters.online_holds import SqlHolds
from redemption.application.credit_earned_points import AccountKey
from redemption.domain.account import Account
from redemption.domain.entries import Kind

# `limit 1` and `for update` keep the inner queries to one index look-up for each staged row, in the staged order, however large the table.
_OPEN_MISSING: Final = """
insert into account (legal_entity, customer_no, version, totals, opened_at)
select staged.legal_entity, staged.customer_no, 0, '{}', clock_timestamp()
from staged_key as staged left join lateral (
    select true as found from account where legal_entity = staged.legal_entity and customer_no = staged.customer_no limit 1) as account on true
where found is null
order by staged.legal_entity, staged.customer_no
on conflict do nothing
"""
_LOCK: Final = """
select account.version, account.totals, account.arrears
from staged_key as staged cross join lateral (
    select version, totals::text, arrears::text from account
    where legal_entity = staged.legal_entity and customer_no = staged.customer_no for update) as account
"""
_LOTS: Final = f"""
select legal_entity, customer_no, {LOT_COLUMNS} from lot
where (legal_entity, customer_no) in (select * from unnest(%s::text[], %s::text[]))
"""
_WITH_ENDED_HOLDS: Final = """
select distinct legal_entity, customer_no from hold
where status = 'reserved' and expires_at <= %s and (legal_entity, customer_no) in (select * from unnest(%s::text[], %s::text[]))
"""
_POSTED: Final = """
select entry.kind, cause_kind, cause_source, cause_no, cause_leg, rule_code
from staged_key as staged cross join lateral (
    select * from entry where legal_entity = staged.legal_entity and customer_no = staged.customer_no and kind in ('earned', 'clawed-back') offset 0) as entry
"""


class SqlCreditingWork:
    """One transaction on the ledger for a whole batch of accrual's events."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._rows: dict[AccountKey, LockedAccount] = {}

    def advance(self, batch: Batch[Any]) -> None:
        """Move the consumer's place past the batch. Raises Fenced when another owner has gone on."""
        take_batch(self._cursor, batch)

    def hold_dates(self, legal_entities: Collection[str]) -> Mapping[str, Entity]:
        """Keep the entities' business dates from moving until the transaction ends; entities not known here are left out."""
        return hold_dates(self._cursor, legal_entities)

    def lock_accounts(self, keys: Collection[AccountKey]) -> Collection[AccountKey]:
        """Make the accounts that are missing and lock all, in key order; return those that owe points."""
        stage(self._cursor, "staged_key", 'legal_entity text collate "C", customer_no text collate "C"')
        texts = [f"{copy_text(legal_entity)}\t{copy_text(customer_no)}" for legal_entity, customer_no in keys]
        rows = CopyRows()
        for text in texts:
            rows.append_line(text)
        rows.copy(self._cursor, "staged_key", ("legal_entity", "customer_no"))
        self._cursor.execute(_OPEN_MISSING)
        self._cursor.execute(_LOCK)
        self._rows = {key: LockedAccount(text, *row) for key, text, row in zip(keys, texts, self._cursor, strict=True)}
        return [key for key, row in self._rows.items() if row.arrears is not None]

    def not_posted(self, events: Sequence[PointsEarnedV1]) -> Sequence[PointsEarnedV1]:
        """Return the events whose cause has no entry yet."""
        self._cursor.execute(_POSTED)
        posted = set(self._cursor.fetchall())
        return [event for event in events if _cause_of(event) not in posted]

    def load(self, keys: Collection[AccountKey], entities: Mapping[str, Entity], at: datetime) -> Mapping[AccountKey, Account]:
        """Return locked accounts with their lots, settled to their entities' business dates, with the holds ended whose time was up."""
        accounts = {key: _account(key, self._rows[key]) for key in sorted(keys)}
        if accounts:
            self._cursor.execute(_LOTS, ([entity for entity, _ in accounts], [customer_no for _, customer_no in accounts]))
            for legal_entity, customer_no, *row in self._cursor.fetchall():
                lot, state = lot_from(tuple(row))
                accounts[legal_entity, customer_no].lots[lot] = state
        with_ended_holds = self._with_ended_holds(accounts, at) if accounts else set()
        holds = SqlHolds(self._cursor, SqlAccounts(self._cursor))
        for key, account in accounts.items():
            account.settle(entities[account.legal_entity].business_on)
            if key in with_ended_holds:
                holds.end_expired(account, at)
        return accounts

    def _with_ended_holds(self, keys: Collection[AccountKey], at: datetime) -> set[AccountKey]:
        self._cursor.execute(_WITH_ENDED_HOLDS, (at, [entity for entity, _ in keys], [customer_no for _, customer_no in keys]))
        return set(self._cursor.fetchall())

    def begin_posting(self, at: datetime, entities: Mapping[str, Entity], partition: int) -> CreditRows:
        """Open the batch that the relay publishes; its rows go to the partition that the events came in."""
        dates = {code: entity.business_on for code, entity in entities.items()}
        batch = OutgoingBatch(batch_no=begin_batch(self._cursor, at), at=at, partition=partition, business_dates=dates)
        return CreditRows(self._cursor, batch, self._rows)

    def set_aside(self, batch: Batch[Any], rejected: Sequence[Rejected], at: datetime) -> None:
        """Keep the records that could not be read."""
        dead_letters.post(self._cursor, begin_batch(self._cursor, at), batch.group, rejected, at)


def _account(key: AccountKey, row: LockedAccount) -> Account:
    return Account(legal_entity=key[0], customer_no=key[1], version=row.version, totals=totals_from(row.totals), arrears=arrears_from(row.arrears))


def _cause_of(event: PointsEarnedV1) -> tuple[str, str, str, str, int, str]:
    cause = event.cause
    kind = Kind.CLAWED_BACK if type(event) is PointsClawedBackV1 else Kind.EARNED
    return kind.value, cause.kind, cause.source_system, cause.no, cause.leg, event.rule_code
