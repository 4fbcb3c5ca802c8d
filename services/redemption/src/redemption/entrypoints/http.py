"""The ledger over HTTP: accounts, statements, lots, the trial balance and the invariants."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from psycopg2.extensions import cursor as Cursor
from starlette.responses import Response

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import Entity, UnknownEntity, find_entity
from loyalty_shared.web import problems
from loyalty_shared.web.answers import json_response
from loyalty_shared.web.credentials import Caller, Function, reads, require_within_scope
from loyalty_shared.web.pagination import Page, pages
from loyalty_shared.web.problems import ProblemError, Reason
from redemption.adapters.account_queries import (
    Cause,
    StatementLine,
    find_account,
    find_account_as_of,
    list_statement,
    list_trial_balance,
    moment_of,
)
from redemption.adapters.customers import find_institution
from redemption.adapters.invariants import check_invariants
from redemption.adapters.lot_rows import parts_from
from redemption.domain.account import Account
from redemption.domain.balances import balances_of, expiring_of
from redemption.domain.entries import Kind
from redemption.domain.lots import lot_id_of
from redemption.domain.refusals import Refusal
from redemption.entrypoints.http_online_problems import PROBLEMS, documented

_DATE_LENGTH: Final = len("2026-03-01")
_READS_ACCOUNTS: Final = reads(Function.CHANNEL, Function.MAKER, Function.CHECKER, Function.ADMIN)
_READS_BOOKS: Final = reads(Function.MAKER, Function.CHECKER, Function.ADMIN)


def ledger_router(database: Database, clock: Clock) -> APIRouter:
    """Return the routes that read the ledger."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}")
    _add_accounts(router, database, clock)
    _add_books(router, database, clock)
    return router


def _add_accounts(router: APIRouter, database: Database, clock: Clock) -> None:
    @router.get("/accounts/{customer_no}", tags=["accounts"], responses=documented(Refusal.CUSTOMER_UNKNOWN))
    def get_account(
        legal_entity: str,
        customer_no: str,
        caller: Annotated[Caller, _READS_ACCOUNTS],
        as_of: Annotated[str | None, Query(description="A business date (its end), or an instant with an offset; none: now")] = None,
    ) -> Response:
        """Show a customer's points by type on the business date: maturity and expiry count at once, whether or not they are posted.

        403 `beyond-your-scope`.
        """
        moment = None if as_of is None else _moment_from(as_of)
        with database.transaction() as cursor:
            entity = _entity(cursor, legal_entity)
            _require_customer_within_scope(cursor, caller, legal_entity, customer_no)
            if moment is None:
                account = find_account(cursor, legal_entity, customer_no, entity.business_on, clock.now())
            else:
                then = moment_of(cursor, legal_entity, moment, entity.zone, entity.business_on)
                account = find_account_as_of(cursor, legal_entity, customer_no, then)
        return json_response(_shown(_found(account, customer_no)))

    @router.get("/accounts/{customer_no}/lots", tags=["accounts"], responses=documented(Refusal.CUSTOMER_UNKNOWN))
    def list_lots(legal_entity: str, customer_no: str, caller: Annotated[Caller, _READS_ACCOUNTS], page: Annotated[Page, pages(int)]) -> Response:
        """List the open lots in the order in which they are spent, then those still pending; `points` include held ones. 403 `beyond-your-scope`."""
        with database.transaction() as cursor:
            _require_customer_within_scope(cursor, caller, legal_entity, customer_no)
            account = _found(find_account(cursor, legal_entity, customer_no, _entity(cursor, legal_entity).business_on, clock.now()), customer_no)
        lots = [lot for lot, state in account.lots.items() if state.points]
        lots.sort(key=lambda lot: (lot.available_on or date.min, account.rank(lot)))
        places = list(enumerate(lots))
        start = page.after[0] + 1 if page.after else 0
        return json_response(
            page.answer(
                places[start : start + page.fetch],
                key_of=lambda place: (place[0],),
                show=lambda place: {
                    "lot_id": lot_id_of(place[1]),
                    "point_type": place[1].point_type,
                    "points": account.lots[place[1]].points,
                    "held": account.lots[place[1]].held,
                    "available_on": place[1].available_on,
                    "expires_on": account.last_date(place[1]),
                    "institution": place[1].institution,
                    "party": place[1].party,
                },
            )
        )

    @router.get("/accounts/{customer_no}/entries", tags=["accounts"], responses=documented(Refusal.CUSTOMER_UNKNOWN))
    def list_entries(
        legal_entity: str,
        customer_no: str,
        caller: Annotated[Caller, _READS_ACCOUNTS],
        page: Annotated[Page, pages(int)],
        cause: Annotated[str | None, Query(max_length=200, description="A number, `source_system:number`, or `source_system:number:leg`")] = None,
        kind: Annotated[Kind | None, Query(description="Only entries of this kind")] = None,
    ) -> Response:
        """Show the statement, newest first. `spent_by`: the pool member whose spend, or voided spend, it is. 403 `beyond-your-scope`."""
        before = page.after[0] if page.after else None
        with database.transaction() as cursor:
            _require_customer_within_scope(cursor, caller, legal_entity, customer_no)
            lines = list_statement(
                cursor, legal_entity, customer_no, before=before, limit=page.fetch, kind=kind.value if kind else None, cause=_cause_from(cause)
            )
            if not lines:
                _found(find_account(cursor, legal_entity, customer_no, _entity(cursor, legal_entity).business_on, clock.now()), customer_no)
        return json_response(page.answer(lines, key_of=lambda line: (line.account_version,), show=_line))


def _add_books(router: APIRouter, database: Database, clock: Clock) -> None:
    @router.get("/trial-balance", tags=["books"])
    def get_trial_balance(legal_entity: str, caller: Annotated[Caller, _READS_BOOKS]) -> Response:
        """Show the sums by ledger account; debits equal credits."""
        with database.transaction() as cursor:
            _entity(cursor, legal_entity)
            sums = list_trial_balance(cursor, legal_entity)
        return json_response({"items": sums, "debit": sum(item.debit for item in sums), "credit": sum(item.credit for item in sums), "next_cursor": None})

    @router.get("/invariants", tags=["books"])
    def list_invariants(legal_entity: str, caller: Annotated[Caller, _READS_BOOKS]) -> Response:
        """Check now what must always hold of the ledger, and show how often it does not: 0 everywhere."""
        with database.transaction() as cursor:
            checked = check_invariants(cursor, legal_entity, clock.now())
        return json_response({"items": checked, "next_cursor": None})


def _entity(cursor: Cursor, legal_entity: str) -> Entity:
    entity = find_entity(cursor, legal_entity)
    if entity is None:
        raise UnknownEntity(legal_entity)
    return entity


def _require_customer_within_scope(cursor: Cursor, caller: Caller, legal_entity: str, customer_no: str) -> None:
    if caller.institutions is not None:  # channels have no such scope: their calls pay nothing for it
        require_within_scope(caller, find_institution(cursor, legal_entity, customer_no), "path.customer_no")


def _found(account: Account | None, customer_no: str) -> Account:
    if account is None:
        reason = Reason("path.customer_no", f"{customer_no} never had an account", "An account opens with its first points.")
        raise ProblemError(PROBLEMS[Refusal.CUSTOMER_UNKNOWN], [reason])
    return account


def _shown(account: Account) -> dict[str, Any]:
    balances = balances_of(account)
    return {
        "customer_no": account.customer_no,
        "status": account.customer_status,
        "available": sum(balance.available for balance in balances),
        "balances": [asdict(balance) for balance in balances],
        "expiring": [asdict(expiring) for expiring in expiring_of(account)],
    }


def _line(line: StatementLine) -> dict[str, Any]:
    return {
        "entry_id": f"{line.batch_no}-{line.position}",
        "account_version": line.account_version,
        "kind": line.kind,
        "points": line.points,
        "point_type": line.point_type,
        "lots": [
            {"lot_id": lot_id_of(lot), "points": points, "available_on": lot.available_on, "expires_on": lot.expires_on, "institution": lot.institution}
            for lot, points in parts_from(line.lots)
        ],
        "cause": {"kind": line.cause_kind, "source_system": line.cause_source, "no": line.cause_no, "leg": line.cause_leg},
        "rule_code": line.rule_code,
        "application": line.application,
        "channel": line.channel,
        "institution": line.institution,
        "business_on": line.business_on,
        "balance_after": line.balance_after,
        "debit_account": line.debit_account,
        "credit_account": line.credit_account,
        "posted_at": line.posted_at,
        "came_by": line.came_by,
        "spent_by": line.spent_by,
    }


def _cause_from(text: str | None) -> Cause:
    if text is None:
        return Cause()
    match text.split(":"):
        case [source, no, leg] if leg.isdecimal() and len(leg) <= 5:
            return Cause(no=no, source=source, leg=int(leg))
        case [source, no]:
            return Cause(no=no, source=source)
    return Cause(no=text)


def _moment_from(text: str) -> date:
    """Return the date or instant that a query names."""
    try:
        if len(text) == _DATE_LENGTH:
            return date.fromisoformat(text)
        instant = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that was not escaped arrives as a space
        if instant.tzinfo is not None:
            return instant
    except ValueError:
        pass
    raise ProblemError(
        problems.INVALID_REQUEST,
        [Reason("query.as_of", f"{text!r} is neither a date nor an instant with an offset", "Send 2026-03-01, or 2026-03-01T09:30:00+08:00.")],
    )
