"""The one table from refusal to problem."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from loyalty_shared.web.documents import ProblemDocument
from loyalty_shared.web.problems import FUNCTION_NOT_GRANTED, Problem, ProblemError, Reason
from merchant.application.answering import REASONS
from merchant.domain.refusals import Refusal

PROBLEMS: Final[Mapping[str, Problem]] = {
    Refusal.MERCHANT_UNKNOWN: Problem("merchant-unknown", HTTPStatus.NOT_FOUND, "The merchant is not known"),
    Refusal.MERCHANT_ALREADY_REGISTERED: Problem("merchant-already-registered", HTTPStatus.CONFLICT, "A merchant of that number is registered"),
    Refusal.MERCHANT_NOT_APPLIED: Problem("merchant-not-applied", HTTPStatus.CONFLICT, "Only a merchant that has applied can be approved"),
    Refusal.MERCHANT_NOT_ACTIVE: Problem("merchant-not-active", HTTPStatus.CONFLICT, "The merchant is not active"),
    Refusal.MERCHANT_NOT_SUSPENDED: Problem("merchant-not-suspended", HTTPStatus.CONFLICT, "Only a suspended merchant can be resumed"),
    Refusal.MERCHANT_TERMINATED: Problem("merchant-terminated", HTTPStatus.CONFLICT, "The merchant is terminated"),
    Refusal.MAKER_CANNOT_APPROVE: Problem("maker-cannot-approve", HTTPStatus.FORBIDDEN, "Who made it cannot approve it"),
    Refusal.FUNCTION_NOT_GRANTED: FUNCTION_NOT_GRANTED,
    Refusal.STORE_UNKNOWN: Problem("store-unknown", HTTPStatus.NOT_FOUND, "The merchant has no such store"),
    Refusal.STORE_ALREADY_REGISTERED: Problem("store-already-registered", HTTPStatus.CONFLICT, "The merchant has a store of that number"),
    Refusal.CONTRACT_UNKNOWN: Problem("contract-unknown", HTTPStatus.NOT_FOUND, "The merchant has no such contract"),
    Refusal.CONTRACT_ALREADY_REGISTERED: Problem("contract-already-registered", HTTPStatus.CONFLICT, "The merchant has a contract of that number"),
    Refusal.CONTRACT_NOT_APPLIED: Problem("contract-not-applied", HTTPStatus.CONFLICT, "Only a contract that waits can be approved"),
    Refusal.CONTRACT_OVERLAPS: Problem("contract-overlaps", HTTPStatus.CONFLICT, "Another contract covers some of its dates"),
}


def documented(*refusals: Refusal) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses of a route's refusals, with their codes."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for refusal in refusals:
        problem = PROBLEMS[refusal]
        told = by_status.setdefault(int(problem.status), {"model": ProblemDocument, "description": ""})
        told["description"] = ", ".join(filter(None, (told["description"], f"`{problem.code}`")))
    return by_status


def problem_of(refusal: Refusal) -> ProblemError:
    """Return a refusal of a read, to be raised."""
    return ProblemError(PROBLEMS[refusal], [Reason(*REASONS[refusal])])
