"""Quotes over HTTP."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.answers import respond
from loyalty_shared.web.credentials import Function, Write, writes
from loyalty_shared.web.models import Body, CodeField, PointsField, WholeNumber
from redemption.application.online_ports import BeginOnlineWork, NewId
from redemption.application.quote_points import QuotePoints, Quoting
from redemption.domain.refusals import Refusal
from redemption.entrypoints.http_applications import RateBody
from redemption.entrypoints.http_online import OF_SPENDING, by_channel
from redemption.entrypoints.http_online_problems import PROBLEMS, documented


class QuoteBody(Body):
    """An amount to be paid with points and cash."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"customer_no": "C0000001", "application": "mall", "amount_minor": 19900, "points": 500}]})

    customer_no: CodeField
    application: CodeField
    amount_minor: Annotated[WholeNumber, Field(ge=1, le=2**53 - 1, description="What is to be paid, in minor units of the rate's currency")]
    points: Annotated[PointsField | None, Field(description="How many points are to pay; as many as can be spent when null or left out")] = None


class QuoteAnswer(BaseModel):
    """An offer until `expires_at`: `points` pay, and `amount_minor` of `total_minor` is left to be paid in cash."""

    quote_id: str
    customer_no: str
    application: str
    points: int
    amount_minor: int
    total_minor: int
    rate: RateBody
    step_up: bool
    expires_at: datetime


def quotes_router(begin: BeginOnlineWork, clock: Clock, new_id: NewId) -> APIRouter:
    """Return the route of quotes."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}", tags=["online"])
    quote = QuotePoints(begin=begin, clock=clock, new_id=new_id)

    @router.post("/quotes", status_code=201, response_model=QuoteAnswer, responses=documented(Refusal.NO_RATE, *OF_SPENDING))
    def post_quote(legal_entity: str, body: QuoteBody, call: Annotated[Write, writes(Function.CHANNEL)]) -> Response:
        """Offer points and cash for an amount, at the application's rate.

        Nothing is held. A reservation or redemption of these points that names `quote_id` has this rate, whatever the application's has become, until the
        quote lapses; once.
        """
        asked = Quoting(customer_no=body.customer_no, application=body.application, amount_minor=body.amount_minor, points=body.points)
        return respond(quote(by_channel(call), asked), PROBLEMS, HTTPStatus.CREATED)

    return router
