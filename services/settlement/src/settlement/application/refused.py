"""Refusals as answers: for each, the part of the call it is about, the fault, and what to do."""

from collections.abc import Mapping
from typing import Final

from loyalty_shared.web.idempotency import Answer
from settlement.domain.refusals import Refusal

REASONS: Final[Mapping[Refusal, tuple[str, str, str]]] = {
    Refusal.DAY_NOT_COMPLETE: (
        "business_on",
        "the ledger has not closed this date, or its close has not reached settlement whole",
        "Try again after the close.",
    ),
    Refusal.DATE_NOT_REACHED: ("business_on", "after the entity's business date", "Name a business date that the ledger has closed."),
    Refusal.PARTY_UNKNOWN: ("body.party", "no points of this party, and none used in it, have ever been posted", "GET parties lists those there are."),
    Refusal.BATCH_ALREADY_MADE: ("body", "the party has a batch of this date", "GET batches finds it by party and business_on."),
    Refusal.BATCH_UNKNOWN: ("path.batch_id", "no such batch in this entity", "GET batches lists those there are."),
    Refusal.MAKER_CANNOT_APPROVE: ("header.Authorization", "this credential made the batch", "Have another person check it."),
    Refusal.FUNCTION_NOT_GRANTED: ("header.Authorization", "the credential lacks it", "Use a credential with function checker."),
    Refusal.BATCH_ALREADY_REVIEWED: ("path.batch_id", "the batch was reviewed", "Release it, if it is not released yet."),
    Refusal.BATCH_NOT_REVIEWED: ("path.batch_id", "the batch was not reviewed", "Review it first."),
    Refusal.BATCH_ALREADY_RELEASED: ("path.batch_id", "the batch was released", "Nothing is left to do."),
}

#: Waiting or another credential changes these: the same key may be tried again.
NOT_KEPT: Final = frozenset((Refusal.DAY_NOT_COMPLETE, Refusal.DATE_NOT_REACHED, Refusal.FUNCTION_NOT_GRANTED))


def refused(refusal: Refusal, fault: str | None = None) -> Answer:
    """Return the answer of a refusal, with its reason; `fault` where this case has more to say than all of its kind."""
    path, usual, remedy = REASONS[refusal]
    return Answer({"reasons": [{"path": path, "fault": fault or usual, "remedy": remedy}]}, refusal)
