"""How every online call begins and ends: its serial tells a repeat, its answer is kept with its effect."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from loyalty_shared.web.idempotency import Answer
from redemption.application.online_ports import Call, Made, OnlineWork
from redemption.domain.lots import LotPart, lot_id_of
from redemption.domain.refusals import Refusal
from redemption.domain.reversals import Arrival, KeptSerial, Serial, decide_arrival

#: For each refusal: the part of the call it is about, the fault, and what to do.
REASONS: Final[Mapping[Refusal, tuple[str, str, str]]] = {
    Refusal.CUSTOMER_UNKNOWN: ("body.customer_no", "this customer never had an account", "Check the customer's number and the entity."),
    Refusal.MERCHANT_UNKNOWN: ("body.merchant_no", "no such merchant in this entity", "Check the merchant's number and the entity."),
    Refusal.MERCHANT_NOT_ACTIVE: ("body.merchant_no", "the merchant is not active", "Points are spent at active merchants only."),
    Refusal.RESERVATION_UNKNOWN: (
        "path.reservation_id",
        "no such reservation in this entity",
        "Use the reservation_id that the reservation was answered with.",
    ),
    Refusal.REDEMPTION_UNKNOWN: (
        "path.redemption_id",
        "no such redemption in this entity",
        "Use the redemption_id that the capture or redemption was answered with.",
    ),
    Refusal.INSUFFICIENT_POINTS: ("body.points", "more than is available", "Ask for the account, then for no more than is available."),
    Refusal.ACCOUNT_FROZEN: ("body.customer_no", "all of the customer's points are frozen", "Nothing can be spent until the freeze is lifted or has ended."),
    Refusal.ACCOUNT_CLOSED: ("body.customer_no", "the customer's account is closed", "Nothing can be spent from it."),
    Refusal.CUSTOMER_BLACKLISTED: ("body.customer_no", "the customer is blacklisted", "Nothing can be spent until core banking says otherwise."),
    Refusal.LIMIT_EXCEEDED: ("body.points", "above the limit", "Ask for fewer points."),
    Refusal.APPLICATION_NOT_OPEN: ("body.application", "no such application in this entity, or it is closed", "List the entity's applications."),
    Refusal.APPLICATION_UNKNOWN: ("path.code", "no such application in this entity", "List the entity's applications."),
    Refusal.CUSTOMER_NOT_ELIGIBLE: ("body.customer_no", "the application is not for this customer", "Look up who is eligible in the list of applications."),
    Refusal.QUOTE_UNKNOWN: ("body.quote_id", "no such quote in this entity", "Use the quote_id that the quote was answered with."),
    Refusal.QUOTE_EXPIRED: ("body.quote_id", "the quote has lapsed", "Ask for a new one."),
    Refusal.QUOTE_USED: ("body.quote_id", "points were reserved at this quote before", "Ask for a new one."),
    Refusal.QUOTE_DIFFERS: ("body", "not the customer, the application or the points that were quoted", "Send what the quote was answered with."),
    Refusal.NO_RATE: ("body.application", "the application has no rate of points to money", "Reserve points without a quote."),
    Refusal.BELOW_MINIMUM: ("body.points", "below the application's minimum", "Ask for at least the minimum that the list of applications shows."),
    Refusal.NOT_A_STEP: ("body.points", "not a multiple of the application's step", "Ask for a multiple of the step that the list of applications shows."),
    Refusal.RESERVATION_EXPIRED: ("path.reservation_id", "the hold has ended by the clock", "Reserve again."),
    Refusal.RESERVATION_RELEASED: ("path.reservation_id", "the hold was released", "Reserve again."),
    Refusal.ALREADY_CAPTURED: ("path.reservation_id", "the hold was captured", "Refund or void the redemption that its capture made."),
    Refusal.BUSINESS_DATE_PASSED: ("path.redemption_id", "a redemption is voided on the business date it was made", "Refund it."),
    Refusal.ALREADY_VOID: ("path.redemption_id", "the redemption was voided or reversed", "Nothing is left to do."),
    Refusal.ALREADY_REFUNDED: ("path.redemption_id", "a void is of the whole, and a part was refunded", "Refund the rest."),
    Refusal.REFUND_EXCEEDS_ORIGINAL: ("body.points", "more than is left of the redemption", "Refund no more than what has not been given back."),
    Refusal.TRANSFERS_NOT_ALLOWED: (
        "path.legal_entity",
        "this entity does not allow transfers on its business date",
        "Ask the entity: its parameter transfers-allowed says so.",
    ),
    Refusal.SAME_CUSTOMER: ("body", "both numbers are the same customer's", "Name two customers."),
    Refusal.MERGE_UNKNOWN: ("path.merge_id", "no such merge in this entity", "Use the merge_id that the merge was answered with."),
    Refusal.ALREADY_MERGED: (
        "body",
        "one of the numbers was merged into another, which answers for it",
        "Name the number that it was merged into, which its account shows.",
    ),
    Refusal.MERGE_NOT_PENDING: ("path.merge_id", "nobody waits for a decision on it", "Read the merge: it was decided, and no undoing was asked for."),
    Refusal.MERGE_NOT_IN_FORCE: (
        "path.merge_id",
        "the merge was not approved, was undone, or its survivor was merged further",
        "Undo what came after it first.",
    ),
    Refusal.CHANNEL_SERIAL_REUSED: ("body.channel_serial", "this channel used it for another call on that date", "Use a new serial for each call."),
    Refusal.REVERSED_BEFORE_ARRIVAL: (
        "body.channel_serial",
        "a reversal of this call came before it",
        "Send the call again under a new serial, if it is still wanted.",
    ),
    Refusal.MAKER_CANNOT_APPROVE: ("header.Authorization", "this credential made what is to be approved", "Have another person check it."),
    Refusal.FUNCTION_NOT_GRANTED: ("header.Authorization", "the credential lacks the function", "Use a credential with function checker."),
    Refusal.FREEZE_UNKNOWN: ("path.freeze_id", "no such freeze in this entity", "Use the freeze_id that the freeze was answered with."),
    Refusal.UNTIL_HAS_PASSED: ("body.until", "before the business date", "Send the last date of the freeze, or null: until it is lifted."),
    Refusal.POINT_TYPE_UNKNOWN: ("body.point_type", "the entity has no such point type", "Use one of the parameter point-types at the console."),
    Refusal.ADJUSTMENT_UNKNOWN: ("path.adjustment_id", "no such adjustment in this entity", "Use the adjustment_id that the adjustment was answered with."),
    Refusal.EXTENSION_UNKNOWN: ("path.extension_id", "no such extension in this entity", "Use the extension_id that the extension was answered with."),
    Refusal.EXTENSION_NOT_PENDING: ("path.extension_id", "it was approved or rejected already", "GET expiry-extensions/{id} shows what became of it."),
    Refusal.EXTENSION_IN_THE_PAST: ("body.to", "before the business date", "Name a last date that has not passed."),
    Refusal.ADJUSTMENT_NOT_PENDING: ("path.adjustment_id", "it was posted or rejected already", "GET adjustments/{id} shows what became of it."),
    Refusal.INVALID_FILE: ("body.content", "the file is not a header, lines, and a trailer whose totals are theirs", "Mend the file and send it again."),
    Refusal.FILE_ALREADY_RECEIVED: ("body.content", "this content or number was received before", "GET adjustment-files, or imports, lists what was."),
    Refusal.FILE_UNKNOWN: ("path.file_id", "no such file in this entity", "Use the file_id that the file was answered with."),
    Refusal.FILE_NOT_PENDING: ("path.file_id", "it was decided on already", "GET adjustment-files/{id} shows what became of it."),
    Refusal.IMPORT_UNKNOWN: ("path.import_id", "no such import in this entity", "Use the import_id that the import was answered with."),
    Refusal.IMPORT_NOT_PENDING: ("path.import_id", "it is a trial, or was decided on already", "GET imports/{id} shows what became of it."),
    Refusal.NO_ARREARS: ("body.point_type", "the customer owes nothing of this type", "GET arrears?customer_no= shows what is owed."),
    Refusal.WRITE_OFF_UNKNOWN: ("path.write_off_id", "no such write-off in this entity", "Use the write_off_id that the write-off was answered with."),
    Refusal.WRITE_OFF_NOT_PENDING: ("path.write_off_id", "it was posted or rejected already", "GET arrears-write-offs/{id} shows what became of it."),
    Refusal.POOL_UNKNOWN: ("path.pool_id", "no such pool in this entity", "Use the pool_id that the pool was answered with."),
    Refusal.POOL_NOT_PENDING: ("path.pool_id", "it was approved or rejected already", "GET pools/{id} shows what became of it."),
    Refusal.POOL_NOT_ACTIVE: ("path.pool_id", "it was never approved, or is closed", "GET pools/{id} shows what became of it."),
    Refusal.NOT_A_POOL_MEMBER: (
        "body.pay_from",
        "the customer is in no active pool of whom is to pay",
        "GET pools?customer_no= lists whose points the customer may spend.",
    ),
    Refusal.TOO_MANY_FREEZES: ("body.customer_no", "this account has as many freezes as it can have", "Lift some; those that stand add up."),
}


def refused(refusal: Refusal) -> Answer:
    """Return the answer of a refusal, with its reason."""
    path, fault, remedy = REASONS[refusal]
    return Answer({"reasons": [{"path": path, "fault": fault, "remedy": remedy}]}, refusal)


def answer_of_arrival(work: OnlineWork, call: Call, kept: KeptSerial | None, now: datetime) -> Answer | None:
    """Return the answer that a call gets for its serial alone, or None when it is the first with it. `kept` is what is known of the serial."""
    arrival = decide_arrival(kept, call.idempotency.body_sha256)
    if arrival is Refusal.CHANNEL_SERIAL_REUSED:
        return refused(arrival)  # not valid, so nothing to keep: the key stays free for the right call
    if isinstance(arrival, Refusal):
        return work.answers.keep(call.idempotency, refused(arrival), now)
    if arrival is Arrival.REPEATED and kept is not None:
        return work.answers.keep(call.idempotency, Answer(kept.body or {}, kept.refusal, replayed=True), now)
    return None


def conclude(work: OnlineWork, call: Call, serial: Serial, outcome: tuple[Mapping[str, Any], Made] | Refusal, now: datetime) -> Answer:
    """Keep the outcome of a call under its serial and its key, and return it as its answer."""
    answer, made = (refused(outcome), None) if isinstance(outcome, Refusal) else (Answer(outcome[0]), outcome[1])
    work.serials.keep(call, serial, answer, made, now)
    return work.answers.keep(call.idempotency, answer, now)


def shown(parts: Sequence[LotPart]) -> list[dict[str, Any]]:
    """Return parts of lots as an answer shows them."""
    return [
        {"lot_id": lot_id_of(lot), "point_type": lot.point_type, "points": points, "expires_on": lot.expires_on, "institution": lot.institution}
        for lot, points in parts
    ]


def shown_spender(spent_by: str | None) -> dict[str, Any]:
    """Return what an answer says of a pool member who spends another's points; nothing when they are his own."""
    return {} if spent_by is None else {"spent_by": spent_by}
