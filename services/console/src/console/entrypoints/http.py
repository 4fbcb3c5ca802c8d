"""The console's calls: open entities, move business dates, and see who has followed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from http import HTTPStatus
from typing import Annotated, Any
from zoneinfo import available_timezones

from fastapi import APIRouter, Request
from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from starlette.responses import Response

from console.application.advance_business_date import AdvanceBusinessDate
from console.application.open_entity import OpenEntity
from console.domain.entities import SPONSOR, NewEntity
from console.domain.local_credentials import CHANNELS, tokens_from
from console.entrypoints.callers import call_of
from console.entrypoints.problems import PROBLEMS
from loyalty_shared.web import problems
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, writes
from loyalty_shared.web.models import Body, DateField
from loyalty_shared.web.problems import ENTITY_UNKNOWN, ProblemError, Reason


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_zone(zone: str) -> str:
    if zone not in _zones():
        raise ValueError("is not a time zone of the IANA database, e.g. Asia/Shanghai")
    return zone


class EntityBody(Body):
    """An entity to be opened."""

    legal_entity: Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9A-Za-z_-]{1,16}$")] = Field(description="The entity's code", examples=["003"])
    names: dict[
        Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")],
        Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=200)],
    ] = Field(min_length=1, max_length=16, description="Its name by language", examples=[{"zh": "江南村镇银行", "en": "Jiangnan Village Bank"}])
    zone: Annotated[str, StringConstraints(strict=True, max_length=64), AfterValidator(_known_zone)] = Field(
        description="IANA time zone in which its dates are", examples=["Asia/Shanghai"]
    )
    business_on: DateField = Field(description="Its first business date")


class BusinessDateBody(Body):
    """The business date to move to."""

    business_on: DateField = Field(description="Not before the present business date; the present one changes nothing")


class EntityAnswer(BaseModel):
    """The entity opened, with its credentials' tokens by role and the channels' codes, in the form of `.run/endpoints.json`."""

    legal_entity: str
    names: dict[str, str]
    zone: str
    business_on: date
    credentials: dict[str, str]
    channels: dict[str, str]


class BusinessDateAnswer(BaseModel):
    """The business date as it is now."""

    business_on: date


class FollowedDateAnswer(BusinessDateAnswer):
    """Besides, the date each service works under; null for one that does not answer."""

    followed_by: dict[str, date | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What the routes call. `find_business_on` and `list_followers` read; the latter asks with the caller's own token."""

    open_entity: OpenEntity
    advance_business_date: AdvanceBusinessDate
    find_business_on: Callable[[str], date | None]
    list_followers: Callable[[str, str], Mapping[str, date | None]]
    seed: str


def console_router(calls: Calls) -> APIRouter:
    """Return the console's routes."""
    router = APIRouter(prefix="/v1/entities", tags=["entities"])

    @router.post("", status_code=HTTPStatus.CREATED, response_model=EntityAnswer)
    def open_entity(body: EntityBody, call: Annotated[Write, writes(Function.ADMIN)], request: Request) -> Response:
        """Open a legal entity, as an administrator of the sponsor bank, who may administer it from then on.

        Answers with credentials of the entity's own by role, in the form of `.run/endpoints.json`. 409 `entity-exists`.
        """
        if SPONSOR not in call.caller.entities:
            reason = Reason("header.Authorization", "only the sponsor's administrators open entities", f"Use the admin credential of entity {SPONSOR}.")
            raise ProblemError(problems.NOT_YOUR_ENTITY, [reason])
        answer = calls.open_entity(
            call_of(call, request), NewEntity(legal_entity=body.legal_entity, names=dict(body.names), zone=body.zone, business_on=body.business_on)
        )
        if answer.refusal is None:  # tokens are derived for the caller each time, and kept nowhere
            answer = replace(answer, body={**answer.body, "credentials": tokens_from(calls.seed, body.legal_entity), "channels": CHANNELS})
        return respond(answer, PROBLEMS, HTTPStatus.CREATED)

    @router.post("/{legal_entity}/business-date", response_model=BusinessDateAnswer)
    def advance_business_date(legal_entity: str, body: BusinessDateBody, call: Annotated[Write, writes(Function.ADMIN)], request: Request) -> Response:
        """Move the entity's business date forward, by any number of days; the closed date gets no more postings. 409 `business-date-moves-back`."""
        return respond(calls.advance_business_date(call_of(call, request), body.business_on), PROBLEMS)

    @router.get("/{legal_entity}/business-date", response_model=FollowedDateAnswer)
    def get_business_date(legal_entity: str, caller: Annotated[Caller, reads()], request: Request) -> Response:
        """Show the entity's business date, and which date each service works under: null for one that does not answer."""
        business_on = calls.find_business_on(legal_entity)
        if business_on is None:
            raise ProblemError(ENTITY_UNKNOWN, [Reason("path.legal_entity", f"no entity {legal_entity}", "Open it first, or correct its code.")])
        body: dict[str, Any] = {"business_on": business_on, "followed_by": calls.list_followers(legal_entity, request.headers["Authorization"])}
        return json_response(body)

    return router
