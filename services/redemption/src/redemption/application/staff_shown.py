"""What staff have done, as answers and lists show it."""

from datetime import date

from redemption.domain.adjusting import Adjustment
from redemption.domain.freezing import KeptFreeze


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
