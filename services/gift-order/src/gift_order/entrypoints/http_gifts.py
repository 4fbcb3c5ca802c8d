"""The catalogue, the wish lists and the invariants over HTTP."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from gift_order.adapters.invariants import count_violations
from gift_order.application.add_wish import AddWish
from gift_order.application.answering import REASONS, gift_shown, wish_shown
from gift_order.application.move_stock import MoveStock
from gift_order.application.ports import Begin, NewId
from gift_order.application.register_gift import RegisterGift
from gift_order.application.set_shelf import SetShelf
from gift_order.domain.refusals import Refusal
from gift_order.entrypoints.http_models import GiftBody, Gifts, GiftShown, ShelfBody, StockBody, WishBody, Wishes, WishShown
from gift_order.entrypoints.http_problems import PROBLEMS, documented
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.connections import Database
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, writes
from loyalty_shared.web.pagination import Page, pages
from loyalty_shared.web.problems import ProblemError, Reason

_KEEPS_GIFTS = Annotated[Write, writes(Function.MAKER, Function.ADMIN)]
_UNKNOWN = documented(Refusal.GIFT_UNKNOWN)


def gifts_router(database: Database, begin: Begin, clock: Clock, new_id: NewId) -> APIRouter:
    """Return the routes of gifts, wishes and invariants."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}")
    _add_gifts(router, begin, clock)
    _add_wishes(router, begin, clock, new_id)

    @router.get("/invariants", tags=["books"])
    def list_invariants(legal_entity: str, caller: Annotated[Caller, reads(Function.MAKER, Function.CHECKER, Function.ADMIN)]) -> Response:
        """Check now what must always hold of gifts and orders, and show how often it does not: 0 everywhere."""
        now = clock.now()
        with database.transaction() as cursor:
            violations = count_violations(cursor, legal_entity, now)
        items = [{"name": name, "violations": count, "checked_at": now} for name, count in violations.items()]
        return json_response({"items": items, "next_cursor": None})

    return router


def _add_gifts(router: APIRouter, begin: Begin, clock: Clock) -> None:
    register = RegisterGift(begin=begin, clock=clock)
    move_stock = MoveStock(begin=begin, clock=clock)
    set_shelf = SetShelf(begin=begin, clock=clock)

    @router.get("/gifts", tags=["gifts"], response_model=Gifts)
    def list_gifts(legal_entity: str, caller: Annotated[Caller, reads()], page: Annotated[Page, pages(str)]) -> Response:
        """List the catalogue by code. `stock`: pieces that can be ordered now."""
        with begin() as work:
            gifts = work.gifts.list(legal_entity, page.after[0] if page.after else None, page.fetch)
        return json_response(page.answer(gifts, key_of=lambda gift: (gift.gift_code,), show=gift_shown))

    @router.get("/gifts/{gift_code}", tags=["gifts"], response_model=GiftShown, responses=_UNKNOWN)
    def get_gift(legal_entity: str, gift_code: str, caller: Annotated[Caller, reads()]) -> Response:
        """Show one gift."""
        with begin() as work:
            gift = work.gifts.find(legal_entity, gift_code)
        if gift is None:
            raise ProblemError(PROBLEMS[Refusal.GIFT_UNKNOWN], [Reason(*REASONS[Refusal.GIFT_UNKNOWN])])
        return json_response(gift_shown(gift))

    @router.post("/gifts", tags=["gifts"], status_code=201, response_model=GiftShown, responses=documented(Refusal.GIFT_EXISTS))
    def post_gift(legal_entity: str, body: GiftBody, call: _KEEPS_GIFTS) -> Response:
        """Add a gift to the catalogue."""
        return respond(register(call.idempotency, body.gift_of(legal_entity)), PROBLEMS, HTTPStatus.CREATED)

    @router.post("/gifts/{gift_code}/stock", tags=["gifts"], response_model=GiftShown, responses=documented(Refusal.GIFT_UNKNOWN, Refusal.STOCK_BELOW_ZERO))
    def post_stock(legal_entity: str, gift_code: str, body: StockBody, call: _KEEPS_GIFTS) -> Response:
        """Add pieces to a gift's stock, or take them away."""
        return respond(move_stock(call.idempotency, gift_code, body.pieces), PROBLEMS)

    @router.post("/gifts/{gift_code}/shelf", tags=["gifts"], response_model=GiftShown, responses=_UNKNOWN)
    def post_shelf(legal_entity: str, gift_code: str, body: ShelfBody, call: _KEEPS_GIFTS) -> Response:
        """Put a gift on the shelf, or take it off; orders that exist go on."""
        return respond(set_shelf(call.idempotency, gift_code, body.status), PROBLEMS)


def _add_wishes(router: APIRouter, begin: Begin, clock: Clock, new_id: NewId) -> None:
    add_wish = AddWish(begin=begin, clock=clock, new_id=new_id)

    @router.post("/wishes", tags=["wishes"], status_code=201, response_model=WishShown, responses=_UNKNOWN)
    def post_wish(legal_entity: str, body: WishBody, call: Annotated[Write, writes(Function.CHANNEL)]) -> Response:
        """Put a gift on a customer's wish list: `loyalty.gift-order.orders` tells when the points for one piece are there."""
        return respond(add_wish(call.idempotency, body.customer_no, body.gift_code), PROBLEMS, HTTPStatus.CREATED)

    @router.get("/wishes", tags=["wishes"], response_model=Wishes)
    def list_wishes(
        legal_entity: str,
        caller: Annotated[Caller, reads(Function.CHANNEL, Function.MAKER, Function.ADMIN)],
        page: Annotated[Page, pages(str)],
        customer_no: Annotated[str | None, Query(max_length=64, description="Only this customer's")] = None,
    ) -> Response:
        """List wishes, newest first."""
        with begin() as work:
            wishes = work.wishes.list(legal_entity, customer_no, page.after[0] if page.after else None, page.fetch)
        return json_response(page.answer(wishes, key_of=lambda wish: (wish.wish_id,), show=wish_shown))
