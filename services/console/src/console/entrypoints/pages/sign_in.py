"""Signing in and out, and the language of the pages. A session is a token in a cookie that no script reads; the console keeps nothing beside it."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from console.adapters.service_calls import Done, Refused, ServiceCalls
from console.entrypoints.pages.languages import LANGUAGES
from console.entrypoints.pages.rendering import render
from console.entrypoints.pages.routes import SIGN_IN, pages_of, see_other, to_sign_in
from console.entrypoints.pages.visits import LANGUAGE_COOKIE, SESSION_COOKIE, PageProblem, begin_visit, local_path, problem_of
from loyalty_shared.kernel.ids import new_id

LANGUAGE_SECONDS = 365 * 24 * 3600


def sign_in_router(services: ServiceCalls) -> APIRouter:
    """Return the pages of those who are not signed in, or no longer want to be."""
    router = pages_of(services)

    @router.get("/")
    async def first_page(request: Request) -> Response:
        """Go to the overview, or to the sign-in page."""
        visit = await begin_visit(request, services)
        return to_sign_in(request) if visit.caller is None else see_other(f"/entities/{min(visit.caller.entities)}/overview")

    @router.get(SIGN_IN)
    async def sign_in_page(request: Request, next: str = "/") -> Response:  # the name in the address
        """Show the form."""
        return render(await begin_visit(request, services), "sign_in.html", next=local_path(next), operator="", problem=None)

    @router.post(SIGN_IN)
    async def sign_in(request: Request, operator: Annotated[str, Form()], password: Annotated[str, Form()], next: Annotated[str, Form()] = "/") -> Response:
        """Begin a session."""
        visit = await begin_visit(request, services)
        result = await services.as_operator(request.app, None, request.client).post(
            "console", "/v1/sessions", new_id(), {"operator": operator, "password": password}
        )
        if not isinstance(result, Done):
            problem = PageProblem(result.code, result.status, result.reasons) if isinstance(result, Refused) else problem_of(result)
            return render(visit, "sign_in.html", problem.status, next=local_path(next), operator=operator, problem=problem)
        on = local_path(next)
        response = see_other(f"/entities/{result.body['legal_entity']}/overview" if on == "/" else on)
        expires_at = datetime.fromisoformat(result.body["expires_at"])
        secure = request.url.scheme == "https"
        response.set_cookie(SESSION_COOKIE, result.body["token"], expires=expires_at, httponly=True, samesite="strict", secure=secure)
        return response

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        """End the session, here and at every service."""
        visit = await begin_visit(request, services)
        if visit.caller is not None:
            await visit.calls.delete("console", "/v1/sessions", new_id())
        response = see_other(SIGN_IN)
        response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
        return response

    @router.post("/language")
    async def choose_language(request: Request, language: Annotated[str, Form()], next: Annotated[str, Form()] = "/") -> Response:
        """Remember the language and show the same page in it."""
        if language not in LANGUAGES:
            raise PageProblem("invalid-request", HTTPStatus.UNPROCESSABLE_ENTITY)
        response = see_other(local_path(next))
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=LANGUAGE_SECONDS, httponly=True, samesite="lax", secure=request.url.scheme == "https")
        return response

    return router
