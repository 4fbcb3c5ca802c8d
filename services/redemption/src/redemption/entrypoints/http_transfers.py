"""Transfers over HTTP."""

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.answers import respond
from loyalty_shared.web.credentials import Function, Write, writes
from loyalty_shared.web.models import CodeField, PointsField
from redemption.application.online_ports import BeginOnlineWork, NewId
from redemption.application.transfer_points import TransferPoints, Transferring
from redemption.domain.refusals import Refusal
from redemption.entrypoints.http_online import by_channel
from redemption.entrypoints.http_online_models import LotAnswer, SerialBody
from redemption.entrypoints.http_online_problems import OF_SERIALS, PROBLEMS, documented


class TransferBody(SerialBody):
    """Points that one customer gives another."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "from_customer_no": "C0000001",
                    "to_customer_no": "C0000002",
                    "points": 100,
                    "channel_serial": "000127",
                    "channel_date": "2026-03-01",
                }
            ]
        }
    )

    from_customer_no: CodeField
    to_customer_no: CodeField
    points: PointsField


class TransferAnswer(BaseModel):
    """A transfer that was done, and the lots that it took, which the receiver has now."""

    transfer_id: str
    status: Literal["transferred"]
    from_customer_no: str
    to_customer_no: str
    points: int
    lots: list[LotAnswer]


_REFUSALS = (
    Refusal.TRANSFERS_NOT_ALLOWED,
    Refusal.CUSTOMER_UNKNOWN,
    Refusal.SAME_CUSTOMER,
    Refusal.ACCOUNT_FROZEN,
    Refusal.ACCOUNT_CLOSED,
    Refusal.CUSTOMER_BLACKLISTED,
    Refusal.LIMIT_EXCEEDED,
    Refusal.INSUFFICIENT_POINTS,
    *OF_SERIALS,
)


def transfers_router(begin: BeginOnlineWork, clock: Clock, new_id: NewId) -> APIRouter:
    """Return the route of transfers."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}", tags=["online"])
    transfer = TransferPoints(begin=begin, clock=clock, new_id=new_id)

    @router.post("/transfers", status_code=201, response_model=TransferAnswer, responses=documented(*_REFUSALS))
    def post_transfer(legal_entity: str, body: TransferBody, call: Annotated[Write, writes(Function.CHANNEL)]) -> Response:
        """Move points to another customer of the entity, whose account is opened if needed; lots keep their type, expiry and funding party.

        Off until the console's parameter `transfers-allowed` is true on the business date; `transfer-limits` `{"per_transfer", "per_day"}` bounds what a
        customer sends. What the receiver owes is repaid first. Undone by a reversal of its serial.
        """
        asked = Transferring(serial=body.serial, from_customer_no=body.from_customer_no, to_customer_no=body.to_customer_no, points=body.points)
        return respond(transfer(by_channel(call), asked), PROBLEMS, HTTPStatus.CREATED)

    return router
