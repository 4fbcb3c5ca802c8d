"""Lines of approved files on their way into the ledger, over psycopg2: accounts are locked, loaded and written as on the batch path."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Final

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.persistence.entity_dates import Entity
from redemption.adapters.accounts import freezes_from
from redemption.adapters.adjustment_files import LINE_COLUMNS, add_rejects, find_approved_file
from redemption.adapters.crediting import SqlCreditingWork
from redemption.adapters.point_types import find_point_types, find_spending_order
from redemption.application.adjustment_file_ports import FileStatus, KeptFile
from redemption.application.credit_earned_points import AccountKey
from redemption.domain.account import Account
from redemption.domain.adjustment_file import FileLine, RejectedLine
from redemption.domain.point_types import PointType

_PLACE: Final = "select coalesce(place_customer_no, ''), coalesce(place_line_no, 0) from adjustment_file where legal_entity = %s and file_id = %s"
_LINES: Final = f"""
select {", ".join(LINE_COLUMNS)} from adjustment_line
where legal_entity = %s and file_id = %s and (customer_no, line_no) > (%s, %s) order by customer_no, line_no limit %s
"""
_FREEZES: Final = """
select customer_no, freezes::text from account where legal_entity = %s and customer_no = any(%s) and freezes is not null
"""
_ADVANCE: Final = """
update adjustment_file set place_customer_no = %s, place_line_no = %s, lines_posted = lines_posted + %s, lines_rejected = lines_rejected + %s,
    posted_given = posted_given + %s, posted_taken = posted_taken + %s
where legal_entity = %s and file_id = %s
"""
_END: Final = "update adjustment_file set status = %s, lines_rejected = lines_rejected + %s, ended_at = %s where legal_entity = %s and file_id = %s"


class SqlPostingWork:
    """One transaction that posts lines of an approved file."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._ledger = SqlCreditingWork(cursor)

    def hold_dates(self, legal_entities: Collection[str]) -> Mapping[str, Entity]:
        """Keep the entities' business dates from moving until the transaction ends."""
        return self._ledger.hold_dates(legal_entities)

    def find_approved(self, legal_entity: str) -> KeptFile | None:
        """Return the oldest file that is approved and not posted yet, locked; None when there is none."""
        return find_approved_file(self._cursor, legal_entity)

    def find_point_types(self, legal_entity: str, on: date) -> Mapping[str, PointType]:
        """Return an entity's point types on a business date, by code."""
        return find_point_types(self._cursor, legal_entity, on)

    def list_lines(self, legal_entity: str, file_id: str, limit: int) -> Sequence[FileLine]:
        """Return the next lines to post, in the order of customer and line."""
        self._cursor.execute(_PLACE, (legal_entity, file_id))
        place = self._cursor.fetchone()
        assert place is not None
        self._cursor.execute(_LINES, (legal_entity, file_id, *place, limit))
        return [FileLine(*row) for row in self._cursor.fetchall()]

    def load_accounts(self, keys: Sequence[AccountKey], opening: Collection[AccountKey], entities: Mapping[str, Entity], at: datetime) -> Mapping[str, Account]:
        """Return the accounts that answer for these customers, by number, locked in key order and settled; those of `opening` are made when missing.

        A customer who has none is left out. Raises AccountsChanged when one was merged meanwhile.
        """
        self._ledger = ledger = SqlCreditingWork(self._cursor)
        ledger.read_accounts(keys)
        wanted = [key for key in keys if key in opening or ledger.has_account(key)]
        survivors = ledger.survivors(wanted)
        answering = sorted({survivors.get(key, key) for key in wanted})
        ledger.lock_accounts(answering)
        ledger.confirm(survivors)
        accounts = ledger.load(answering, entities, at)
        for legal_entity, entity in entities.items():
            order = find_spending_order(self._cursor, legal_entity, entity.business_on)
            for account in accounts.values():
                account.spending_order = order  # which points are frozen goes by it
            self._cursor.execute(_FREEZES, (legal_entity, [customer_no for entity, customer_no in answering if entity == legal_entity]))
            for customer_no, freezes in self._cursor.fetchall():
                accounts[legal_entity, customer_no].freezes = freezes_from(freezes)
        return {key[1]: accounts[survivors.get(key, key)] for key in wanted}

    def post(self, accounts: Collection[Account], at: datetime) -> None:
        """Write what has become of the accounts."""
        rows = self._ledger.begin_posting(at, {}, 0)  # no partition: nothing is credited here, and an account's own entries find theirs
        for account in accounts:
            rows.post(account)
        rows.write()

    def advance(self, legal_entity: str, file_id: str, lines: Sequence[FileLine], rejected: Sequence[RejectedLine]) -> None:
        """Write that these lines have been looked at, and which of them were not posted."""
        gone = {line.line_no for line in rejected}
        points = [line.points for line in lines if line.line_no not in gone]
        given, taken = sum(each for each in points if each > 0), -sum(each for each in points if each < 0)
        place = lines[-1].customer_no, lines[-1].line_no
        self._cursor.execute(_ADVANCE, (*place, len(points), len(rejected), given, taken, legal_entity, file_id))
        add_rejects(self._cursor, legal_entity, file_id, rejected)

    def end(self, legal_entity: str, file_id: str, status: FileStatus, rejected: Sequence[RejectedLine], at: datetime) -> None:
        """Write the end of a file; `rejected` are the lines for which an all-or-nothing file was refused."""
        self._cursor.execute(_END, (status.value, len(rejected), at, legal_entity, file_id))
        add_rejects(self._cursor, legal_entity, file_id, rejected)
