"""What a merge that is approved does, and what undoing it does, in the transaction that decides it."""

from dataclasses import replace
from datetime import datetime

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from redemption.application.staff_ports import StaffWork
from redemption.domain.account import Account
from redemption.domain.merging import Merge, MergeStatus, merge_accounts, origins_of, undo_merge
from redemption.domain.refusals import Refusal


def merge_numbers(work: StaffWork, entity: Entity, merge: Merge, by: str, clock: Clock) -> Merge | Refusal:
    """Let the surviving number's account answer for both, with all that is in them; or `already-merged`, when another merge came first."""
    source, survivor, now = _hold_both(work, entity, merge, clock)
    if source.merged_into is not None or survivor.merged_into is not None:
        return Refusal.ALREADY_MERGED
    merged = replace(merge, status=MergeStatus.MERGED, decided_by=by, merged_at=now, into_version=survivor.version)
    merge_accounts(source, survivor, origins_of(merge.merge_id, "merge"))
    _post(work, (source, survivor), now)
    merged = replace(merged, freezes=work.merges.join(source, survivor))
    work.merges.publish(entity.legal_entity, merged, now, is_undo=False)
    return merged


def part_numbers(work: StaffWork, entity: Entity, merge: Merge, by: str, clock: Clock) -> Merge | Refusal:
    """Let the merged number have its own account again, with what came by it and by those merged into it; or `merge-not-in-force`."""
    source, survivor, now = _hold_both(work, entity, merge, clock)
    if source.merged_into != survivor.customer_no or merge.into_version is None:
        return Refusal.MERGE_NOT_IN_FORCE
    origin = origins_of(merge.merge_id, "merge-undone")
    for number in source.numbers:
        survivor.came_by, source.came_by = number, None if number == source.customer_no else number
        undo_merge(source, survivor, work.merges.came_by(survivor, number, merge.into_version), origin)
    _post(work, (survivor, source), now)
    work.merges.part(source, survivor, merge.freezes)
    undone = replace(merge, status=MergeStatus.UNDONE, undone_by=by, undone_at=now)
    work.merges.publish(entity.legal_entity, undone, now, is_undo=True)
    return undone


def _hold_both(work: StaffWork, entity: Entity, merge: Merge, clock: Clock) -> tuple[Account, Account, datetime]:
    """Return both accounts, held and settled, and when.

    Merged numbers come first, then key order: a call that names a merged number holds it before the account that answers for it.
    """
    numbers = work.merges.list_in_order_of_locks(entity.legal_entity, (merge.from_customer_no, merge.into_customer_no))
    accounts = work.accounts.open_each_for_update(entity.legal_entity, numbers, entity.business_on)
    now = clock.now()
    source, survivor = accounts[merge.from_customer_no], accounts[merge.into_customer_no]
    for account in (source, survivor):
        work.holds.end_expired(account, now)
    return source, survivor, now


def _post(work: StaffWork, accounts: tuple[Account, ...], at: datetime) -> None:
    for account in accounts:
        work.accounts.post(account, at)
