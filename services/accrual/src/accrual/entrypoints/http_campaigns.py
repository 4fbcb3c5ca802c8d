"""Campaigns over HTTP: posted by makers and administrators, changed under a checker's eyes, with what was used of their budgets."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body
from starlette.responses import Response

from accrual.application.campaign_records import CampaignStatus
from accrual.application.check_campaign import CheckCampaign
from accrual.application.ports import BeginUnitOfWork
from accrual.application.post_campaign import PostCampaign
from accrual.application.refusals import Refusal
from accrual.application.rule_changes import Call
from accrual.application.show_campaigns import ShowCampaigns
from accrual.application.stop_campaign import StopCampaign
from accrual.application.upload_targets import UploadTargets
from accrual.entrypoints.campaign_models import CampaignDocument, CampaignsShown, CampaignStanding, CampaignStopped, TargetsBody, WholeCampaignShown
from accrual.entrypoints.http_models import CodeInPath, StopBody, VersionInPath
from accrual.entrypoints.problems import PROBLEMS, documented
from accrual.entrypoints.storable import require_storable
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, writes
from loyalty_shared.web.pagination import Page, pages
from loyalty_shared.web.problems import ProblemError, Reason

_VERSION = "/{code}/versions/{version}"
_MAKING = writes(Function.MAKER, Function.ADMIN)


def campaigns_router(begin: BeginUnitOfWork, clock: Clock) -> APIRouter:
    """Return the routes of campaigns."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}/campaigns", tags=["campaigns"])
    _add_reads(router, ShowCampaigns(begin))
    _add_making(router, PostCampaign(begin, clock), UploadTargets(begin, clock))
    _add_checking(router, CheckCampaign(begin, clock, CampaignStatus.ACTIVE), CheckCampaign(begin, clock, CampaignStatus.REJECTED), StopCampaign(begin, clock))
    return router


def _add_reads(router: APIRouter, show: ShowCampaigns) -> None:
    @router.get("", response_model=CampaignsShown)
    def list_campaigns(legal_entity: str, page: Annotated[Page, pages(str)], caller: Annotated[Caller, reads()]) -> Response:
        """List campaigns as they are in force, with their budgets, by code."""
        campaigns = show.list_page(legal_entity, page.after[0] if page.after else None, page.fetch)
        return json_response(page.answer(campaigns, key_of=lambda one: (one["code"],), show=lambda one: one))

    @router.get("/{code}", response_model=WholeCampaignShown, responses=documented(Refusal.CAMPAIGN_UNKNOWN))
    def get_campaign(legal_entity: str, code: CodeInPath, caller: Annotated[Caller, reads()]) -> Response:
        """Show a campaign: its budget, what was used, what is left, the pace and the day on which it will be spent."""
        found = show.find(legal_entity, code)
        if found is None:
            reason = Reason("path.code", f"there is no campaign {code}", "GET campaigns lists those there are.")
            raise ProblemError(PROBLEMS[Refusal.CAMPAIGN_UNKNOWN], [reason])
        return json_response(found)


def _add_making(router: APIRouter, post: PostCampaign, upload: UploadTargets) -> None:
    @router.post("", status_code=201, response_model=CampaignStanding, responses=documented(Refusal.CAMPAIGN_NOT_VALID))
    def post_campaign(legal_entity: str, campaign: Annotated[CampaignDocument, Body()], call: Annotated[Write, _MAKING]) -> Response:
        """Keep a campaign, or its next version. It gives nothing until a rule naming it is approved; from then on a change waits for a checker, `pending`."""
        require_storable(campaign, "body")
        return respond(post(legal_entity, campaign, _call(call)), PROBLEMS, HTTPStatus.CREATED)

    @router.post(
        "/{code}/targets", status_code=201, response_model=CampaignStanding, responses=documented(Refusal.CAMPAIGN_UNKNOWN, Refusal.CAMPAIGN_NOT_VALID)
    )
    def post_targets(legal_entity: str, code: CodeInPath, body: TargetsBody, call: Annotated[Write, _MAKING]) -> Response:
        """Upload the customers that the campaign is for, up to 100,000: its next version, as the latest one but for the list."""
        numbers = body.numbers()
        require_storable(numbers, "body.customers")
        return respond(upload(legal_entity, code, numbers, _call(call), adds=body.add), PROBLEMS, HTTPStatus.CREATED)


def _add_checking(router: APIRouter, approve: CheckCampaign, reject: CheckCampaign, stop: StopCampaign) -> None:
    # Makers may call these too: the answer is then `maker-cannot-approve`, which says more than that a function is missing.
    checked = writes(Function.CHECKER, Function.MAKER, Function.ADMIN)
    refusals = documented(Refusal.CAMPAIGN_UNKNOWN, Refusal.CAMPAIGN_NOT_PENDING, Refusal.MAKER_CANNOT_APPROVE, Refusal.FUNCTION_NOT_GRANTED)

    @router.post(f"{_VERSION}/approve", response_model=CampaignStanding, responses=refusals)
    def approve_campaign(legal_entity: str, code: CodeInPath, version: VersionInPath, call: Annotated[Write, checked]) -> Response:
        """Approve a pending version: every event published after this has answered is decided within it."""
        return respond(approve(legal_entity, code, version, _call(call)), PROBLEMS)

    @router.post(f"{_VERSION}/reject", response_model=CampaignStanding, responses=refusals)
    def reject_campaign(legal_entity: str, code: CodeInPath, version: VersionInPath, call: Annotated[Write, checked]) -> Response:
        """Reject a pending version."""
        return respond(reject(legal_entity, code, version, _call(call)), PROBLEMS)

    @router.post("/{code}/stop", response_model=CampaignStopped, responses=documented(Refusal.CAMPAIGN_UNKNOWN, Refusal.CAMPAIGN_ALREADY_STOPPED))
    def stop_campaign(legal_entity: str, code: CodeInPath, body: StopBody, call: Annotated[Write, checked]) -> Response:
        """Stop a campaign: from transaction date `on` (included) its rules give nothing."""
        return respond(stop(legal_entity, code, body.on, _call(call)), PROBLEMS)


def _call(call: Write) -> Call:
    return Call(idempotency=call.idempotency, credential=call.caller.credential, may_check=Function.CHECKER in call.caller.functions)
