"""Merchants over HTTP: registered by makers, approved by checkers, looked up by all."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, require_within_scope, writes
from loyalty_shared.web.models import CodeField
from loyalty_shared.web.pagination import Page, pages
from merchant.application.answering import Call
from merchant.application.change_status import ChangeStatus
from merchant.application.ports import BeginUnitOfWork, Filter
from merchant.application.register_merchant import RegisterMerchant
from merchant.application.show_merchants import ShowMerchants
from merchant.application.shown import shown_merchant
from merchant.domain.merchants import MerchantStatus, MerchantType, Step
from merchant.domain.refusals import Refusal
from merchant.entrypoints.http_models import MerchantBody, StepBody
from merchant.entrypoints.http_shown import MerchantShown, MerchantsShown
from merchant.entrypoints.problems import PROBLEMS, documented, problem_of

#: A maker may call a checker's step too: the answer is then `maker-cannot-approve` where he made it, which says more than that a function is missing.
CHECKED: Final = writes(Function.CHECKER, Function.MAKER)
READS: Final = reads(Function.CHANNEL, Function.MAKER, Function.CHECKER, Function.ADMIN)
_OF_STEPS: Final = {
    Step.APPROVE: (Refusal.MERCHANT_NOT_APPLIED, Refusal.MAKER_CANNOT_APPROVE),
    Step.SUSPEND: (Refusal.MERCHANT_NOT_ACTIVE,),
    Step.RESUME: (Refusal.MERCHANT_NOT_SUSPENDED,),
    Step.TERMINATE: (),
}


def merchants_router(begin: BeginUnitOfWork, clock: Clock) -> APIRouter:
    """Return the routes of merchants."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}/merchants", tags=["merchants"])
    _add_reads(router, ShowMerchants(begin))
    _add_writes(router, RegisterMerchant(begin, clock), ChangeStatus(begin, clock))
    return router


def _add_reads(router: APIRouter, show: ShowMerchants) -> None:
    @router.get("", response_model=MerchantsShown)
    def list_merchants(
        legal_entity: str,
        page: Annotated[Page, pages(str)],
        caller: Annotated[Caller, READS],
        status: MerchantStatus | None = None,
        merchant_type: Annotated[MerchantType | None, Query(alias="type")] = None,
        institution: CodeField | None = None,
    ) -> Response:
        """List the merchants that the caller may see, by number. 403 `beyond-your-scope` for another institution than the caller's."""
        if institution is not None:
            require_within_scope(caller, institution, "query.institution")
        wanted = Filter(status=status, merchant_type=merchant_type, institution=institution, institutions=caller.institutions)
        merchants = show.list_page(legal_entity, wanted, page.after[0] if page.after else None, page.fetch)
        return json_response(page.answer(merchants, key_of=lambda merchant: (merchant.merchant_no,), show=shown_merchant))

    @router.get("/{merchant_no}", response_model=MerchantShown, responses=documented(Refusal.MERCHANT_UNKNOWN))
    def get_merchant(legal_entity: str, merchant_no: CodeField, caller: Annotated[Caller, READS]) -> Response:
        """Show a merchant as it is now. 403 `beyond-your-scope`."""
        merchant = show.find(legal_entity, merchant_no)
        if merchant is None:
            raise problem_of(Refusal.MERCHANT_UNKNOWN)
        require_within_scope(caller, merchant.profile.institution, "path.merchant_no")
        return json_response(shown_merchant(merchant))


def _add_writes(router: APIRouter, register: RegisterMerchant, change: ChangeStatus) -> None:
    @router.post("", status_code=201, response_model=MerchantShown, responses=documented(Refusal.MERCHANT_ALREADY_REGISTERED))
    def post_merchant(legal_entity: str, body: MerchantBody, call: Annotated[Write, writes(Function.MAKER)]) -> Response:
        """Register a merchant, which then waits for a checker: status `applied`."""
        return respond(register(call_of(call), body.merchant_no, body.profile()), PROBLEMS, HTTPStatus.CREATED)

    def add_step(step: Step, told: str) -> None:
        refusals = (Refusal.MERCHANT_UNKNOWN, Refusal.MERCHANT_TERMINATED, *_OF_STEPS[step])

        @router.post(f"/{{merchant_no}}/{step}", response_model=MerchantShown, responses=documented(*refusals), name=f"{step} merchant", description=told)
        def post_step(legal_entity: str, merchant_no: CodeField, call: Annotated[Write, CHECKED], body: StepBody | None = None) -> Response:
            return respond(change(call_of(call), merchant_no, step, body.reason if body else None), PROBLEMS)

    add_step(Step.APPROVE, "Approve a merchant that somebody else registered: it is active from now on.")
    add_step(Step.SUSPEND, "Suspend an active merchant at once.")
    add_step(Step.RESUME, "Make a suspended merchant active again.")
    add_step(Step.TERMINATE, "End the relationship, or turn down an application, for good.")


def call_of(call: Write) -> Call:
    """Return a write as the use cases see it."""
    return Call(idempotency=call.idempotency, credential=call.caller.credential, may_check=Function.CHECKER in call.caller.functions)
