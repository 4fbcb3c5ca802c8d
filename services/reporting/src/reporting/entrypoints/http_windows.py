"""The live windows over HTTP."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import UnknownEntity, find_entity
from loyalty_shared.web.answers import json_response
from loyalty_shared.web.credentials import Caller, Function, reads
from reporting.adapters.institutions import institutions_below
from reporting.adapters.live_windows import list_windows

MINUTES_DEFAULT: Final = 15
MINUTES_MAX: Final = 60


def windows_router(database: Database, clock: Clock) -> APIRouter:
    """Return the route that shows the last minutes."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}", tags=["live windows"])

    @router.get("/windows")
    def list_live_windows(
        legal_entity: str,
        caller: Annotated[Caller, reads(Function.MAKER, Function.CHECKER, Function.ADMIN)],
        minutes: Annotated[int, Query(ge=1, le=MINUTES_MAX, description="How many whole minutes back, besides the one that runs")] = MINUTES_DEFAULT,
    ) -> Response:
        """Show transactions and points decided, minute by minute, by institution, channel and outcome. Advice: it ties to nothing."""
        since = clock.now().replace(second=0, microsecond=0) - timedelta(minutes=minutes)
        with database.transaction() as cursor:
            if find_entity(cursor, legal_entity) is None:
                raise UnknownEntity(legal_entity)
            institutions = None if caller.institutions is None else institutions_below(cursor, legal_entity, caller.institutions)
            windows = list_windows(cursor, legal_entity, since, institutions)
        items = [
            {"minute": minute, "institution": institution, "channel": channel, "outcome": outcome, "transactions": events, "points": points}
            for minute, institution, channel, outcome, events, points in windows
        ]
        return json_response({"since": since, "items": items, "next_cursor": None})

    return router
