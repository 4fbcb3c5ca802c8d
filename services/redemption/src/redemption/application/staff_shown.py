"""What staff have done, as answers and lists show it."""

from datetime import date

from redemption.application.adjustment_file_ports import KeptFile
from redemption.domain.adjusting import Adjustment
from redemption.domain.freezing import KeptFreeze
from redemption.domain.merging import Merge
from redemption.domain.pools import Pool
from redemption.domain.writing_off import Owed, WriteOff


def shown_freeze(kept: KeptFreeze, on: date) -> dict[str, object]:
    """Return a freeze as it is shown on a business date."""
    return {
        "freeze_id": kept.freeze.freeze_id,
        "status": kept.status_on(on),
        "customer_no": kept.customer_no,
        "points": kept.freeze.points,
        "reason": kept.reason,
        "until": kept.freeze.until,
        "frozen_by": kept.frozen_by,
        "frozen_at": kept.frozen_at,
        "ended_by": kept.ended_by,
        "ended_at": kept.ended_at,
    }


def shown_adjustment(adjustment: Adjustment) -> dict[str, object]:
    """Return an adjustment as it is shown."""
    return {
        "adjustment_id": adjustment.adjustment_id,
        "status": adjustment.status,
        "customer_no": adjustment.customer_no,
        "points": adjustment.points,
        "point_type": adjustment.point_type,
        "reason": adjustment.reason,
        "evidence": adjustment.evidence,
        "expires_on": adjustment.expires_on,
        "made_by": adjustment.made_by,
        "made_at": adjustment.made_at,
        "checked_by": adjustment.checked_by,
        "checked_at": adjustment.checked_at,
    }


def shown_file(file: KeptFile) -> dict[str, object]:
    """Return a file of adjustments as it is shown."""
    return {
        "file_id": file.file_id,
        "file_no": file.file_no,
        "status": file.status,
        "made_on": file.made_on,
        "all_or_nothing": file.all_or_nothing,
        "lines": file.lines,
        "points_given": file.points_given,
        "points_taken": file.points_taken,
        "lines_posted": file.lines_posted,
        "lines_rejected": file.lines_rejected,
        "posted_given": file.posted_given,
        "posted_taken": file.posted_taken,
        "made_by": file.made_by,
        "made_at": file.made_at,
        "checked_by": file.checked_by,
        "checked_at": file.checked_at,
        "ended_at": file.ended_at,
    }


def shown_merge(merge: Merge) -> dict[str, object]:
    """Return a merge as it is shown."""
    return {
        "merge_id": merge.merge_id,
        "status": merge.status,
        "from_customer_no": merge.from_customer_no,
        "into_customer_no": merge.into_customer_no,
        "reason": merge.reason,
        "made_by": merge.made_by,
        "made_at": merge.made_at,
        "decided_by": merge.decided_by,
        "merged_at": merge.merged_at,
        "undo_asked_by": merge.undo_asked_by,
        "undone_by": merge.undone_by,
        "undone_at": merge.undone_at,
    }


def shown_owed(owed: Owed, on: date) -> dict[str, object]:
    """Return what a customer owes as it is shown on a business date."""
    return {
        "customer_no": owed.customer_no,
        "point_type": owed.point_type,
        "points": owed.points,
        "since_on": owed.since_on,
        "days": (on - owed.since_on).days,
    }


def shown_write_off(asked: WriteOff) -> dict[str, object]:
    """Return a write-off as it is shown."""
    return {
        "write_off_id": asked.write_off_id,
        "status": asked.status,
        "customer_no": asked.customer_no,
        "point_type": asked.point_type,
        "points": asked.points,
        "reason": asked.reason,
        "made_by": asked.made_by,
        "made_at": asked.made_at,
        "checked_by": asked.checked_by,
        "checked_at": asked.checked_at,
    }


def shown_pool(pool: Pool) -> dict[str, object]:
    """Return a family pool as it is shown."""
    return {
        "pool_id": pool.pool_id,
        "status": pool.status,
        "owner_customer_no": pool.owner_customer_no,
        "members": [{"customer_no": member.customer_no, "limit_points_per_month": member.limit_points_per_month} for member in pool.members],
        "reason": pool.reason,
        "made_by": pool.made_by,
        "made_at": pool.made_at,
        "checked_by": pool.checked_by,
        "checked_at": pool.checked_at,
        "closed_by": pool.closed_by,
        "closed_at": pool.closed_at,
    }
