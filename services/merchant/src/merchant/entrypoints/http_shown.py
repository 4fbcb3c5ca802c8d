"""The bodies of answers, as the documents show them; `application/shown.py` makes them."""

from datetime import date, datetime

from pydantic import BaseModel

from merchant.domain.contracts import ContractStatus
from merchant.domain.merchants import MerchantStatus, MerchantType
from merchant.domain.stores import StoreStatus, TerminalStatus


class RatioShown(BaseModel):
    points: int
    amount_minor: int
    currency: str


class ContactShown(BaseModel):
    name: str
    role: str | None
    phone: str | None
    email: str | None


class MerchantShown(BaseModel):
    merchant_no: str
    status: MerchantStatus
    names: dict[str, str]
    merchant_type: MerchantType
    mcc: str | None
    institution: str | None
    licence_no: str | None
    settlement_account: str | None
    settlement_cycle_days: int
    fee_bps: int
    ratio: RatioShown | None
    contract_from: date | None
    contract_to: date | None
    contacts: list[ContactShown]
    legal_entity: str
    version: int
    made_by: str
    registered_at: datetime
    changed_at: datetime
    checked_by: str | None
    reason: str | None


class MerchantsShown(BaseModel):
    items: list[MerchantShown]
    next_cursor: str | None


class TerminalShown(BaseModel):
    terminal_no: str
    status: TerminalStatus


class StoreShown(BaseModel):
    store_no: str
    names: dict[str, str]
    address: str | None
    status: StoreStatus
    terminals: list[TerminalShown]


class StoresShown(BaseModel):
    items: list[StoreShown]
    next_cursor: str | None


class ShareShown(BaseModel):
    party: str
    percent: int


class ContractShown(BaseModel):
    contract_no: str
    effective_from: date
    effective_to: date | None
    fee_bps: int
    ratio: RatioShown | None
    shares: list[ShareShown]
    status: ContractStatus
    made_by: str
    changed_at: datetime
    checked_by: str | None


class ContractsShown(BaseModel):
    items: list[ContractShown]
    next_cursor: str | None
