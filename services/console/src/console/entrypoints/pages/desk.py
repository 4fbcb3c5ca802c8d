"""The desk: what waits for approval, parameters, jobs and the audit trail, as the console's own API has them."""

import asyncio
import json
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from console.adapters.service_calls import CONSOLE, Done, Result, ServiceCalls
from console.entrypoints.pages.rendering import render
from console.entrypoints.pages.routes import pages_of, see_other
from console.entrypoints.pages.visits import PageProblem, Visit, begin_operators_visit, body_of, problem_of

ITEMS_MAX: Final = 100
RULES_MAX: Final = 500
DECISIONS: Final = ("approve", "reject")


def desk_router(services: ServiceCalls) -> APIRouter:
    """Return the pages of the console's own affairs."""
    router = pages_of(services)
    _add_approvals(router, services)
    _add_parameters(router, services)
    _add_jobs(router, services)
    return router


def _add_approvals(router: APIRouter, services: ServiceCalls) -> None:
    @router.get("/entities/{legal_entity}/approvals")
    async def list_approvals(request: Request, legal_entity: str, done: str = "") -> Response:
        """List what waits for a checker, and what was decided before."""
        return await _approvals(await begin_operators_visit(request, services), done=done)

    @router.post("/entities/{legal_entity}/approvals/{approval_id}/{decision}")
    async def decide(
        request: Request, legal_entity: str, approval_id: str, decision: str, key: Annotated[str, Form()], remark: Annotated[str, Form()] = ""
    ) -> Response:
        """Approve or reject; a refusal is told on the same page."""
        visit = await begin_operators_visit(request, services)
        if decision not in DECISIONS:
            raise PageProblem("page-unknown", HTTPStatus.NOT_FOUND)
        body = {"remark": remark.strip()} if remark.strip() else {}
        result = await visit.calls.post(CONSOLE, f"{visit.api}/approvals/{quote(approval_id, safe='')}/{decision}", key, body)
        if isinstance(result, Done):
            return see_other(f"{visit.root}/approvals?done={result.body['status']}")
        return await _approvals(visit, problem=problem_of(result))


async def _approvals(visit: Visit, *, done: str = "", problem: PageProblem | None = None) -> Response:
    asked, rules = await asyncio.gather(
        visit.calls.get(CONSOLE, f"{visit.api}/approvals", {"limit": ITEMS_MAX}), visit.calls.get("accrual", f"{visit.api}/rules", {"limit": RULES_MAX})
    )
    items: Any = body_of(asked)["items"]
    return render(
        visit,
        "approvals.html",
        problem.status if problem else HTTPStatus.OK,
        waiting=[item for item in items if item["status"] == "pending"],
        decided=[item for item in items if item["status"] != "pending"],
        rules=[rule for rule in rules.body["items"] if rule["status"] == "submitted"] if isinstance(rules, Done) else None,
        done=done,
        problem=problem,
    )


def _add_parameters(router: APIRouter, services: ServiceCalls) -> None:
    @router.get("/entities/{legal_entity}/parameters")
    async def list_parameters(request: Request, legal_entity: str, done: str = "") -> Response:
        """List the parameters with the values that hold now."""
        return await _parameters(await begin_operators_visit(request, services), done=done)

    @router.post("/entities/{legal_entity}/parameters/{name}")
    async def change(
        request: Request,
        legal_entity: str,
        name: str,
        value: Annotated[str, Form()],
        key: Annotated[str, Form()],
        effective_on: Annotated[str, Form()] = "",
        reason: Annotated[str, Form()] = "",
    ) -> Response:
        """Ask for another value; it holds when a checker has approved it."""
        visit = await begin_operators_visit(request, services)
        body: dict[str, Any] = {"value": _value_from(value)}
        body |= {field: text.strip() for field, text in (("effective_on", effective_on), ("reason", reason)) if text.strip()}
        result = await visit.calls.put(CONSOLE, f"{visit.api}/parameters/{quote(name, safe='')}", key, body)
        if isinstance(result, Done):
            return see_other(f"{visit.root}/parameters?done=pending")
        return await _parameters(visit, problem=problem_of(result))


def _value_from(text: str) -> Any:
    """Return the value that was entered: JSON, or the text itself where it is none, for nobody quotes a word in a form."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text.strip()


async def _parameters(visit: Visit, *, done: str = "", problem: PageProblem | None = None) -> Response:
    page = body_of(await visit.calls.get(CONSOLE, f"{visit.api}/parameters", {"limit": ITEMS_MAX}))
    return render(visit, "parameters.html", problem.status if problem else HTTPStatus.OK, parameters=page["items"], done=done, problem=problem)


def _add_jobs(router: APIRouter, services: ServiceCalls) -> None:
    @router.get("/entities/{legal_entity}/jobs")
    async def list_jobs(request: Request, legal_entity: str, done: str = "") -> Response:
        """List the jobs with their schedules and last runs."""
        return await _jobs(await begin_operators_visit(request, services), done=done)

    @router.post("/entities/{legal_entity}/jobs/{name}/runs")
    async def run(request: Request, legal_entity: str, name: str, key: Annotated[str, Form()], on: Annotated[str, Form()] = "") -> Response:
        """Start a job by hand."""
        visit = await begin_operators_visit(request, services)
        body = {"on": on.strip()} if on.strip() else {}
        result = await visit.calls.post(CONSOLE, f"{visit.api}/jobs/{quote(name, safe='')}/runs", key, body)
        if isinstance(result, Done):
            return see_other(f"{visit.root}/jobs?done=queued")
        return await _jobs(visit, problem=problem_of(result))

    @router.get("/entities/{legal_entity}/audit")
    async def show_audit(request: Request, legal_entity: str, cursor: str | None = None) -> Response:
        """Show who did what, newest first, and whether the chain is whole."""
        visit = await begin_operators_visit(request, services)
        trail, verification = await asyncio.gather(
            visit.calls.get(CONSOLE, f"{visit.api}/audit", {"limit": ITEMS_MAX, "cursor": cursor}), visit.calls.get(CONSOLE, f"{visit.api}/audit/verification")
        )
        page = body_of(trail)
        return render(visit, "audit.html", items=page["items"], older=page["next_cursor"], verification=_body_or_none(verification))


async def _jobs(visit: Visit, *, done: str = "", problem: PageProblem | None = None) -> Response:
    page = body_of(await visit.calls.get(CONSOLE, f"{visit.api}/jobs", {"limit": ITEMS_MAX}))
    return render(visit, "jobs.html", problem.status if problem else HTTPStatus.OK, jobs=page["items"], done=done, problem=problem)


def _body_or_none(result: Result) -> Any:
    return result.body if isinstance(result, Done) else None
