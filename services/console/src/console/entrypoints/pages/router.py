"""All pages together: the one thing that the console's main includes."""

from pathlib import Path

from fastapi import APIRouter

from console.adapters.service_calls import ServiceCalls
from console.entrypoints.pages.assets import assets_router
from console.entrypoints.pages.customers import customers_router
from console.entrypoints.pages.desk import desk_router
from console.entrypoints.pages.overview import overview_router
from console.entrypoints.pages.rules import rules_router
from console.entrypoints.pages.sign_in import sign_in_router


def pages_router(services: ServiceCalls, packages: Path | None) -> APIRouter:
    """Return every page, and the assets they load from `packages`, the directory of the browser packages by name."""
    router = APIRouter()
    router.include_router(assets_router(packages))
    for pages in (sign_in_router, overview_router, customers_router, rules_router, desk_router):
        router.include_router(pages(services))
    return router
