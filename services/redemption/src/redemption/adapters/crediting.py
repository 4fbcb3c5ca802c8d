"""The ledger's batch path over psycopg2: a few statements for thousands of earnings."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.accrual import PointsClawedBackV1, PointsEarnedV1
from loyalty_shared.messaging.records import Batch
from loyalty_shared.messaging.taking import take_batch
from loyalty_shared.persistence import dead_letters
from loyalty_shared.persistence.arrays import text_array
from loyalty_shared.persistence.dead_letters import Rejected
from loyalty_shared.persistence.entity_dates import Entity, hold_dates
from loyalty_shared.persistence.outgoing import begin_batch
from redemption.adapters.accounts import SqlAccounts, arrears_from, totals_from
from redemption.adapters.credit_rows import AccountRow, CreditRows, OutgoingBatch
from redemption.adapters.lot_rows import LOT_COLUMNS, lot_from
from redemption.adapters.online_holds import SqlHolds
from redemption.application.credit_earned_points import AccountKey, AccountsChanged
from redemption.domain.account import Account
from redemption.domain.entries import Kind

_WANTED: Final = "unnest(%s::text[], %s::text[]) as wanted (legal_entity, customer_no)"
# `limit 1` keeps each inner query to one index look-up for each wanted row, in the wanted order, however large the table.
_OF_ACCOUNT: Final = "account where legal_entity = wanted.legal_entity and customer_no = wanted.customer_no limit 1"
_READ: Final = f"""
select place, coalesce(version, 0), coalesce(totals, '{{}}'), arrears, active_on, merged_into from {_WANTED}
left join lateral (select ctid::text as place, version, totals::text, arrears::text, active_on, merged_into from {_OF_ACCOUNT}) as account on true
"""
_OPEN_MISSING: Final = f"""
insert into account (legal_entity, customer_no, version, totals, opened_at)
select wanted.legal_entity, wanted.customer_no, 0, '{{}}', clock_timestamp()
from {_WANTED} left join lateral (select true as found from {_OF_ACCOUNT}) as account on true
where found is null
order by wanted.legal_entity, wanted.customer_no
on conflict do nothing
"""
_LOCK: Final = f"""
select place, version, totals, arrears, active_on, merged_into, merged from {_WANTED}
cross join lateral (select ctid::text as place, version, totals::text, arrears::text, active_on, merged_into, merged from {_OF_ACCOUNT} for update) as account
"""
_LOTS: Final = f"""
select legal_entity, customer_no, {LOT_COLUMNS} from lot
where (legal_entity, customer_no) in (select * from unnest(%s::text[], %s::text[]))
"""
_WITH_ENDED_HOLDS: Final = """
select distinct legal_entity, customer_no from hold
where status = 'reserved' and expires_at <= %s and (legal_entity, customer_no) in (select * from unnest(%s::text[], %s::text[]))
"""
_POSTED: Final = f"""
select entry.legal_entity, entry.kind, cause_kind, cause_source, cause_no, cause_leg, rule_code
from {_WANTED} cross join lateral (
    select * from entry where legal_entity = wanted.legal_entity and customer_no = wanted.customer_no and kind in ('earned', 'clawed-back') offset 0) as entry
"""


class SqlCreditingWork:
    """One transaction on the ledger for a whole batch of accrual's events."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._rows: dict[AccountKey, AccountRow] = {}
        self._may_repeat = False

    def advance(self, batch: Batch[Any]) -> None:
        """Move the consumer's place past the batch. Raises Fenced when another owner has gone on."""
        take_batch(self._cursor, batch)
        self._may_repeat = batch.retry_of is not None

    def hold_dates(self, legal_entities: Collection[str]) -> Mapping[str, Entity]:
        """Keep the entities' business dates from moving until the transaction ends; entities not known here are left out."""
        return hold_dates(self._cursor, legal_entities)

    def read_accounts(self, keys: Collection[AccountKey]) -> Collection[AccountKey]:
        """Read the accounts without holding them; return those to look at. `Posting.write` raises AccountsChanged when one was changed meanwhile."""
        self._cursor.execute(_READ, _arrays(keys))
        rows = self._locked(keys)
        self._rows |= rows
        return [key for key, row in rows.items() if row.is_to_look_at]

    def has_account(self, key: AccountKey) -> bool:
        """Tell whether an account that was read is there."""
        return self._rows[key].place is not None

    def survivors(self, keys: Collection[AccountKey]) -> Mapping[AccountKey, AccountKey]:
        """Return which accounts that were read were merged, and into which: those that answer for them."""
        return {key: (key[0], into) for key in keys if (into := self._rows[key].merged_into) is not None}

    def lock_accounts(self, keys: Collection[AccountKey]) -> Collection[AccountKey]:
        """Make the accounts that are missing and lock all, in key order; return those to look at."""
        if not keys:
            return []
        arrays = _arrays(keys)
        self._cursor.execute(_OPEN_MISSING, arrays)
        self._cursor.execute(_LOCK, arrays)
        locked = self._locked(keys)
        if any(row.merged_into is not None for row in locked.values()):
            raise AccountsChanged("an account was merged before it could be held")
        self._rows |= locked
        return [key for key, row in locked.items() if row.is_to_look_at]

    def _locked(self, keys: Collection[AccountKey]) -> dict[AccountKey, AccountRow]:
        return {key: AccountRow(*row) for key, row in zip(keys, self._cursor, strict=True)}

    def confirm(self, survivors: Mapping[AccountKey, AccountKey]) -> None:
        """Raise AccountsChanged unless the held accounts still answer for those that were merged into them."""
        for (_, number), survivor in survivors.items():
            if number not in (self._rows[survivor].merged or ()):
                raise AccountsChanged(f"account {survivor} no longer answers for another")

    def not_posted(self, events: Sequence[PointsEarnedV1]) -> Sequence[PointsEarnedV1]:
        """Return the events whose cause has no entry yet."""
        self._cursor.execute(_POSTED, _arrays(self._rows))
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
        owners = {(key[0], number): key for key in keys for number in (key[1], *(self._rows[key].merged or ()))}
        self._cursor.execute(_WITH_ENDED_HOLDS, (at, [entity for entity, _ in owners], [customer_no for _, customer_no in owners]))
        return {owners[key] for key in self._cursor.fetchall()}

    def begin_posting(self, at: datetime, entities: Mapping[str, Entity], partition: int) -> CreditRows:
        """Open the batch that the relay publishes; its rows go to the partition that the events came in."""
        dates = {code: entity.business_on for code, entity in entities.items()}
        batch = OutgoingBatch(batch_no=begin_batch(self._cursor, at, may_repeat=self._may_repeat), at=at, partition=partition, business_dates=dates)
        return CreditRows(self._cursor, batch, self._rows)

    def set_aside(self, batch: Batch[Any], rejected: Sequence[Rejected], at: datetime) -> None:
        """Keep the records that could not be read."""
        dead_letters.post(self._cursor, begin_batch(self._cursor, at), batch.group, rejected, at)


def _arrays(keys: Collection[AccountKey]) -> tuple[str, str]:
    return text_array(entity for entity, _ in keys), text_array(customer_no for _, customer_no in keys)


def _account(key: AccountKey, row: AccountRow) -> Account:
    return Account(
        legal_entity=key[0],
        customer_no=key[1],
        version=row.version,
        totals=totals_from(row.totals),
        arrears=arrears_from(row.arrears),
        active_on=row.active_on,
        merged=tuple(row.merged or ()),
    )


def _cause_of(event: PointsEarnedV1) -> tuple[str, str, str, str, str, int, str]:
    cause = event.cause
    kind = Kind.CLAWED_BACK if type(event) is PointsClawedBackV1 else Kind.EARNED
    return event.legal_entity, kind.value, cause.kind, cause.source_system, cause.no, cause.leg, event.rule_code
