"""A merchant's stores and contracts over HTTP."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, require_within_scope, writes
from loyalty_shared.web.models import CodeField, DateField
from loyalty_shared.web.pagination import Page, pages
from merchant.application.approve_contract import ApproveContract
from merchant.application.keep_store import KeepStore
from merchant.application.ports import BeginUnitOfWork
from merchant.application.register_contract import RegisterContract
from merchant.application.show_merchants import ShowMerchants
from merchant.application.shown import shown_contract, shown_store
from merchant.domain.refusals import Refusal
from merchant.entrypoints.http import CHECKED, READS, call_of
from merchant.entrypoints.http_models import ContractBody, NewStoreBody, StoreBody
from merchant.entrypoints.http_shown import ContractShown, ContractsShown, StoreShown, StoresShown
from merchant.entrypoints.problems import PROBLEMS, documented, problem_of

_OF_TERMS = (Refusal.MERCHANT_UNKNOWN, Refusal.MERCHANT_TERMINATED)


def terms_router(begin: BeginUnitOfWork, clock: Clock) -> APIRouter:
    """Return the routes of stores and contracts."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}/merchants/{merchant_no}")
    show = ShowMerchants(begin)
    _add_stores(router, show, KeepStore(begin, clock))
    _add_contracts(router, show, RegisterContract(begin, clock), ApproveContract(begin, clock))
    return router


def _add_stores(router: APIRouter, show: ShowMerchants, keep: KeepStore) -> None:
    @router.get("/stores", tags=["stores"], response_model=StoresShown, responses=documented(Refusal.MERCHANT_UNKNOWN))
    def list_stores(legal_entity: str, merchant_no: CodeField, page: Annotated[Page, pages(str)], caller: Annotated[Caller, READS]) -> Response:
        """List a merchant's stores with their terminals, by number. 403 `beyond-your-scope`."""
        _require_merchant_within_scope(show, caller, legal_entity, merchant_no)
        stores = show.list_stores(legal_entity, merchant_no, page.after[0] if page.after else None, page.fetch)
        if stores is None:
            raise problem_of(Refusal.MERCHANT_UNKNOWN)
        return json_response(page.answer(stores, key_of=lambda store: (store.store_no,), show=shown_store))

    @router.post("/stores", tags=["stores"], status_code=201, response_model=StoreShown, responses=documented(*_OF_TERMS, Refusal.STORE_ALREADY_REGISTERED))
    def post_store(legal_entity: str, merchant_no: CodeField, body: NewStoreBody, call: Annotated[Write, writes(Function.MAKER)]) -> Response:
        """Register a store."""
        return respond(keep(call_of(call), merchant_no, body.store(body.store_no), is_new=True), PROBLEMS, HTTPStatus.CREATED)

    @router.put("/stores/{store_no}", tags=["stores"], response_model=StoreShown, responses=documented(*_OF_TERMS, Refusal.STORE_UNKNOWN))
    def put_store(legal_entity: str, merchant_no: CodeField, store_no: CodeField, body: StoreBody, call: Annotated[Write, writes(Function.MAKER)]) -> Response:
        """Say how a store now is: its status and its terminals, whole."""
        return respond(keep(call_of(call), merchant_no, body.store(store_no), is_new=False), PROBLEMS)


def _add_contracts(router: APIRouter, show: ShowMerchants, register: RegisterContract, approve: ApproveContract) -> None:
    @router.get("/contracts", tags=["contracts"], response_model=ContractsShown, responses=documented(Refusal.MERCHANT_UNKNOWN))
    def list_contracts(
        legal_entity: str,
        merchant_no: CodeField,
        page: Annotated[Page, pages(str)],
        caller: Annotated[Caller, READS],
        on: Annotated[DateField | None, Query(description="Only the contract in force on this date")] = None,
    ) -> Response:
        """List a merchant's contracts by number. 403 `beyond-your-scope`."""
        _require_merchant_within_scope(show, caller, legal_entity, merchant_no)
        contracts = show.list_contracts(legal_entity, merchant_no, on, page.after[0] if page.after else None, page.fetch)
        if contracts is None:
            raise problem_of(Refusal.MERCHANT_UNKNOWN)
        return json_response(page.answer(contracts, key_of=lambda contract: (contract.contract_no,), show=shown_contract))

    @router.post(
        "/contracts", tags=["contracts"], status_code=201, response_model=ContractShown, responses=documented(*_OF_TERMS, Refusal.CONTRACT_ALREADY_REGISTERED)
    )
    def post_contract(legal_entity: str, merchant_no: CodeField, body: ContractBody, call: Annotated[Write, writes(Function.MAKER)]) -> Response:
        """Register rates agreed with a merchant; they wait for a checker."""
        return respond(register(call_of(call), merchant_no, body.contract), PROBLEMS, HTTPStatus.CREATED)

    @router.post(
        "/contracts/{contract_no}/approve",
        tags=["contracts"],
        response_model=ContractShown,
        responses=documented(*_OF_TERMS, Refusal.CONTRACT_UNKNOWN, Refusal.CONTRACT_NOT_APPLIED, Refusal.CONTRACT_OVERLAPS, Refusal.MAKER_CANNOT_APPROVE),
    )
    def approve_contract(legal_entity: str, merchant_no: CodeField, contract_no: CodeField, call: Annotated[Write, CHECKED]) -> Response:
        """Approve rates that somebody else registered: in force from now on, by their dates."""
        return respond(approve(call_of(call), merchant_no, contract_no), PROBLEMS)


def _require_merchant_within_scope(show: ShowMerchants, caller: Caller, legal_entity: str, merchant_no: str) -> None:
    if caller.institutions is None:
        return
    merchant = show.find(legal_entity, merchant_no)
    if merchant is not None:
        require_within_scope(caller, merchant.profile.institution, "path.merchant_no")
