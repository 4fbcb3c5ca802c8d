"""The live overview: how each service is, what flows, what waits, and whether the ledger's invariants hold. Refreshed by the browser."""

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from console.adapters.service_calls import OperatorCalls, ServiceCalls
from console.entrypoints.pages.overview_view import Asked, flow_chart, hour_chart, lag_chart, outcome_chart, overview_from
from console.entrypoints.pages.rendering import render
from console.entrypoints.pages.routes import pages_of
from console.entrypoints.pages.visits import Visit, begin_operators_visit

REFRESH_SECONDS: Final = 5
MINUTES: Final = 60


def overview_router(services: ServiceCalls) -> APIRouter:
    """Return the overview's page, and the part of it that is asked for again and again."""
    router = pages_of(services)

    @router.get("/entities/{legal_entity}/overview")
    async def show_overview(request: Request, legal_entity: str) -> Response:
        """Show the overview."""
        return await _shown(await begin_operators_visit(request, services), services, "overview.html")

    @router.get("/entities/{legal_entity}/overview/figures")
    async def show_figures(request: Request, legal_entity: str) -> Response:
        """Show the part that moves."""
        return await _shown(await begin_operators_visit(request, services), services, "overview_figures.html")

    return router


async def _shown(visit: Visit, services: ServiceCalls, template: str) -> Response:
    windows, asked = await asyncio.gather(
        visit.calls.get("reporting", f"{visit.api}/windows", {"minutes": MINUTES}, wait_for_session=False),
        asyncio.gather(*(_ask(visit.calls, service) for service in services.services)),
    )
    overview = overview_from(asked, visit.legal_entity or "")
    charts = {
        "lag": lag_chart(overview, visit.language),
        "outcomes": outcome_chart(overview, visit.language),
        "flow": flow_chart(visit.language),
        "hour": hour_chart(windows, visit.language),
    }
    return render(visit, template, overview=overview, charts=charts, refresh_seconds=REFRESH_SECONDS)


async def _ask(calls: OperatorCalls, service: str) -> Asked:
    health, consumers, metrics = await asyncio.gather(
        calls.get(service, "/health/ready"),
        calls.get(service, "/v1/consumers", wait_for_session=False),
        calls.get(service, "/metrics"),
    )
    return Asked(service=service, health=health, consumers=consumers, metrics=metrics)
