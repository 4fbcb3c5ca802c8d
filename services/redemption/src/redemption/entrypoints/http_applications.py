"""Applications over HTTP: what points can be spent on, and what each use asks."""

from datetime import date
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from starlette.responses import Response

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, writes
from loyalty_shared.web.models import Body, CodeField, DateField, PointsField, TextField, WholeNumber
from redemption.application.online_ports import BeginOnlineWork
from redemption.application.put_application import PutApplication, shown_application
from redemption.domain.applications import Application, Eligible, Rate, Terms
from redemption.domain.refusals import Refusal
from redemption.entrypoints.http_online_problems import PROBLEMS, documented, problem_of

#: Codes in one list; who has more registers a tag and names that.
CODES_MAX: Final = 1_000

_Codes = Annotated[tuple[CodeField, ...], Field(max_length=CODES_MAX)]
_MoneyField = Annotated[WholeNumber, Field(ge=1, le=2**53 - 1)]


class EligibleBody(Body):
    """Who may spend: of each list that is given the customer is on one entry."""

    levels: _Codes = ()
    tags: _Codes = ()
    institutions: _Codes = ()
    customers: _Codes = ()


class LimitsBody(Body):
    """The most points: in one call, and of one customer by business date and by its month. Null: no such limit."""

    per_transaction: PointsField | None = None
    per_day: PointsField | None = None
    per_month: PointsField | None = None


class RateBody(Body):
    """What points are worth: `points` pay `amount_minor`."""

    points: PointsField
    amount_minor: _MoneyField
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "CNY"


class ApplicationBody(Body):
    """A use of points; what is left out is not asked."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "names": {"zh": "商城", "en": "Mall"},
                    "status": "open",
                    "channels": ["MOBILE"],
                    "eligible": {"levels": ["gold"]},
                    "minimum": 100,
                    "step": 50,
                    "limits": {"per_transaction": 5000, "per_day": 10000, "per_month": 50000},
                    "rate": {"points": 500, "amount_minor": 100, "currency": "CNY"},
                    "from": "2026-01-01",
                    "to": None,
                    "step_up_above": 2000,
                }
            ]
        }
    )

    names: Annotated[dict[CodeField, TextField] | None, Field(max_length=10)] = None
    status: Literal["open", "closed"] = "open"
    channels: Annotated[_Codes | None, Field(description="Only through these channels; through any when null")] = None
    cost_bearer: CodeField | None = None
    clearing_mode: CodeField | None = None
    eligible: EligibleBody | None = None
    minimum: Annotated[PointsField | None, Field(description="The fewest points in one call")] = None
    step: Annotated[PointsField | None, Field(description="Points come in multiples of this")] = None
    maximum_share_percent: Annotated[WholeNumber | None, Field(ge=1, le=100, description="Of a quoted amount, what points may pay")] = None
    limits: LimitsBody = LimitsBody()
    rate: RateBody | None = None
    from_: Annotated[DateField | None, Field(alias="from", description="The first business date on which it is open")] = None
    to: Annotated[DateField | None, Field(description="The first business date on which it is open no more")] = None
    step_up_above: Annotated[PointsField | None, Field(description="More points than this take a further verification of the customer")] = None

    @field_validator("to")
    @classmethod
    def _ends_after_it_begins(cls, to: date | None, info: ValidationInfo) -> date | None:
        begins = info.data.get("from_")
        if begins is not None and to is not None and to <= begins:
            raise ValueError("to must be after from")
        return to

    def as_application(self, code: str) -> Application:
        eligible, rate = self.eligible, self.rate
        terms = Terms(
            names=self.names,
            channels=self.channels,
            cost_bearer=self.cost_bearer,
            clearing_mode=self.clearing_mode,
            eligible=None if eligible is None else Eligible(**eligible.model_dump()),
            maximum_share_percent=self.maximum_share_percent,
            per_day=self.limits.per_day,
            per_month=self.limits.per_month,
            rate=None if rate is None else Rate(**rate.model_dump()),
            opens_on=self.from_,
            closes_on=self.to,
            step_up_above=self.step_up_above,
        )
        return Application(code=code, is_open=self.status == "open", minimum=self.minimum, step=self.step, points_max=self.limits.per_transaction, terms=terms)


class ApplicationShown(BaseModel):
    """A use of points; null: it does not ask. `points_max` is `limits.per_transaction`."""

    code: str
    names: dict[str, str] | None
    status: Literal["open", "closed"]
    channels: list[str] | None
    cost_bearer: str | None
    clearing_mode: str | None
    eligible: EligibleBody | None
    minimum: int | None
    step: int | None
    points_max: int | None
    maximum_share_percent: int | None
    limits: LimitsBody
    rate: RateBody | None
    from_: Annotated[date | None, Field(alias="from")]
    to: date | None
    step_up_above: int | None


class ApplicationsShown(BaseModel):
    items: list[ApplicationShown]
    next_cursor: None = None


def applications_router(begin: BeginOnlineWork, clock: Clock) -> APIRouter:
    """Return the routes of applications."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}/applications", tags=["applications"])
    put = PutApplication(begin=begin, clock=clock)

    @router.put("/{code}", response_model=ApplicationShown)
    def put_application(
        legal_entity: str, code: Annotated[CodeField, Path()], body: ApplicationBody, call: Annotated[Write, writes(Function.ADMIN)]
    ) -> Response:
        """Register a use of points, or replace what one asks; what is left out of the body is not asked.

        Limits count by business date what each customer holds or has spent, less what was released, voided, refunded or reversed, whenever the limit was set.
        """
        return respond(put(call.idempotency, body.as_application(code)), PROBLEMS)

    @router.get("", response_model=ApplicationsShown)
    def list_applications(legal_entity: str, caller: Annotated[Caller, reads()]) -> Response:
        """List what points can be spent on; null: not asked."""
        with begin() as work:
            applications = work.applications.list(legal_entity)
        return json_response({"items": [shown_application(application) for application in applications], "next_cursor": None})

    @router.get("/{code}", response_model=ApplicationShown, responses=documented(Refusal.APPLICATION_UNKNOWN))
    def get_application(legal_entity: str, code: Annotated[CodeField, Path()], caller: Annotated[Caller, reads()]) -> Response:
        """Show one use of points."""
        with begin() as work:
            application = work.applications.find(legal_entity, code)
        if application is None:
            raise problem_of(Refusal.APPLICATION_UNKNOWN)
        return json_response(shown_application(application))

    return router
