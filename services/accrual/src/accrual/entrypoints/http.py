"""Decisions, dry runs and customers over HTTP. Rules have a file of their own."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter
from starlette.responses import Response

from accrual.application.admission import refuse_unfit
from accrual.application.evaluate_transaction import EvaluateTransaction
from accrual.application.find_institutions import FindInstitutions
from accrual.application.ports import BeginUnitOfWork
from accrual.application.refusals import Refusal
from accrual.application.show_customer import ShowCustomer
from accrual.application.show_decisions import ShowDecisions
from accrual.domain.trigger import Trigger
from accrual.entrypoints.http_models import (
    CodeInPath,
    CustomerShown,
    DecisionInFullShown,
    DecisionNoInPath,
    DecisionShown,
    DecisionsShown,
    EvaluationBody,
    LegInPath,
)
from accrual.entrypoints.problems import PROBLEMS, documented
from accrual.entrypoints.storable import require_storable
from loyalty_shared.contracts.core import TransactionPostedV1
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, reads, require_within_scope
from loyalty_shared.web.pagination import Page, pages
from loyalty_shared.web.problems import ProblemError, Reason

#: A field that only a refund or reversal has.
_OF_REFUNDS: Final = "original_transaction_no"


def decisions_router(begin: BeginUnitOfWork) -> APIRouter:
    """Return the routes that say what was decided, what would be, and why."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}")
    institutions = FindInstitutions(begin)
    _add_decisions(router, ShowDecisions(begin), institutions)
    _add_evaluations(router, EvaluateTransaction(begin), institutions)
    _add_customers(router, ShowCustomer(begin), institutions)
    return router


def _add_decisions(router: APIRouter, show: ShowDecisions, institutions: FindInstitutions) -> None:
    @router.get(
        "/decisions/{source_system}/{transaction_no}/{leg}",
        tags=["decisions"],
        response_model=DecisionInFullShown,
        responses=documented(Refusal.DECISION_UNKNOWN),
    )
    def get_decision(
        legal_entity: str,
        source_system: CodeInPath,
        transaction_no: DecisionNoInPath,
        leg: LegInPath,
        caller: Annotated[Caller, reads()],
        kind: Trigger = Trigger.TRANSACTION,
    ) -> Response:
        """Show what became of one event, and why, rule by rule. 403 `beyond-your-scope`.

        `kind` tells whose number it is: a transaction's (a refund's and a reversal's too), a behaviour's, or of a month's balance `<account_no>:<YYYY-MM>`. The
        last two have leg 1.
        """
        key = (legal_entity, source_system, transaction_no, leg)
        if caller.institutions is not None:
            _require_all_within_scope(caller, institutions.of_decision(key, kind), "path.transaction_no")
        found = show.find(key, kind) if kind is Trigger.TRANSACTION or leg == 1 else None
        if found is None:
            reason = Reason("path.transaction_no", f"no {kind} {transaction_no}, leg {leg}, of {source_system} has come", "See dead-letters and consumers.")
            raise ProblemError(PROBLEMS[Refusal.DECISION_UNKNOWN], [reason])
        return json_response(found)

    @router.get("/customers/{customer_no}/decisions", tags=["decisions"], response_model=DecisionsShown)
    def list_decisions(legal_entity: str, customer_no: CodeInPath, page: Annotated[Page, pages(int, int)], caller: Annotated[Caller, reads()]) -> Response:
        """List a customer's decisions, newest decided first, each explained. 403 `beyond-your-scope`."""
        if caller.institutions is not None:
            _require_all_within_scope(caller, institutions.of_customer(legal_entity, customer_no), "path.customer_no")
        decisions = show.list_of_customer(legal_entity, customer_no, page.after, page.fetch)
        return json_response(page.answer(decisions, key_of=lambda placed: placed[0], show=lambda placed: placed[1]))


def _add_evaluations(router: APIRouter, evaluate: EvaluateTransaction, institutions: FindInstitutions) -> None:
    @router.post(
        "/evaluations",
        tags=["decisions"],
        response_model=DecisionShown,
        responses=documented(Refusal.TRANSACTION_NOT_VALID, Refusal.RULE_NOT_VALID, Refusal.RULE_CONFLICT),
    )
    def post_evaluation(legal_entity: str, body: EvaluationBody, caller: Annotated[Caller, reads()]) -> Response:
        """Return the decision that a transaction would get now; nothing is written. Draft rules are tried as the newest versions of their codes."""
        event = _transaction(legal_entity, body.transaction)
        if caller.institutions is not None:  # the explanation tells the customer's facts and what the limits have counted
            whose = institutions.of_evaluation(legal_entity, event.customer_no, event.institution)
            _require_all_within_scope(caller, whose, "body.transaction.customer_no")
        return respond(evaluate(event, body.draft_rules), PROBLEMS)


def _transaction(legal_entity: str, fields: dict[str, Any]) -> TransactionPostedV1:
    """Return the transaction to evaluate. Raises ProblemError naming the field at fault."""
    fields = {"legal_entity": legal_entity} | fields
    if fields["legal_entity"] != legal_entity:
        raise _not_valid("legal_entity", "it is not the path's", "Leave it out, or evaluate under its own entity.")
    if _OF_REFUNDS in fields:
        raise _not_valid(_OF_REFUNDS, "a refund or reversal", "Evaluate purchases; GET decisions shows what a refund took.")
    require_storable(fields, "body.transaction")
    try:
        event = msgspec.convert(fields, TransactionPostedV1)
    except msgspec.ValidationError as error:
        fault, _, path = str(error).partition(" - at `$.")
        raise _not_valid(path.rstrip("`"), fault, "Send the transaction as on core.transactions.") from None
    refused = refuse_unfit(event)
    if refused is not None:
        field, _, fault = refused.detail.partition(": ")
        raise _not_valid(field, fault, "Correct it and evaluate again.")
    return event


def _not_valid(field: str, fault: str, remedy: str) -> ProblemError:
    return ProblemError(PROBLEMS[Refusal.TRANSACTION_NOT_VALID], [Reason(f"body.transaction.{field}".rstrip("."), fault, remedy)])


def _add_customers(router: APIRouter, show: ShowCustomer, institutions: FindInstitutions) -> None:
    @router.get("/customers/{customer_no}", tags=["customers"], response_model=CustomerShown, responses=documented(Refusal.CUSTOMER_UNKNOWN))
    def get_customer(legal_entity: str, customer_no: CodeInPath, caller: Annotated[Caller, reads()]) -> Response:
        """Show a customer's facts as they have arrived: the latest, and the versions before. 403 `beyond-your-scope`."""
        if caller.institutions is not None:
            _require_all_within_scope(caller, institutions.of_customer(legal_entity, customer_no), "path.customer_no")
        versions = show(legal_entity, customer_no)
        if not versions:
            reason = Reason("path.customer_no", f"core.customers never announced {customer_no}", "It still earns; GET its decisions.")
            raise ProblemError(PROBLEMS[Refusal.CUSTOMER_UNKNOWN], [reason])
        latest, *earlier = versions
        return json_response(msgspec.structs.asdict(latest) | {"earlier": earlier})


def _require_all_within_scope(caller: Caller, institutions: Sequence[str | None], path: str) -> None:
    for institution in institutions:
        require_within_scope(caller, institution, path)
