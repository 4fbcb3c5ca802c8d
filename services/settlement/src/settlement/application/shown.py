"""Batches and their lines as an answer shows them."""

from collections.abc import Sequence
from typing import Any, Final

from settlement.domain.batches import Batch, Line

#: A batch is shown with its first lines; `GET batches/{id}/lines` has all of them.
LINES_SHOWN: Final = 100


def shown_head(batch: Batch) -> dict[str, Any]:
    """Return a batch without its lines."""
    return {
        "batch_id": batch.batch_id,
        "party": batch.party,
        "business_on": batch.business_on,
        "status": batch.status,
        "direction": batch.direction,
        "points": batch.points,
        "amount_minor": batch.amount_minor,
        "currency": batch.cost.currency,
        "cost_per_point_minor": batch.cost.minor,
        "line_count": batch.lines,
        "points_by_kind": batch.by_kind,
        "made_by": batch.made_by,
        "made_at": batch.made_at,
        "reviewed_by": batch.reviewed_by,
        "reviewed_at": batch.reviewed_at,
        "released_by": batch.released_by,
        "released_at": batch.released_at,
    }


def shown_line(line: Line) -> dict[str, Any]:
    """Return one line: `points` used (negative: given back), what they cost, and the entry of the ledger that it is of."""
    spend = line.spend
    return {
        "line_no": line.line_no,
        "kind": spend.kind,
        "points": line.points,
        "amount_minor": line.amount_minor,
        "entry_id": spend.entry_id,
        "customer_no": spend.customer_no,
        "point_type": spend.point_type,
        "application": spend.application,
        "channel": spend.channel,
        "cause": {"kind": spend.cause_kind, "no": spend.cause_no},
        "posted_at": spend.posted_at,
    }


def shown(batch: Batch, lines: Sequence[Line]) -> dict[str, Any]:
    """Return a batch with its first lines."""
    return {**shown_head(batch), "lines": [shown_line(line) for line in lines[:LINES_SHOWN]]}
