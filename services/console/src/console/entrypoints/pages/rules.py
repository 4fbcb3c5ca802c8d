"""Rules, from draft to stopped: makers write and submit, checkers approve and reject."""

from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from console.adapters.service_calls import Done, ServiceCalls
from console.entrypoints.pages.rendering import render
from console.entrypoints.pages.routes import pages_of, see_other
from console.entrypoints.pages.rules_view import EXAMPLE, NotJson, document_from, pretty, rules_from, standing_steps
from console.entrypoints.pages.visits import PageProblem, Visit, begin_operators_visit, body_of, problem_of
from loyalty_shared.web.credentials import Function

VERSIONS_MAX: Final = 500
STEPS: Final = ("submit", "approve", "reject", "stop")
#: An editor larger than this holds no rule.
DOCUMENT_LENGTH_MAX: Final = 200_000


def rules_router(services: ServiceCalls) -> APIRouter:
    """Return the pages about rules."""
    router = pages_of(services)

    @router.get("/entities/{legal_entity}/rules")
    async def list_rules(request: Request, legal_entity: str, status: str = "", cursor: str | None = None) -> Response:
        """List the versions, those that wait for a checker first."""
        visit = await begin_operators_visit(request, services)
        page: Any = body_of(await visit.calls.get("accrual", f"{visit.api}/rules", {"limit": VERSIONS_MAX, "cursor": cursor}))
        return render(visit, "rules.html", rules=rules_from(page["items"], status), chosen=status, older=page["next_cursor"])

    @router.get("/entities/{legal_entity}/rules/new")
    async def new_rule(request: Request, legal_entity: str, code: str = "", version: int = 0) -> Response:
        """Show the editor, with an example or with the version that is to be changed."""
        visit = await begin_operators_visit(request, services)
        visit.require(Function.MAKER)
        text = pretty((await _rule(visit, code, version))["rule"]) if code else EXAMPLE
        return render(visit, "rule_editor.html", text=text, problem=None)

    @router.post("/entities/{legal_entity}/rules/new")
    async def save_rule(
        request: Request, legal_entity: str, document: Annotated[str, Form(max_length=DOCUMENT_LENGTH_MAX)], key: Annotated[str, Form()]
    ) -> Response:
        """Save the draft; what does not fit is named by its path, beside the text as it was."""
        visit = await begin_operators_visit(request, services)
        visit.require(Function.MAKER)
        body = document_from(document)
        if isinstance(body, NotJson):
            problem = PageProblem(
                "malformed-json", HTTPStatus.UNPROCESSABLE_ENTITY, ({"path": f"{body.line}:{body.column}", "fault": body.fault, "remedy": ""},)
            )
            return render(visit, "rule_editor.html", problem.status, text=document, problem=problem)
        result = await visit.calls.post("accrual", f"{visit.api}/rules", key, body)
        if not isinstance(result, Done):
            problem = problem_of(result)
            return render(visit, "rule_editor.html", problem.status, text=document, problem=problem)
        return see_other(f"{_address(visit, result.body['code'], result.body['version'])}?done=saved")

    @router.get("/entities/{legal_entity}/rules/{code}/versions/{version}")
    async def show_rule(request: Request, legal_entity: str, code: str, version: int, done: str = "") -> Response:
        """Show one version, and what the operator may do with it."""
        visit = await begin_operators_visit(request, services)
        return await _shown(visit, code, version, done=done)

    @router.post("/entities/{legal_entity}/rules/{code}/versions/{version}/{step}")
    async def take_step(
        request: Request, legal_entity: str, code: str, version: int, step: str, key: Annotated[str, Form()], on: Annotated[str | None, Form()] = None
    ) -> Response:
        """Submit, approve, reject or stop; a refusal is told on the version's own page."""
        visit = await begin_operators_visit(request, services)
        if step not in STEPS:
            raise PageProblem("page-unknown", HTTPStatus.NOT_FOUND)
        path = f"{visit.api}/rules/{quote(code, safe='')}/versions/{version}/{step}"
        result = await visit.calls.post("accrual", path, key, {"on": on} if step == "stop" else None)
        if not isinstance(result, Done):
            return await _shown(visit, code, version, problem=problem_of(result))
        return see_other(f"{_address(visit, code, version)}?done={result.body['status']}")

    return router


async def _rule(visit: Visit, code: str, version: int) -> dict[str, object]:
    return dict(body_of(await visit.calls.get("accrual", f"{visit.api}/rules/{quote(code, safe='')}/versions/{version}")))


async def _shown(visit: Visit, code: str, version: int, *, done: str = "", problem: PageProblem | None = None) -> Response:
    rule = await _rule(visit, code, version)
    steps = [step for step, functions in standing_steps(str(rule["status"])) if visit.may(*functions)]
    return render(
        visit, "rule.html", problem.status if problem else HTTPStatus.OK, rule=rule, document=pretty(rule["rule"]), steps=steps, done=done, problem=problem
    )


def _address(visit: Visit, code: str, version: int) -> str:
    return f"{visit.root}/rules/{quote(code, safe='')}/versions/{version}"
