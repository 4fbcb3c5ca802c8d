"""The online calls over HTTP: each route turns a valid request into one use case's call, and its answer into a response."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web import problems
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, require_within_scope, writes
from loyalty_shared.web.problems import ProblemError, Reason
from redemption.application.answering import REASONS, shown
from redemption.application.capture_reservation import CaptureReservation
from redemption.application.grant_points import GrantPoints
from redemption.application.online_ports import BeginOnlineWork, Call, NewId
from redemption.application.redeem_points import RedeemPoints
from redemption.application.refund_redemption import RefundRedemption
from redemption.application.release_reservation import ReleaseReservation
from redemption.application.reserve_points import ReservePoints
from redemption.application.reverse_transaction import ReverseTransaction
from redemption.application.void_redemption import VoidRedemption
from redemption.domain.refusals import Refusal
from redemption.entrypoints.http_online_models import (
    CaptureAnswer,
    CaptureBody,
    GrantAnswer,
    GrantBody,
    RedemptionAnswer,
    RefundAnswer,
    RefundBody,
    ReleaseAnswer,
    ReservationAnswer,
    ReservationShown,
    ReversalAnswer,
    ReversalBody,
    SpendingBody,
    VoidAnswer,
)
from redemption.entrypoints.http_online_problems import OF_SERIALS, PROBLEMS, documented

_CHANNEL = Annotated[Write, writes(Function.CHANNEL)]

OF_SPENDING = (
    Refusal.CUSTOMER_UNKNOWN,
    Refusal.MERCHANT_UNKNOWN,
    Refusal.MERCHANT_NOT_ACTIVE,
    Refusal.INSUFFICIENT_POINTS,
    Refusal.ACCOUNT_FROZEN,
    Refusal.ACCOUNT_CLOSED,
    Refusal.CUSTOMER_BLACKLISTED,
    Refusal.LIMIT_EXCEEDED,
    Refusal.APPLICATION_NOT_OPEN,
    Refusal.CUSTOMER_NOT_ELIGIBLE,
    Refusal.BELOW_MINIMUM,
    Refusal.NOT_A_STEP,
    *OF_SERIALS,
)


#: Of who names a quote, or another who is to pay.
_BY_NAMING = (Refusal.QUOTE_UNKNOWN, Refusal.QUOTE_EXPIRED, Refusal.QUOTE_USED, Refusal.QUOTE_DIFFERS, Refusal.NOT_A_POOL_MEMBER)


def online_router(begin: BeginOnlineWork, clock: Clock, new_id: NewId) -> APIRouter:
    """Return the routes of reservations, redemptions, reversals and grants."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}", tags=["online"])
    _add_reservations(router, begin, clock, new_id)
    _add_redemptions(router, begin, clock, new_id)
    _add_others(router, begin, clock, new_id)
    return router


def _add_reservations(router: APIRouter, begin: BeginOnlineWork, clock: Clock, new_id: NewId) -> None:
    reserve = ReservePoints(begin=begin, clock=clock, new_id=new_id)
    capture = CaptureReservation(begin=begin, clock=clock, new_id=new_id)
    release = ReleaseReservation(begin=begin, clock=clock)

    @router.post("/reservations", status_code=201, response_model=ReservationAnswer, responses=documented(*OF_SPENDING, *_BY_NAMING))
    def post_reservation(legal_entity: str, body: SpendingBody, call: _CHANNEL) -> Response:
        """Set points aside for an application until they are captured, released, or the time is up. The lots are fixed now.

        With `pay_from` a pool member spends the owner's points: the owner's account pays, and gets back what is given back; all its rules hold, and the
        member's limit by month: 409 `not-a-pool-member`, `limit-exceeded`. The answer then says `spent_by`.
        """
        return respond(reserve(by_channel(call), body.asked()), PROBLEMS, HTTPStatus.CREATED)

    @router.get("/reservations/{reservation_id}", response_model=ReservationShown, responses=documented(Refusal.RESERVATION_UNKNOWN))
    def get_reservation(legal_entity: str, reservation_id: str, caller: Annotated[Caller, reads(Function.CHANNEL)]) -> Response:
        """Show a reservation as it is now. 403 `beyond-your-scope`."""
        with begin() as work:
            hold = work.holds.find(legal_entity, reservation_id)
            if hold is not None and caller.institutions is not None:
                require_within_scope(caller, work.find_institution(legal_entity, hold.customer_no), "path.reservation_id")
        if hold is None:
            raise ProblemError(PROBLEMS[Refusal.RESERVATION_UNKNOWN], [Reason(*REASONS[Refusal.RESERVATION_UNKNOWN])])
        return json_response(
            {
                "reservation_id": hold.reservation_id,
                "status": hold.status_at(clock.now()),
                "customer_no": hold.customer_no,
                "points": hold.points,
                "application": hold.application,
                "channel": hold.channel,
                "merchant_no": hold.merchant_no,
                "expires_at": hold.expires_at,
                "redemption_id": hold.redemption_id,
                "spent_by": hold.spent_by,
                "lots": shown(hold.lots),
            }
        )

    @router.post(
        "/reservations/{reservation_id}/capture",
        response_model=CaptureAnswer,
        responses=documented(
            Refusal.RESERVATION_UNKNOWN, Refusal.RESERVATION_EXPIRED, Refusal.RESERVATION_RELEASED, Refusal.ALREADY_CAPTURED, Refusal.INSUFFICIENT_POINTS
        ),
    )
    def post_capture(legal_entity: str, reservation_id: str, call: _CHANNEL, body: CaptureBody | None = None) -> Response:
        """Spend what is held, or part of it; the rest is released."""
        return respond(capture(by_channel(call), reservation_id, body.points if body else None), PROBLEMS)

    @router.post(
        "/reservations/{reservation_id}/release",
        response_model=ReleaseAnswer,
        responses=documented(Refusal.RESERVATION_UNKNOWN, Refusal.ALREADY_CAPTURED),
    )
    def post_release(legal_entity: str, reservation_id: str, call: _CHANNEL) -> Response:
        """Give what is held back to the customer."""
        return respond(release(by_channel(call), reservation_id), PROBLEMS)


def _add_redemptions(router: APIRouter, begin: BeginOnlineWork, clock: Clock, new_id: NewId) -> None:
    redeem = RedeemPoints(begin=begin, clock=clock, new_id=new_id)
    void = VoidRedemption(begin=begin, clock=clock)
    refund = RefundRedemption(begin=begin, clock=clock, new_id=new_id)

    @router.post("/redemptions", status_code=201, response_model=RedemptionAnswer, responses=documented(*OF_SPENDING, *_BY_NAMING))
    def post_redemption(legal_entity: str, body: SpendingBody, call: _CHANNEL) -> Response:
        """Reserve and capture in one step. `pay_from` as of reservations."""
        return respond(redeem(by_channel(call), body.asked()), PROBLEMS, HTTPStatus.CREATED)

    @router.post(
        "/redemptions/{redemption_id}/void",
        response_model=VoidAnswer,
        responses=documented(Refusal.REDEMPTION_UNKNOWN, Refusal.BUSINESS_DATE_PASSED, Refusal.ALREADY_VOID, Refusal.ALREADY_REFUNDED),
    )
    def post_void(legal_entity: str, redemption_id: str, call: _CHANNEL) -> Response:
        """Undo a whole redemption on the business date it was made; its lots are restored, and what has lapsed meanwhile expires at once."""
        return respond(void(by_channel(call), redemption_id), PROBLEMS)

    @router.post(
        "/redemptions/{redemption_id}/refunds",
        status_code=201,
        response_model=RefundAnswer,
        responses=documented(Refusal.REDEMPTION_UNKNOWN, Refusal.REFUND_EXCEEDS_ORIGINAL, *OF_SERIALS),
    )
    def post_refund(legal_entity: str, redemption_id: str, body: RefundBody, call: _CHANNEL) -> Response:
        """Give points of a redemption back, lots last taken first, repeatedly until it is exhausted."""
        return respond(refund(by_channel(call), redemption_id, body.points, body.serial), PROBLEMS, HTTPStatus.CREATED)


def _add_others(router: APIRouter, begin: BeginOnlineWork, clock: Clock, new_id: NewId) -> None:
    reverse = ReverseTransaction(begin=begin, clock=clock, new_id=new_id)
    grant = GrantPoints(begin=begin, clock=clock, new_id=new_id)

    @router.post("/reversals", response_model=ReversalAnswer, responses=documented(*OF_SERIALS))
    def post_reversal(legal_entity: str, body: ReversalBody, call: _CHANNEL) -> Response:
        """Undo, on any date, all that this channel's call with the original serial did and what was built on it.

        An original that is not known gives `nothing-to-reverse`, and is refused when it comes late.
        """
        return respond(reverse(by_channel(call), body.original, body.serial), PROBLEMS)

    @router.post(
        "/grants",
        status_code=201,
        response_model=GrantAnswer,
        responses=documented(Refusal.LIMIT_EXCEEDED, Refusal.POINT_TYPE_UNKNOWN, *OF_SERIALS),
    )
    def post_grant(legal_entity: str, body: GrantBody, call: _CHANNEL) -> Response:
        """Give points at once; the customer's account is opened if needed."""
        return respond(grant(by_channel(call), body.asked()), PROBLEMS, HTTPStatus.CREATED)


def by_channel(write: Write) -> Call:
    """Return the call with its channel's code, which is the credential's."""
    if write.caller.channel is None:
        fault = f"credential {write.caller.credential} is bound to no channel"
        raise ProblemError(problems.FUNCTION_NOT_GRANTED, [Reason("header.Authorization", fault, "Use a channel's credential.")])
    return Call(write.idempotency, write.caller.channel)
