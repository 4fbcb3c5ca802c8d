"""How a page's route fails: a page that says so in the visitor's language, with a stable code. Forms are taken from our own pages only."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse, Response

from console.adapters.service_calls import ServiceCalls
from console.entrypoints.pages.rendering import HEADERS, render
from console.entrypoints.pages.visits import PageProblem, SignInNeeded, begin_visit, came_from_own_page

SIGN_IN: Final = "/sign-in"


def pages_of(services: ServiceCalls) -> APIRouter:
    """Return an empty router whose routes are pages. They stand in no API document."""

    class PageRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            inner = super().get_route_handler()

            async def handle(request: Request) -> Response:
                try:
                    if request.method == "POST" and not came_from_own_page(request):
                        raise PageProblem("foreign-form", HTTPStatus.FORBIDDEN)
                    return await inner(request)
                except SignInNeeded:
                    return to_sign_in(request)
                except PageProblem as problem:
                    return await tell(request, services, problem)
                except RequestValidationError as error:
                    reasons = tuple({"path": str(fault["loc"][-1]), "fault": str(fault["msg"]), "remedy": ""} for fault in error.errors())
                    return await tell(request, services, PageProblem("invalid-request", HTTPStatus.UNPROCESSABLE_ENTITY, reasons))

            return handle

    return APIRouter(route_class=PageRoute, include_in_schema=False, default_response_class=Response)


def to_sign_in(request: Request) -> Response:
    """Send the browser to the sign-in page; a part of a page that htmx asked for is 401, and htmx is told to leave the page."""
    target = SIGN_IN
    if request.method == "GET" and "HX-Request" not in request.headers:
        target += f"?next={quote(request.url.path + (f'?{request.url.query}' if request.url.query else ''), safe='')}"
    if "HX-Request" in request.headers:
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={**HEADERS, "HX-Redirect": target})
    return RedirectResponse(target, HTTPStatus.SEE_OTHER, HEADERS)


async def tell(request: Request, services: ServiceCalls, problem: PageProblem) -> Response:
    """Return the page that tells a problem, with its status."""
    visit = await begin_visit(request, services)
    return render(visit, "problem.html", problem.status, problem=problem)


def see_other(path: str) -> Response:
    """Send the browser on after a form was done, so that a reload does not send it again."""
    return RedirectResponse(path, HTTPStatus.SEE_OTHER, HEADERS)
