"""The alerts of velocity watching over HTTP."""

from datetime import date, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import Response

from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import UnknownEntity, find_entity
from loyalty_shared.web.answers import json_response
from loyalty_shared.web.credentials import Caller, Function, reads
from loyalty_shared.web.models import CodeField
from loyalty_shared.web.pagination import Page, pages
from reporting.adapters.institutions import institutions_below
from reporting.adapters.suspect_watching import list_alerts
from reporting.domain.alerts import WATCHED, AlertKind

_AFTER_ALL: Final = 2**63 - 1


class AlertShown(BaseModel):
    """Many suspects of one kind by one customer within 24 hours: `events` of them from `first_at` to `last_at`. `institution`: the latest one's."""

    alert_id: int
    customer_no: str
    kind: str
    text: dict[str, str]
    alert_on: date
    events: int
    first_at: datetime
    last_at: datetime
    institution: str
    raised_at: datetime


class AlertsShown(BaseModel):
    """A page of alerts, latest raised first."""

    items: list[AlertShown]
    next_cursor: str | None


def alerts_router(database: Database) -> APIRouter:
    """Return the route that shows what staff should look at."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}", tags=["alerts"])

    @router.get("/alerts", response_model=AlertsShown)
    def get_alerts(
        legal_entity: str,
        page: Annotated[Page, pages(int)],
        caller: Annotated[Caller, reads(Function.MAKER, Function.CHECKER, Function.ADMIN)],
        kind: AlertKind | None = None,
        customer_no: Annotated[CodeField | None, Query()] = None,
    ) -> Response:
        """List what velocity watching noticed: many refunds, purchases just over a minimum, the same terminal. Advice: no points were changed."""
        with database.transaction() as cursor:
            if find_entity(cursor, legal_entity) is None:
                raise UnknownEntity(legal_entity)
            institutions = None if caller.institutions is None else institutions_below(cursor, legal_entity, caller.institutions)
            before = page.after[0] if page.after else _AFTER_ALL
            found = list_alerts(cursor, legal_entity, kind=kind, customer_no=customer_no, institutions=institutions, before=before, limit=page.fetch)
        return json_response(page.answer(found, key_of=lambda one: (one["alert_id"],), show=_shown))

    return router


def _shown(alert: dict[str, Any]) -> dict[str, Any]:
    watched = WATCHED[AlertKind(alert["kind"])]
    return alert | {"text": {"zh": watched.zh, "en": watched.en}}
