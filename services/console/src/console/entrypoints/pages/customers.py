"""A customer's account, and for each line of it: why this many points?"""

import asyncio
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response

from console.adapters.service_calls import Refused, ServiceCalls
from console.entrypoints.pages.customers_view import account_from, decision_from
from console.entrypoints.pages.rendering import render
from console.entrypoints.pages.routes import pages_of, see_other
from console.entrypoints.pages.visits import PageProblem, begin_operators_visit, body_of, problem_of

LINES: Final = 25
LOTS_MAX: Final = 100


def customers_router(services: ServiceCalls) -> APIRouter:
    """Return the pages about customers."""
    router = pages_of(services)

    @router.get("/entities/{legal_entity}/customers")
    async def find_customer(request: Request, legal_entity: str, customer_no: str = "") -> Response:
        """Show the form, or go to the customer that it names."""
        visit = await begin_operators_visit(request, services)
        wanted = customer_no.strip()
        if wanted:
            return see_other(f"{visit.root}/customers/{quote(wanted, safe='')}")
        return render(visit, "customers.html", customer_no="", problem=None)

    @router.get("/entities/{legal_entity}/customers/{customer_no}")
    async def show_customer(request: Request, legal_entity: str, customer_no: str, entries: str | None = None, decisions: str | None = None) -> Response:
        """Show the account: balances, statement, lots, and what accrual decided. `entries`, `decisions`: cursors of older lines."""
        visit = await begin_operators_visit(request, services)
        number = quote(customer_no, safe="")
        account, statement, lots, facts, decided = await asyncio.gather(
            visit.calls.get("redemption", f"{visit.api}/accounts/{number}"),
            visit.calls.get("redemption", f"{visit.api}/accounts/{number}/entries", {"limit": LINES, "cursor": entries}),
            visit.calls.get("redemption", f"{visit.api}/accounts/{number}/lots", {"limit": LOTS_MAX}),
            visit.calls.get("accrual", f"{visit.api}/customers/{number}"),
            visit.calls.get("accrual", f"{visit.api}/customers/{number}/decisions", {"limit": LINES, "cursor": decisions}),
        )
        for answer in (account, facts, decided):
            if isinstance(answer, Refused) and answer.status == HTTPStatus.FORBIDDEN:
                raise problem_of(answer)  # with one service's refusal, nothing of what the others tell is shown
        shown = account_from(customer_no, account, statement, lots, facts, decided)
        if not shown.is_known:
            unknown = PageProblem("customer-unknown", HTTPStatus.NOT_FOUND)
            return render(visit, "customers.html", unknown.status, customer_no=customer_no, problem=unknown)
        return render(visit, "customer.html", account=shown)

    @router.get("/entities/{legal_entity}/customers/{customer_no}/decisions/{source_system}/{transaction_no}/{leg}")
    async def show_decision(
        request: Request, legal_entity: str, customer_no: str, source_system: str, transaction_no: str, leg: str, kind: str = "transaction"
    ) -> Response:
        """Say why a transaction, a behaviour or a month's balance gave as many points as it did, rule by rule, in the page's language."""
        visit = await begin_operators_visit(request, services)
        parts = "/".join(quote(part, safe="") for part in (source_system, transaction_no, leg))
        found = await visit.calls.get("accrual", f"{visit.api}/decisions/{parts}", {"kind": kind})
        return render(visit, "decision.html", decision=decision_from(body_of(found)), customer_no=customer_no)

    return router
