"""Expiry over HTTP: what is going to lapse."""

from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import UnknownEntity, find_entity
from loyalty_shared.web.answers import json_response
from loyalty_shared.web.credentials import Caller
from loyalty_shared.web.models import DateField
from redemption.adapters.expiry_forecast import forecast_expiry
from redemption.domain.sliding import months_after
from redemption.entrypoints.staff import READS, require_unscoped

#: How far a forecast looks when the call does not say.
FORECAST_MONTHS: Final = 12


class MonthShown(BaseModel):
    """Points of one type whose last date of use is in one month."""

    month: Annotated[str, Field(examples=["2026-12"])]
    point_type: str
    points: int
    customers: int


class ForecastShown(BaseModel):
    business_on: date
    to: date
    items: list[MonthShown]
    next_cursor: None = None


def expiry_router(database: Database) -> APIRouter:
    """Return the routes of what lapses."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}", tags=["expiry"])

    @router.get("/expiry-forecast", response_model=ForecastShown)
    def get_expiry_forecast(
        legal_entity: str,
        caller: Annotated[Caller, READS],
        to: Annotated[DateField | None, Query(description=f"The last date of use to look at; {FORECAST_MONTHS} months on when left out")] = None,
    ) -> Response:
        """Show what will lapse by month and point type, from the business date on, if nobody spends, earns or extends anything. Held points are left out.

        403 `beyond-your-scope`.
        """
        require_unscoped(caller)
        with database.transaction() as cursor:
            entity = find_entity(cursor, legal_entity)
            if entity is None:
                raise UnknownEntity(legal_entity)
            last = to or months_after(entity.business_on, FORECAST_MONTHS)
            months = forecast_expiry(cursor, legal_entity, entity.business_on, last)
        return json_response({"business_on": entity.business_on, "to": last, "items": months, "next_cursor": None})

    return router
