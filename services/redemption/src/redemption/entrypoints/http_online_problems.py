"""The one table from refusal to problem, for online calls."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from loyalty_shared.web.documents import documented_problems
from loyalty_shared.web.problems import FUNCTION_NOT_GRANTED, Problem, ProblemError, Reason
from redemption.application.answering import REASONS
from redemption.domain.refusals import Refusal

_FORBIDDEN: Final = HTTPStatus.FORBIDDEN
_ABSENT: Final = HTTPStatus.NOT_FOUND
_REFUSED: Final = HTTPStatus.CONFLICT
_INVALID: Final = HTTPStatus.UNPROCESSABLE_ENTITY

_TITLES: Final[Mapping[Refusal, tuple[HTTPStatus, str]]] = {
    Refusal.CUSTOMER_UNKNOWN: (_ABSENT, "The customer is not known"),
    Refusal.MERCHANT_UNKNOWN: (_ABSENT, "The merchant is not known"),
    Refusal.MERCHANT_NOT_ACTIVE: (_REFUSED, "The merchant is not active"),
    Refusal.RESERVATION_UNKNOWN: (_ABSENT, "The reservation is not known"),
    Refusal.REDEMPTION_UNKNOWN: (_ABSENT, "The redemption is not known"),
    Refusal.INSUFFICIENT_POINTS: (_REFUSED, "Not enough points"),
    Refusal.ACCOUNT_FROZEN: (_REFUSED, "The account is frozen"),
    Refusal.ACCOUNT_CLOSED: (_REFUSED, "The account is closed"),
    Refusal.CUSTOMER_BLACKLISTED: (_REFUSED, "The customer is blacklisted"),
    Refusal.LIMIT_EXCEEDED: (_REFUSED, "A limit is exceeded"),
    Refusal.APPLICATION_NOT_OPEN: (_REFUSED, "The application is not open"),
    Refusal.APPLICATION_UNKNOWN: (_ABSENT, "The application is not known"),
    Refusal.CUSTOMER_NOT_ELIGIBLE: (_REFUSED, "The application is not for this customer"),
    Refusal.QUOTE_UNKNOWN: (_ABSENT, "The quote is not known"),
    Refusal.QUOTE_EXPIRED: (_REFUSED, "The quote has lapsed"),
    Refusal.QUOTE_USED: (_REFUSED, "The quote was used already"),
    Refusal.QUOTE_DIFFERS: (_REFUSED, "Not what was quoted"),
    Refusal.NO_RATE: (_REFUSED, "The application has no rate"),
    Refusal.BELOW_MINIMUM: (_REFUSED, "Fewer points than the application takes"),
    Refusal.NOT_A_STEP: (_REFUSED, "Not a number of points that the application takes"),
    Refusal.RESERVATION_EXPIRED: (_REFUSED, "The reservation has expired"),
    Refusal.RESERVATION_RELEASED: (_REFUSED, "The reservation was released"),
    Refusal.ALREADY_CAPTURED: (_REFUSED, "The reservation was captured already"),
    Refusal.BUSINESS_DATE_PASSED: (_REFUSED, "The business date has passed"),
    Refusal.ALREADY_VOID: (_REFUSED, "The redemption is void already"),
    Refusal.ALREADY_REFUNDED: (_REFUSED, "The redemption was refunded already"),
    Refusal.REFUND_EXCEEDS_ORIGINAL: (_REFUSED, "The refund exceeds the original"),
    Refusal.TRANSFERS_NOT_ALLOWED: (_REFUSED, "Transfers are not allowed"),
    Refusal.SAME_CUSTOMER: (_REFUSED, "Both numbers are the same customer's"),
    Refusal.MERGE_UNKNOWN: (_ABSENT, "The merge is not known"),
    Refusal.ALREADY_MERGED: (_REFUSED, "The number was merged already"),
    Refusal.MERGE_NOT_PENDING: (_REFUSED, "The merge was decided already"),
    Refusal.MERGE_NOT_IN_FORCE: (_REFUSED, "The merge is not in force"),
    Refusal.CHANNEL_SERIAL_REUSED: (_INVALID, "The channel serial was used for another call"),
    Refusal.REVERSED_BEFORE_ARRIVAL: (_REFUSED, "The call was reversed before it arrived"),
    Refusal.MAKER_CANNOT_APPROVE: (_FORBIDDEN, "Who made it cannot approve it"),
    Refusal.FUNCTION_NOT_GRANTED: (_FORBIDDEN, FUNCTION_NOT_GRANTED.title),
    Refusal.FREEZE_UNKNOWN: (_ABSENT, "The freeze is not known"),
    Refusal.UNTIL_HAS_PASSED: (_REFUSED, "The freeze would have ended before it begins"),
    Refusal.POINT_TYPE_UNKNOWN: (_INVALID, "The point type is not known"),
    Refusal.ADJUSTMENT_UNKNOWN: (_ABSENT, "The adjustment is not known"),
    Refusal.EXTENSION_UNKNOWN: (_ABSENT, "The extension is not known"),
    Refusal.EXTENSION_NOT_PENDING: (_REFUSED, "The extension does not wait for approval"),
    Refusal.EXTENSION_IN_THE_PAST: (_REFUSED, "The new last date has passed"),
    Refusal.ADJUSTMENT_NOT_PENDING: (_REFUSED, "The adjustment does not wait for approval"),
    Refusal.INVALID_FILE: (_INVALID, "The file is not valid"),
    Refusal.FILE_ALREADY_RECEIVED: (_REFUSED, "The file was received already"),
    Refusal.FILE_UNKNOWN: (_ABSENT, "The file is not known"),
    Refusal.FILE_NOT_PENDING: (_REFUSED, "The file does not wait for approval"),
    Refusal.IMPORT_UNKNOWN: (_ABSENT, "The import is not known"),
    Refusal.IMPORT_NOT_PENDING: (_REFUSED, "The import does not wait for approval"),
    Refusal.NO_ARREARS: (_REFUSED, "Nothing is owed"),
    Refusal.WRITE_OFF_UNKNOWN: (_ABSENT, "The write-off is not known"),
    Refusal.WRITE_OFF_NOT_PENDING: (_REFUSED, "The write-off does not wait for approval"),
    Refusal.POOL_UNKNOWN: (_ABSENT, "The pool is not known"),
    Refusal.POOL_NOT_PENDING: (_REFUSED, "The pool does not wait for approval"),
    Refusal.POOL_NOT_ACTIVE: (_REFUSED, "The pool is not active"),
    Refusal.NOT_A_POOL_MEMBER: (_REFUSED, "The customer may not spend these points"),
    Refusal.TOO_MANY_FREEZES: (_REFUSED, "Too many freezes on one account"),
}

PROBLEMS: Final[Mapping[str, Problem]] = {refusal: Problem(refusal.value, status, title) for refusal, (status, title) in _TITLES.items()}

#: The refusals of every call that carries a serial.
OF_SERIALS: Final = (Refusal.CHANNEL_SERIAL_REUSED, Refusal.REVERSED_BEFORE_ARRIVAL)


def documented(*refusals: Refusal) -> dict[int | str, dict[str, Any]]:
    """Return how OpenAPI shows these refusals: by status, each with an example."""
    return documented_problems((PROBLEMS[refusal], REASONS[refusal]) for refusal in refusals)


def problem_of(refusal: Refusal) -> ProblemError:
    """Return a refusal of a read, to be raised."""
    return ProblemError(PROBLEMS[refusal], [Reason(*REASONS[refusal])])
