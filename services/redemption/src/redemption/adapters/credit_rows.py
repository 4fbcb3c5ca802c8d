"""The rows of one batch of earnings, built as COPY text: every column that earnings have in common is written once and found again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec
from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.accrual import CostBearer, PointsEarnedV1
from loyalty_shared.persistence.bulk import CopyRows, copy_text, stage
from redemption.adapters.accounts import arrears_json, totals_json
from redemption.adapters.entry_rows import ENTRY_COLUMNS, append_entries
from redemption.adapters.lot_rows import available_text, expires_text, write_lots
from redemption.application.credit_earned_points import AccountKey
from redemption.domain.account import Account
from redemption.domain.earnings import RunningBalance
from redemption.domain.entries import Kind, customers, issued
from redemption.domain.lots import Lot, LotKey, lot_id_of, party_of

_LOT_COLUMNS: Final = ("legal_entity", "customer_no", "point_type", "available_on", "expires_on", "party", "institution", "points")
_ACCOUNT_COLUMNS: Final = ("legal_entity", "customer_no", "version", "totals", "arrears")
_ADD_TO_LOTS: Final = """
insert into lot (legal_entity, customer_no, point_type, available_on, expires_on, party, institution, points, held, lapsed, excused)
select legal_entity, customer_no, point_type, available_on, expires_on, party, institution, points, 0, 0, 0 from staged_lot
on conflict (legal_entity, customer_no, point_type, available_on, expires_on, party, institution) do update set points = lot.points + excluded.points
"""
# As an insert that always conflicts: one index look-up for each row, which a join would only do when it knew how few rows are staged.
_UPDATE_ACCOUNTS: Final = """
insert into account (legal_entity, customer_no, version, totals, arrears, opened_at)
select legal_entity, customer_no, version, totals, arrears, clock_timestamp() from staged_account
on conflict (legal_entity, customer_no) do update set version = excluded.version, totals = excluded.totals, arrears = excluded.arrears
"""
_COMBINATIONS_CACHED: Final = 1 << 16

_TOTALS = msgspec.json.Decoder(dict[str, list[int]])
_encode = msgspec.json.Encoder().encode


_STAGED_LOT: Final = "legal_entity text, customer_no text, point_type text, available_on date, expires_on date, party text, institution text, points bigint"


class LockedAccount(NamedTuple):
    """An account's row, as it was when it was locked: its key as COPY text, `totals` and `arrears` in the row's own JSON."""

    key_text: str
    version: int
    totals: str
    arrears: str | None


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
    )  # fmt: skip
    return CreditText(
        lot="\t".join((copy_text(point_type), available_text(lot), expires_text(lot), copy_text(lot.party), copy_text(institution))),
        lots_start="[[" + copy_text(_encode(lot_id_of(lot)).decode()) + ",",
        lots_end=f",{on}]]\t" + "\t".join("\\N" if text is None else copy_text(text) for text in texts),
    )


class CreditRows:
    """The rows of one batch on their way into the ledger: entries, what they add to lots, and the accounts' balances."""

    def __init__(self, cursor: Cursor, batch: OutgoingBatch, locked: Mapping[AccountKey, LockedAccount]) -> None:
        self._cursor = cursor
        self._batch = batch
        self._locked = locked
        self._balances: dict[AccountKey, RunningBalance] = {}
        self._entries = CopyRows()
        self._accounts: list[Account] = []
        self._dates = batch.business_dates
        self._row_starts = {legal_entity: f"{batch.at.isoformat()}\t{on.isoformat()}\t{batch.partition}\t" for legal_entity, on in self._dates.items()}

    def credit(self, event: PointsEarnedV1, key: AccountKey) -> None:
        """Credit points to an account that owes nothing and whose lots need not be looked at."""
        balance = self._balances.get(key)
        if balance is None:
            locked = self._locked[key]
            balance = self._balances[key] = RunningBalance(locked.version, _TOTALS.decode(locked.totals), self._row_starts[key[0]] + locked.key_text)
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
        """Write everything, with as few statements as can be; rows of one table in key order."""
        self._entries.copy(self._cursor, "entry", ENTRY_COLUMNS)
        credited = [(key, self._balances[key]) for key in self._locked if key in self._balances]  # in the order of the locks, which is by key
        if credited:
            self._write_credited(credited)
        write_lots(self._cursor, [_lot_of(account, lot) for account in self._accounts for lot in account.touched])
        self._write_accounts(credited)

    def _write_credited(self, credited: list[tuple[AccountKey, RunningBalance]]) -> None:
        rows = CopyRows()
        for key, balance in credited:
            start = self._locked[key].key_text + "\t"
            for lot, points in sorted(balance.credited.items()) if len(balance.credited) > 1 else balance.credited.items():
                rows.append_line(f"{start}{lot}\t{points}")
        stage(self._cursor, "staged_lot", _STAGED_LOT)
        rows.copy(self._cursor, "staged_lot", _LOT_COLUMNS)
        self._cursor.execute(_ADD_TO_LOTS)

    def _write_accounts(self, credited: list[tuple[AccountKey, RunningBalance]]) -> None:
        rows = CopyRows()
        for key, balance in credited:
            totals = copy_text(_encode(balance.totals).decode())
            rows.append_line(f"{self._locked[key].key_text}\t{balance.version}\t{totals}\t\\N")
        for account in self._accounts:
            rows.append(account.legal_entity, account.customer_no, account.version, totals_json(account.totals), arrears_json(account.arrears))
        stage(self._cursor, "staged_account", "legal_entity text, customer_no text, version bigint, totals json, arrears json")
        rows.copy(self._cursor, "staged_account", _ACCOUNT_COLUMNS)
        self._cursor.execute(_UPDATE_ACCOUNTS)


def _lot_of(account: Account, lot: LotKey) -> tuple[str, str, LotKey, Lot | None]:
    return account.legal_entity, account.customer_no, lot, account.lots.get(lot)
