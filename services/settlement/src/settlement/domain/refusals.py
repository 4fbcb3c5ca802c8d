"""Why settlement does not do what it is asked."""

from enum import StrEnum


class Refusal(StrEnum):
    """The closed set of refusals; their values are the problems' codes."""

    DAY_NOT_COMPLETE = "day-not-complete"
    DATE_NOT_REACHED = "date-not-reached"
    PARTY_UNKNOWN = "party-unknown"
    BATCH_ALREADY_MADE = "batch-already-made"
    BATCH_UNKNOWN = "batch-unknown"
    MAKER_CANNOT_APPROVE = "maker-cannot-approve"
    FUNCTION_NOT_GRANTED = "function-not-granted"
    BATCH_ALREADY_REVIEWED = "batch-already-reviewed"
    BATCH_NOT_REVIEWED = "batch-not-reviewed"
    BATCH_ALREADY_RELEASED = "batch-already-released"
