"""What staff have done, as answers and lists show it."""

from datetime import date

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
