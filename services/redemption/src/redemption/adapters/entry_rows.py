"""Entries as rows: written in bulk or one by one, in the same columns."""

from datetime import datetime
from typing import Final

from loyalty_shared.contracts.topics import REDEMPTION_LEDGER
from loyalty_shared.messaging.partitioning import partition_of
from loyalty_shared.persistence.bulk import CopyRows, Value
from redemption.adapters.lot_rows import parts_json
from redemption.domain.account import Account
from redemption.domain.entries import Entry

ENTRY_COLUMNS: Final = (
    "batch_no", "position", "posted_at", "business_on", "partition", "legal_entity", "customer_no", "account_version", "balance_after", "points",
    "cause_no", "cause_leg", "lots", "cause_kind", "cause_source", "kind", "point_type", "rule_code", "application", "channel", "institution",
    "debit_account", "credit_account", "excused", "active_on", "came_by",
)  # fmt: skip


def partition_of_customer(legal_entity: str, customer_no: str) -> int:
    """Return the partition of the ledger's topics that a customer's entries go to."""
    return partition_of(f"{legal_entity}:{customer_no}".encode(), REDEMPTION_LEDGER.partitions)


def entry_values(account: Account, entry: Entry, batch_no: int, position: int, at: datetime) -> tuple[Value, ...]:
    """Return one entry's values in the order of ENTRY_COLUMNS."""
    origin = entry.origin
    return (
        batch_no,
        position,
        at,
        account.business_on,
        partition_of_customer(account.legal_entity, account.customer_no),
        account.legal_entity,
        account.customer_no,
        entry.account_version,
        entry.balance_after,
        entry.points,
        origin.cause.no,
        origin.cause.leg,
        parts_json(entry.lots),
        origin.cause.kind,
        origin.cause.source_system,
        origin.kind.value,
        entry.point_type,
        origin.rule_code,
        origin.application,
        origin.channel,
        origin.institution,
        entry.debit_account,
        entry.credit_account,
        parts_json(entry.excused) if entry.excused else None,
        entry.active_on,
        entry.came_by,
    )


def append_entries(rows: CopyRows, account: Account, batch_no: int, at: datetime) -> None:
    """Add an account's new entries to the rows of a batch, after those already there."""
    for entry in account.entries:
        rows.append(*entry_values(account, entry, batch_no, len(rows), at))
