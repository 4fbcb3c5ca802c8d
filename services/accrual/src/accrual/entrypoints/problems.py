"""The one table from refusal to problem."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from accrual.application.refusals import Refusal
from loyalty_shared.web.documents import ProblemDocument
from loyalty_shared.web.problems import FUNCTION_NOT_GRANTED, Problem

PROBLEMS: Final[Mapping[str, Problem]] = {
    Refusal.RULE_NOT_VALID: Problem("rule-not-valid", HTTPStatus.UNPROCESSABLE_ENTITY, "The rule does not fit"),
    Refusal.TRANSACTION_NOT_VALID: Problem("transaction-not-valid", HTTPStatus.UNPROCESSABLE_ENTITY, "The transaction does not fit"),
    Refusal.RULE_UNKNOWN: Problem("rule-unknown", HTTPStatus.NOT_FOUND, "There is no such version of the rule"),
    Refusal.RULE_NOT_DRAFT: Problem("rule-not-draft", HTTPStatus.CONFLICT, "Only a draft can be submitted"),
    Refusal.RULE_NOT_SUBMITTED: Problem("rule-not-submitted", HTTPStatus.CONFLICT, "Only a submitted version can be approved or rejected"),
    Refusal.RULE_NOT_APPROVED: Problem("rule-not-approved", HTTPStatus.CONFLICT, "Only an approved version can be stopped"),
    Refusal.RULE_ALREADY_STOPPED: Problem("rule-already-stopped", HTTPStatus.CONFLICT, "The version is stopped already"),
    Refusal.RULE_ALREADY_IN_FORCE: Problem("rule-already-in-force", HTTPStatus.CONFLICT, "The version is the newest that was approved"),
    Refusal.RULE_CONFLICT: Problem("rule-conflict", HTTPStatus.CONFLICT, "The rule cannot stand beside the rules in force"),
    Refusal.CAMPAIGN_NOT_VALID: Problem("campaign-not-valid", HTTPStatus.UNPROCESSABLE_ENTITY, "The campaign does not fit"),
    Refusal.CAMPAIGN_UNKNOWN: Problem("campaign-unknown", HTTPStatus.NOT_FOUND, "There is no such campaign, or no such version of it"),
    Refusal.CAMPAIGN_NOT_PENDING: Problem("campaign-not-pending", HTTPStatus.CONFLICT, "Only a version that waits for a checker can be approved or rejected"),
    Refusal.CAMPAIGN_ALREADY_STOPPED: Problem("campaign-already-stopped", HTTPStatus.CONFLICT, "The campaign is stopped already"),
    Refusal.MAKER_CANNOT_APPROVE: Problem("maker-cannot-approve", HTTPStatus.FORBIDDEN, "Who made it cannot approve it"),
    Refusal.FUNCTION_NOT_GRANTED: FUNCTION_NOT_GRANTED,
    Refusal.DECISION_UNKNOWN: Problem("decision-unknown", HTTPStatus.NOT_FOUND, "No event of this number has come"),
    Refusal.RECALCULATION_UNKNOWN: Problem("recalculation-unknown", HTTPStatus.NOT_FOUND, "There is no such recalculation"),
    Refusal.RECALCULATION_NOT_PENDING: Problem("recalculation-not-pending", HTTPStatus.CONFLICT, "Only a pending recalculation can be checked"),
    Refusal.SIMULATION_UNKNOWN: Problem("simulation-unknown", HTTPStatus.NOT_FOUND, "There is no such simulation"),
    Refusal.SIMULATION_NOT_RUNNING: Problem("simulation-not-running", HTTPStatus.CONFLICT, "Only a running simulation can be cancelled"),
    Refusal.SIMULATION_NOT_STOPPED: Problem("simulation-not-stopped", HTTPStatus.CONFLICT, "Only a cancelled or failed simulation can be resumed"),
    Refusal.CUSTOMER_UNKNOWN: Problem("customer-unknown", HTTPStatus.NOT_FOUND, "Nothing was ever announced of this customer"),
}


def documented(*refusals: Refusal) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses of a route's refusals, with their codes."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for refusal in refusals:
        problem = PROBLEMS[refusal]
        told = by_status.setdefault(int(problem.status), {"model": ProblemDocument, "description": ""})
        told["description"] = ", ".join(filter(None, (told["description"], f"`{problem.code}`")))
    return by_status
