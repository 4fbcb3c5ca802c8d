"""Rules over HTTP: saved and submitted by makers, approved and rejected by checkers."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from starlette.responses import Response

from accrual.application.approve_rule import ApproveRule
from accrual.application.ports import BeginUnitOfWork
from accrual.application.refusals import Refusal
from accrual.application.reject_rule import RejectRule
from accrual.application.roll_back_rule import RollBackRule
from accrual.application.rule_changes import Call, RuleAddress
from accrual.application.rule_records import RuleStatus
from accrual.application.save_rule import SaveRule
from accrual.application.show_rules import Shown, ShowRules
from accrual.application.stop_rule import StopRule
from accrual.application.submit_rule import SubmitRule
from accrual.domain.standing import Standing
from accrual.entrypoints.http_models import (
    CodeInPath,
    CodeInQuery,
    RuleDocument,
    RuleRolledBack,
    RuleSaved,
    RuleShown,
    RulesShown,
    RuleStanding,
    RuleStopped,
    RuleSubmitted,
    StopBody,
    VersionInPath,
)
from accrual.entrypoints.problems import PROBLEMS, documented
from accrual.entrypoints.storable import require_storable
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, writes
from loyalty_shared.web.pagination import Page, pages
from loyalty_shared.web.problems import ProblemError, Reason

_VERSION = "/{code}/versions/{version}"


def rules_router(begin: BeginUnitOfWork, clock: Clock) -> APIRouter:
    """Return the routes of rules, from draft to stopped."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}/rules", tags=["rules"])
    _add_reads(router, ShowRules(begin))
    _add_making(router, SaveRule(begin, clock), SubmitRule(begin, clock))
    _add_rolling_back(router, RollBackRule(begin, clock))
    _add_checking(router, ApproveRule(begin, clock), RejectRule(begin, clock), StopRule(begin, clock))
    return router


def _add_reads(router: APIRouter, show: ShowRules) -> None:
    @router.get("", response_model=RulesShown)
    def list_rules(
        legal_entity: str,
        page: Annotated[Page, pages(str, int)],
        caller: Annotated[Caller, reads()],
        code: CodeInQuery = None,
        status: Annotated[RuleStatus | Standing | None, Query(description="A status; or where approved versions stand on the business date")] = None,
    ) -> Response:
        """List all versions of all rules, by code and version: those of a code, of a status, or of a standing."""
        shown = show.list_page(legal_entity, code, status, page.after, page.fetch)
        return json_response(page.answer(shown, key_of=lambda one: (one[0].code, one[0].version), show=_shown))

    @router.get(_VERSION, response_model=RuleShown, responses=documented(Refusal.RULE_UNKNOWN))
    def get_rule(legal_entity: str, code: CodeInPath, version: VersionInPath, caller: Annotated[Caller, reads()]) -> Response:
        """Show one version of a rule."""
        found = show.find(legal_entity, code, version)
        if found is None:
            reason = Reason("path.version", f"rule {code} has no version {version}", "GET rules lists the versions there are.")
            raise ProblemError(PROBLEMS[Refusal.RULE_UNKNOWN], [reason])
        return json_response(_shown(found))


def _add_making(router: APIRouter, save: SaveRule, submit: SubmitRule) -> None:
    @router.post("", status_code=201, response_model=RuleSaved, responses=documented(Refusal.RULE_NOT_VALID))
    def post_rule(legal_entity: str, rule: Annotated[RuleDocument, Body()], call: Annotated[Write, writes(Function.MAKER)]) -> Response:
        """Save a rule as a draft, the next version of its code; 422 names the path of each fault."""
        require_storable(rule, "body")
        return respond(save(legal_entity, rule, _call(call)), PROBLEMS, HTTPStatus.CREATED)

    @router.post(f"{_VERSION}/submit", response_model=RuleSubmitted, responses=documented(Refusal.RULE_UNKNOWN, Refusal.RULE_NOT_DRAFT))
    def submit_rule(legal_entity: str, code: CodeInPath, version: VersionInPath, call: Annotated[Write, writes(Function.MAKER)]) -> Response:
        """Submit a draft for a checker, who sees in `effect` what it would have changed of a sample of the last month's events, whatever its own dates."""
        return respond(submit(_address(legal_entity, code, version), _call(call)), PROBLEMS)


def _add_checking(router: APIRouter, approve: ApproveRule, reject: RejectRule, stop: StopRule) -> None:
    # A maker may call approve too: the answer is then `maker-cannot-approve`, which says more than that a function is missing.
    @router.post(
        f"{_VERSION}/approve",
        response_model=RuleStanding,
        responses=documented(Refusal.RULE_UNKNOWN, Refusal.RULE_NOT_SUBMITTED, Refusal.MAKER_CANNOT_APPROVE, Refusal.RULE_CONFLICT),
    )
    def approve_rule(legal_entity: str, code: CodeInPath, version: VersionInPath, call: Annotated[Write, writes(Function.CHECKER, Function.MAKER)]) -> Response:
        """Approve a submitted version: it decides every event published after this has answered, by the dates it applies to."""
        return respond(approve(_address(legal_entity, code, version), _call(call)), PROBLEMS)

    @router.post(f"{_VERSION}/reject", response_model=RuleStanding, responses=documented(Refusal.RULE_UNKNOWN, Refusal.RULE_NOT_SUBMITTED))
    def reject_rule(legal_entity: str, code: CodeInPath, version: VersionInPath, call: Annotated[Write, writes(Function.CHECKER)]) -> Response:
        """Reject a submitted version."""
        return respond(reject(_address(legal_entity, code, version), _call(call)), PROBLEMS)

    @router.post(
        f"{_VERSION}/stop",
        response_model=RuleStopped,
        responses=documented(Refusal.RULE_UNKNOWN, Refusal.RULE_NOT_APPROVED, Refusal.RULE_ALREADY_STOPPED),
    )
    def stop_rule(
        legal_entity: str, code: CodeInPath, version: VersionInPath, body: StopBody, call: Annotated[Write, writes(Function.CHECKER, Function.MAKER)]
    ) -> Response:
        """Stop a version: from transaction date `on` (included) neither it nor a lower one decides."""
        return respond(stop(_address(legal_entity, code, version), body.on, _call(call)), PROBLEMS)


def _add_rolling_back(router: APIRouter, roll_back: RollBackRule) -> None:
    @router.post(
        f"{_VERSION}/rollback",
        status_code=201,
        response_model=RuleRolledBack,
        responses=documented(
            Refusal.RULE_UNKNOWN, Refusal.RULE_NOT_APPROVED, Refusal.RULE_ALREADY_IN_FORCE, Refusal.RULE_CONFLICT, Refusal.MAKER_CANNOT_APPROVE
        ),
    )
    def roll_back_rule(legal_entity: str, code: CodeInPath, version: VersionInPath, call: Annotated[Write, writes(Function.CHECKER)]) -> Response:
        """Go back to an earlier version: its document becomes the newest version, approved at once. Never by who made it."""
        return respond(roll_back(_address(legal_entity, code, version), _call(call)), PROBLEMS, HTTPStatus.CREATED)


def _call(call: Write) -> Call:
    return Call(idempotency=call.idempotency, credential=call.caller.credential, may_check=Function.CHECKER in call.caller.functions)


def _address(legal_entity: str, code: str, version: int) -> RuleAddress:
    return RuleAddress(legal_entity=legal_entity, code=code, version=version)


def _shown(one: Shown) -> dict[str, Any]:
    record, standing = one
    return {
        "code": record.code,
        "version": record.version,
        "status": record.status,
        "standing": standing or record.status,
        "rule": record.document,
        "made_by": record.made_by,
        "made_at": record.made_at,
        "checked_by": record.checked_by,
        "checked_at": record.checked_at,
        "stopped_on": record.stopped_on,
    }
