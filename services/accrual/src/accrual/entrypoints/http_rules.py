"""Rules over HTTP: saved and submitted by makers, approved and rejected by checkers."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Body
from starlette.responses import Response

from accrual.application.approve_rule import ApproveRule
from accrual.application.ports import BeginUnitOfWork
from accrual.application.refusals import Refusal
from accrual.application.reject_rule import RejectRule
from accrual.application.rule_changes import Call, RuleAddress
from accrual.application.rule_records import RuleRecord
from accrual.application.save_rule import SaveRule
from accrual.application.show_rules import ShowRules
from accrual.application.stop_rule import StopRule
from accrual.application.submit_rule import SubmitRule
from accrual.entrypoints.http_models import CodeInPath, RuleDocument, RuleSaved, RuleShown, RulesShown, RuleStanding, RuleStopped, StopBody, VersionInPath
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
    _add_checking(router, ApproveRule(begin, clock), RejectRule(begin, clock), StopRule(begin, clock))
    return router


def _add_reads(router: APIRouter, show: ShowRules) -> None:
    @router.get("", response_model=RulesShown)
    def list_rules(legal_entity: str, page: Annotated[Page, pages(str, int)], caller: Annotated[Caller, reads()]) -> Response:
        """List all versions of all rules, by code and version."""
        records = show.list_page(legal_entity, page.after, page.fetch)
        return json_response(page.answer(records, key_of=lambda record: (record.code, record.version), show=_shown))

    @router.get(_VERSION, response_model=RuleShown, responses=documented(Refusal.RULE_UNKNOWN))
    def get_rule(legal_entity: str, code: CodeInPath, version: VersionInPath, caller: Annotated[Caller, reads()]) -> Response:
        """Show one version of a rule."""
        record = show.find(legal_entity, code, version)
        if record is None:
            reason = Reason("path.version", f"rule {code} has no version {version}", "GET rules lists the versions there are.")
            raise ProblemError(PROBLEMS[Refusal.RULE_UNKNOWN], [reason])
        return json_response(_shown(record))


def _add_making(router: APIRouter, save: SaveRule, submit: SubmitRule) -> None:
    @router.post("", status_code=201, response_model=RuleSaved, responses=documented(Refusal.RULE_NOT_VALID))
    def post_rule(legal_entity: str, rule: Annotated[RuleDocument, Body()], call: Annotated[Write, writes(Function.MAKER)]) -> Response:
        """Save a rule as a draft, the next version of its code; 422 names the path of each fault."""
        require_storable(rule, "body")
        return respond(save(legal_entity, rule, _call(call)), PROBLEMS, HTTPStatus.CREATED)

    @router.post(f"{_VERSION}/submit", response_model=RuleStanding, responses=documented(Refusal.RULE_UNKNOWN, Refusal.RULE_NOT_DRAFT))
    def submit_rule(legal_entity: str, code: CodeInPath, version: VersionInPath, call: Annotated[Write, writes(Function.MAKER)]) -> Response:
        """Submit a draft for a checker."""
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


def _call(call: Write) -> Call:
    return Call(idempotency=call.idempotency, credential=call.caller.credential, may_check=Function.CHECKER in call.caller.functions)


def _address(legal_entity: str, code: str, version: int) -> RuleAddress:
    return RuleAddress(legal_entity=legal_entity, code=code, version=version)


def _shown(record: RuleRecord) -> dict[str, Any]:
    return {
        "code": record.code,
        "version": record.version,
        "status": record.status,
        "rule": record.document,
        "made_by": record.made_by,
        "made_at": record.made_at,
        "checked_by": record.checked_by,
        "checked_at": record.checked_at,
        "stopped_on": record.stopped_on,
    }
