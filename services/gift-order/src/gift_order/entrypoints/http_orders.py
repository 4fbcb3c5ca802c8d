"""Orders over HTTP: each route turns a valid request into one use case's call, and its reply into a response."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from gift_order.application.answering import REASONS, Reply, shown
from gift_order.application.change_order import ChangeOrder
from gift_order.application.place_order import PlaceOrder
from gift_order.application.ports import Begin
from gift_order.domain.orders import Order, decide_cancellation, decide_payment, decide_receipt, decide_return, decide_shipping
from gift_order.domain.refusals import Refusal
from gift_order.entrypoints.http_models import OrderBody, Orders, OrderShown, PaymentBody
from gift_order.entrypoints.http_problems import PROBLEMS, documented
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, writes
from loyalty_shared.web.pagination import Page, pages
from loyalty_shared.web.problems import ProblemError, Reason

_READS = Annotated[Caller, reads(Function.CHANNEL, Function.MAKER, Function.CHECKER, Function.ADMIN)]
_CHANNEL = Annotated[Write, writes(Function.CHANNEL)]
#: Who ships is a supplier's channel, or a clerk.
_SHIPS = Annotated[Write, writes(Function.CHANNEL, Function.MAKER)]

_OF_PLACING: Final = (
    Refusal.GIFT_UNKNOWN,
    Refusal.GIFT_OFF_SHELF,
    Refusal.GIFT_LOCKED,
    Refusal.GIFT_LIMIT_REACHED,
    Refusal.PRICE_MISMATCH,
    Refusal.OUT_OF_STOCK,
    Refusal.CUSTOMER_UNKNOWN,
    Refusal.INSUFFICIENT_POINTS,
    Refusal.ACCOUNT_FROZEN,
    Refusal.ACCOUNT_CLOSED,
    Refusal.CUSTOMER_BLACKLISTED,
    Refusal.LIMIT_EXCEEDED,
    Refusal.APPLICATION_NOT_OPEN,
    Refusal.BELOW_MINIMUM,
    Refusal.NOT_A_STEP,
    Refusal.NOT_RESERVED_IN_TIME,
)
_OF_STATE: Final = (Refusal.ORDER_UNKNOWN, Refusal.ORDER_IN_PROGRESS, Refusal.ORDER_CANCELLED, Refusal.ORDER_RETURNED, Refusal.ORDER_FAILED)
_STILL_MOVING: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": OrderShown, "description": "Accepted, and going on by itself: redemption does not answer at the moment"}
}


def orders_router(begin: Begin, place: PlaceOrder, change: ChangeOrder) -> APIRouter:
    """Return the routes of orders."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}", tags=["orders"])
    _add_placing(router, begin, place)
    _add_changes(router, change)
    return router


def _add_placing(router: APIRouter, begin: Begin, place: PlaceOrder) -> None:
    @router.post("/orders", status_code=201, response_model=OrderShown, responses={**_STILL_MOVING, **documented(*_OF_PLACING)})
    def post_order(legal_entity: str, body: OrderBody, call: _CHANNEL) -> Response:
        """Place an order: its points are reserved, its pieces taken, and the points captured; with a cash part that waits for `/pay`."""
        return _respond(place(call.idempotency, body.asked()), HTTPStatus.CREATED)

    @router.get("/orders/{order_id}", response_model=OrderShown, responses=documented(Refusal.ORDER_UNKNOWN))
    def get_order(legal_entity: str, order_id: str, caller: _READS) -> Response:
        """Show an order as it is now."""
        with begin() as work:
            order = work.orders.find(legal_entity, order_id)
        if order is None:
            raise ProblemError(PROBLEMS[Refusal.ORDER_UNKNOWN], [Reason(*REASONS[Refusal.ORDER_UNKNOWN])])
        return json_response(shown(order))

    @router.get("/orders", response_model=Orders)
    def list_orders(
        legal_entity: str,
        caller: _READS,
        page: Annotated[Page, pages(str)],
        customer_no: Annotated[str | None, Query(max_length=64, description="Only this customer's")] = None,
    ) -> Response:
        """List orders, newest first."""
        with begin() as work:
            orders = work.orders.list(legal_entity, customer_no, page.after[0] if page.after else None, page.fetch)
        return json_response(page.answer(orders, key_of=lambda order: (order.order_id,), show=shown))


def _add_changes(router: APIRouter, change: ChangeOrder) -> None:
    @router.post(
        "/orders/{order_id}/pay",
        response_model=OrderShown,
        responses={
            **_STILL_MOVING,
            **documented(*_OF_STATE, Refusal.ALREADY_PAID, Refusal.NOTHING_TO_PAY, Refusal.PAYMENT_MISMATCH, Refusal.NOT_PAID_IN_TIME),
        },
    )
    def post_payment(legal_entity: str, order_id: str, call: _CHANNEL, body: PaymentBody | None = None) -> Response:
        """Tell that the cash part was paid; the points are captured. When that fails for good, the order is `cash-refund-due`."""
        paid = body or PaymentBody()
        return _respond(change(call.idempotency, order_id, lambda order, now: decide_payment(order, paid.cash_minor, paid.payment_no, now)))

    @router.post(
        "/orders/{order_id}/ship",
        response_model=OrderShown,
        responses=documented(*_OF_STATE, Refusal.ORDER_NOT_PAID, Refusal.ORDER_SHIPPED, Refusal.ORDER_RECEIVED),
    )
    def post_shipping(legal_entity: str, order_id: str, call: _SHIPS) -> Response:
        """Tell that the pieces are on their way."""
        return _respond(change(call.idempotency, order_id, _at_any_time(decide_shipping)))

    @router.post(
        "/orders/{order_id}/receive",
        response_model=OrderShown,
        responses=documented(*_OF_STATE, Refusal.ORDER_NOT_PAID, Refusal.ORDER_NOT_SHIPPED, Refusal.ORDER_RECEIVED),
    )
    def post_receipt(legal_entity: str, order_id: str, call: _SHIPS) -> Response:
        """Tell that the customer has the pieces."""
        return _respond(change(call.idempotency, order_id, _at_any_time(decide_receipt)))

    @router.post(
        "/orders/{order_id}/cancel",
        response_model=OrderShown,
        responses={**_STILL_MOVING, **documented(*_OF_STATE, Refusal.ORDER_SHIPPED, Refusal.ORDER_RECEIVED)},
    )
    def post_cancellation(legal_entity: str, order_id: str, call: _SHIPS) -> Response:
        """Cancel before shipping: points and pieces go back; cash that was paid is shown as due."""
        return _respond(change(call.idempotency, order_id, _at_any_time(decide_cancellation)))

    @router.post(
        "/orders/{order_id}/return",
        response_model=OrderShown,
        responses={**_STILL_MOVING, **documented(*_OF_STATE, Refusal.ORDER_NOT_PAID, Refusal.ORDER_NOT_SHIPPED)},
    )
    def post_return(legal_entity: str, order_id: str, call: _SHIPS) -> Response:
        """Return after shipping: points and pieces go back, and the supplier's part with them; cash that was paid is shown as due."""
        return _respond(change(call.idempotency, order_id, _at_any_time(decide_return)))


def _at_any_time(decide: Callable[[Order], Order | Refusal]) -> Callable[[Order, datetime], Order | Refusal]:
    return lambda order, _now: decide(order)


def _respond(reply: Reply, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return respond(reply.answer, PROBLEMS, status if reply.is_final else HTTPStatus.ACCEPTED)
