"""The rows of one batch of earnings, built as COPY text: every column that earnings have in common is written once and found again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from loyalty_shared.contracts.accrual import CostBearer, PointsEarnedV1
from loyalty_shared.persistence.arrays import number_array, text_array
from loyalty_shared.persistence.bulk import CopyRows, copy_text, stage
from redemption.adapters.accounts import arrears_json, totals_json
from redemption.adapters.arrears import write_arrears
from redemption.adapters.entry_rows import ENTRY_COLUMNS, append_entries
from redemption.adapters.lot_rows import available_text, expires_text, write_lots
from redemption.application.credit_earned_points import AccountKey, AccountsChanged
from redemption.domain.account import Account
from redemption.domain.earnings import RunningBalance
from redemption.domain.entries import Kind, customers, issued
from redemption.domain.lots import LotKey, lot_id_of, party_of

_LOT_COLUMNS: Final = ("legal_entity", "customer_no", "point_type", "available_on", "expires_on", "party", "institution", "points")
_ADD_TO_LOTS: Final = """
insert into lot (legal_entity, customer_no, point_type, available_on, expires_on, party, institution, points, held, lapsed, excused)
select legal_entity, customer_no, point_type, available_on, expires_on, party, institution, points, 0, 0, 0 from staged_lot
on conflict (legal_entity, customer_no, point_type, available_on, expires_on, party, institution, sliding_months)
do update set points = lot.points + excluded.points
"""
_SAVED: Final = """
unnest(%s::text[], %s::text[], %s::tid[], %s::bigint[], %s::bigint[], %s::text[], %s::text[])
    as saved (legal_entity, customer_no, place, version_before, version, totals, arrears)
"""
_OPEN_ACCOUNTS: Final = f"""
insert into account (legal_entity, customer_no, version, totals, arrears, opened_at)
select legal_entity, customer_no, version, totals::json, nullif(arrears, '')::json, clock_timestamp() from {_SAVED} on conflict do nothing
"""
# Found by their place, which spares an index look-up for each. A place may have gone to another account's row since: so the key is compared too.
_CHANGE_ACCOUNTS: Final = f"""
update account set version = saved.version, totals = saved.totals::json, arrears = nullif(saved.arrears, '')::json from {_SAVED}
where account.ctid = saved.place and account.version = saved.version_before
    and account.legal_entity = saved.legal_entity and account.customer_no = saved.customer_no and account.merged_into is null
"""
#: Few accounts have sliding points, so that the others' rows need not tell of it.
_KEEP_ACTIVITY: Final = """
update account set active_on = saved.active_on from (values %s) as saved (legal_entity, customer_no, active_on)
where account.legal_entity = saved.legal_entity and account.customer_no = saved.customer_no
"""
#: The place of a row that is not there.
_NOWHERE: Final = "(0,0)"
_COMBINATIONS_CACHED: Final = 1 << 16

_TOTALS = msgspec.json.Decoder(dict[str, list[int]])
_encode = msgspec.json.Encoder().encode


_STAGED_LOT: Final = "legal_entity text, customer_no text, point_type text, available_on date, expires_on date, party text, institution text, points bigint"


class AccountRow(NamedTuple):
    """An account's row, as it was when it was read: where it stands (None: there is none yet), `totals` and `arrears` in its own JSON.

    `merged_into`: the number that answers for this one; `merged`: those that this one answers for, told of accounts that are held.
    """

    place: str | None
    version: int
    totals: str
    arrears: str | None
    active_on: date | None
    merged_into: str | None
    merged: tuple[str, ...] | None = None

    @property
    def is_to_look_at(self) -> bool:
        """Tell whether the account cannot simply be credited: it owes points, has sliding ones, whose last date every credit moves, or was merged."""
        return self.arrears is not None or self.active_on is not None or self.merged_into is not None


class SavedAccount(NamedTuple):
    """An account's row as it is to be, and where and at which version it was found."""

    legal_entity: str
    customer_no: str
    place: str
    version_before: int
    version: int
    totals: str
    arrears: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingBatch:
    """What all rows of one transaction have in common. `partition` of the ledger's topic: the one the events came in, by the same key and count."""

    batch_no: int
    at: datetime
    partition: int
    business_dates: Mapping[str, date]


class CreditText(NamedTuple):
    """What earnings of one rule, lot and channel have in common, as COPY text: the lot's key, and an entry's columns around its points."""

    lot: str
    lots_start: str
    lots_end: str


@lru_cache(maxsize=_COMBINATIONS_CACHED)
def credit_text(
    point_type: str,
    available_on: date | None,
    expires_on: date | None,
    cost_bearers: tuple[CostBearer, ...],
    institution: str,
    rule_code: str,
    channel: str,
    cause_kind: str,
    cause_source: str,
) -> CreditText:
    """Return the text of every column that does not depend on the customer, the cause's number or the points."""
    lot = LotKey(point_type, available_on, expires_on, party_of(cost_bearers), institution)
    on = "null" if available_on is None else f'"{available_on.isoformat()}"'
    texts = (
        cause_kind, cause_source, Kind.EARNED.value, point_type, rule_code, None, channel, institution, issued(lot.party), customers(point_type),
        None, None, None,
    )  # fmt: skip
    return CreditText(
        lot="\t".join((copy_text(point_type), available_text(lot), expires_text(lot), copy_text(lot.party), copy_text(institution))),
        lots_start="[[" + copy_text(_encode(lot_id_of(lot)).decode()) + ",",
        lots_end=f",{on}]]\t" + "\t".join("\\N" if text is None else copy_text(text) for text in texts),
    )


class CreditRows:
    """The rows of one batch on their way into the ledger: entries, what they add to lots, and the accounts' balances."""

    def __init__(self, cursor: Cursor, batch: OutgoingBatch, rows: Mapping[AccountKey, AccountRow]) -> None:
        self._cursor = cursor
        self._batch = batch
        self._rows = rows
        self._balances: dict[AccountKey, RunningBalance] = {}
        self._entries = CopyRows()
        self._accounts: list[Account] = []
        self._dates = batch.business_dates
        self._row_starts = {legal_entity: f"{batch.at.isoformat()}\t{on.isoformat()}\t{batch.partition}\t" for legal_entity, on in self._dates.items()}

    def credit(self, event: PointsEarnedV1, key: AccountKey) -> None:
        """Credit points to an account that owes nothing and whose lots need not be looked at."""
        balance = self._balances.get(key)
        if balance is None:
            row = self._rows[key]
            balance = self._balances[key] = RunningBalance(
                row.version, _TOTALS.decode(row.totals), self._row_starts[key[0]] + f"{copy_text(key[0])}\t{copy_text(key[1])}"
            )
        points, available_on, cause = event.points, event.available_on, event.cause
        after = balance.credit(event.point_type, points)
        text = credit_text(
            event.point_type, available_on if available_on > self._dates[key[0]] else None, event.expires_on, event.cost_bearers, event.institution,
            event.rule_code, event.channel, cause.kind, cause.source_system,
        )  # fmt: skip
        credited = balance.credited
        credited[text.lot] = credited.get(text.lot, 0) + points
        self._entries.append_line(
            f"{self._batch.batch_no}\t{len(self._entries)}\t{balance.row_start}\t{balance.version}\t{after}\t{points}"
            f"\t{copy_text(cause.no)}\t{cause.leg}\t{text.lots_start}{points}{text.lots_end}"
        )

    def post(self, account: Account) -> None:
        """Take the entries, lots and balances of an account that was looked at."""
        append_entries(self._entries, account, self._batch.batch_no, self._batch.at)
        self._accounts.append(account)

    def write(self) -> None:
        """Write everything, with as few statements as can be; rows of one table in key order, accounts before lots. Raises AccountsChanged."""
        self._write_accounts()
        self._entries.copy(self._cursor, "entry", ENTRY_COLUMNS)
        self._write_credited()
        write_lots(self._cursor, self._accounts)
        write_arrears(self._cursor, self._accounts)

    def _write_accounts(self) -> None:
        opened: list[SavedAccount] = []
        changed: list[SavedAccount] = []
        for key, row in self._rows.items():
            balance = self._balances.get(key)
            if balance is not None:
                totals = _encode(balance.totals).decode()
                (opened if row.place is None else changed).append(SavedAccount(*key, row.place or _NOWHERE, row.version, balance.version, totals, ""))
        for account in self._accounts:
            key = (account.legal_entity, account.customer_no)
            row = self._rows[key]
            arrears = arrears_json(account.arrears) or ""
            changed.append(SavedAccount(*key, row.place or _NOWHERE, row.version, account.version, totals_json(account.totals), arrears))
        self._save(_OPEN_ACCOUNTS, opened)
        self._save(_CHANGE_ACCOUNTS, changed)
        active = [(account.legal_entity, account.customer_no, account.active_on) for account in self._accounts if account.active_on is not None]
        if active:
            execute_values(self._cursor, _KEEP_ACTIVITY, active, page_size=len(active))

    def _save(self, statement: str, rows: Sequence[SavedAccount]) -> None:
        if not rows:
            return
        entities, customer_numbers, places, before, versions, totals, arrears = zip(*rows, strict=True)
        numbers = number_array(before), number_array(versions)
        self._cursor.execute(
            statement, (text_array(entities), text_array(customer_numbers), text_array(places), *numbers, text_array(totals), text_array(arrears))
        )
        if self._cursor.rowcount != len(rows):
            raise AccountsChanged(f"{len(rows) - self._cursor.rowcount} of {len(rows)} accounts")

    def _write_credited(self) -> None:
        rows = CopyRows()
        for key in self._rows:
            balance = self._balances.get(key)
            if balance is None:
                continue
            start = f"{copy_text(key[0])}\t{copy_text(key[1])}\t"
            for lot, points in sorted(balance.credited.items()) if len(balance.credited) > 1 else balance.credited.items():
                rows.append_line(f"{start}{lot}\t{points}")
        if rows:
            stage(self._cursor, "staged_lot", _STAGED_LOT)
            rows.copy(self._cursor, "staged_lot", _LOT_COLUMNS)
            self._cursor.execute(_ADD_TO_LOTS)
