"""The bodies of calls. pydantic is used here only; what is known to be valid goes on as the domain's own values."""

from datetime import date, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from loyalty_shared.kernel.ids import new_id
from loyalty_shared.kernel.money import CURRENCIES
from loyalty_shared.kernel.points import POINTS_MAX
from loyalty_shared.web.models import Body, CodeField, DateField, PointsField, TextField, WholeNumber
from merchant.domain.contracts import Contract, ContractStatus, Share
from merchant.domain.merchants import Contact, MerchantType, Profile, Ratio
from merchant.domain.stores import Store, StoreStatus, Terminal, TerminalStatus

CYCLE_DAYS_MAX: Final = 365
FEE_BPS_MAX: Final = 10_000
CONTACTS_MAX: Final = 20
TERMINALS_MAX: Final = 500
SHARES_MAX: Final = 20
LANGUAGES_MAX: Final = 16


def _currency(value: str) -> str:
    if value not in CURRENCIES:
        raise ValueError("is not an ISO 4217 currency in use, e.g. CNY")
    return value


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [fields]})


NamesField = Annotated[
    dict[Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")], TextField],
    Field(min_length=1, max_length=LANGUAGES_MAX, description="Names by language"),
]
MccField = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{4}$"), Field(description="Merchant category code, four digits (ISO 18245)")]
FeeField = Annotated[WholeNumber, Field(ge=0, le=FEE_BPS_MAX, description="The merchant's fee in hundredths of a percent")]
MerchantNoField = Annotated[CodeField, Field(description="The merchant's number; the service makes one when it is left out")]


class RatioBody(Body):
    """What points are worth at the merchant."""

    points: PointsField
    amount_minor: Annotated[WholeNumber, Field(ge=1, le=POINTS_MAX, description="For so much money, in minor units")]
    currency: Annotated[str, AfterValidator(_currency)] = "CNY"

    def ratio(self) -> Ratio:
        return Ratio(points=self.points, amount_minor=self.amount_minor, currency=self.currency)


class ContactBody(Body):
    """Whom to ask at the merchant."""

    name: TextField
    role: TextField | None = None
    phone: TextField | None = None
    email: TextField | None = None

    def contact(self) -> Contact:
        return Contact(name=self.name, role=self.role, phone=self.phone, email=self.email)


def _require_order(start: date | None, end: date | None, names: str) -> None:
    if start is not None and end is not None and end <= start:
        raise ValueError(f"{names}: the second date is not included, so it must be after the first")


class MerchantBody(Body):
    """A merchant to be registered."""

    model_config = _example(
        merchant_no="M0001",
        names={"zh": "南珠咖啡", "en": "Nanzhu Coffee"},
        merchant_type="points-accepting",
        mcc="5814",
        institution="450100",
        settlement_cycle_days=1,
        fee_bps=60,
        ratio={"points": 100, "amount_minor": 100, "currency": "CNY"},
        contract_from="2026-01-01",
        contacts=[{"name": "Li Na", "role": "manager", "phone": "13800000000"}],
    )

    merchant_no: MerchantNoField | None = None
    names: NamesField
    merchant_type: MerchantType = MerchantType.POINTS_ACCEPTING
    mcc: MccField | None = None
    institution: CodeField | None = None
    licence_no: CodeField | None = None
    settlement_account: CodeField | None = None
    settlement_cycle_days: Annotated[WholeNumber, Field(ge=0, le=CYCLE_DAYS_MAX, description="n of T+n")] = 1
    fee_bps: FeeField = 0
    ratio: RatioBody | None = None
    contract_from: DateField | None = None
    contract_to: Annotated[DateField | None, Field(description="The first date that is not covered; null: open")] = None
    contacts: Annotated[list[ContactBody], Field(max_length=CONTACTS_MAX)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "MerchantBody":
        _require_order(self.contract_from, self.contract_to, "contract_from, contract_to")
        return self

    def profile(self) -> Profile:
        return Profile(
            names=dict(self.names),
            merchant_type=self.merchant_type,
            mcc=self.mcc,
            institution=self.institution,
            licence_no=self.licence_no,
            settlement_account=self.settlement_account,
            settlement_cycle_days=self.settlement_cycle_days,
            fee_bps=self.fee_bps,
            ratio=self.ratio.ratio() if self.ratio else None,
            contract_from=self.contract_from,
            contract_to=self.contract_to,
            contacts=tuple(contact.contact() for contact in self.contacts),
        )


class StepBody(Body):
    """Why a merchant's status is changed."""

    model_config = _example(reason="complaints under review")

    reason: TextField | None = None


class TerminalBody(Body):
    """A device that takes transactions."""

    terminal_no: CodeField
    status: TerminalStatus = TerminalStatus.IN_SERVICE


class StoreBody(Body):
    """How a store is."""

    model_config = _example(names={"zh": "朝阳路店"}, address="朝阳路 8 号", status="open", terminals=[{"terminal_no": "T001", "status": "in-service"}])

    names: NamesField
    address: TextField | None = None
    status: StoreStatus = StoreStatus.OPEN
    terminals: Annotated[list[TerminalBody], Field(max_length=TERMINALS_MAX)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names_each_terminal_once(self) -> "StoreBody":
        if len({terminal.terminal_no for terminal in self.terminals}) < len(self.terminals):
            raise ValueError("terminals: a terminal_no stands there twice")
        return self

    def store(self, store_no: str) -> Store:
        terminals = tuple(Terminal(terminal_no=terminal.terminal_no, status=terminal.status) for terminal in self.terminals)
        return Store(store_no=store_no, names=dict(self.names), address=self.address, status=self.status, terminals=terminals)


class NewStoreBody(StoreBody):
    """A store to be registered."""

    store_no: CodeField


class ShareBody(Body):
    """What part of the points a party funds."""

    party: CodeField
    percent: Annotated[WholeNumber, Field(ge=1, le=100)]


class ContractBody(Body):
    """Rates agreed with a merchant."""

    model_config = _example(
        contract_no="2026-01", effective_from="2026-01-01", fee_bps=50, shares=[{"party": "retail", "percent": 60}, {"party": "M0001", "percent": 40}]
    )

    contract_no: Annotated[CodeField, Field(description="The contract's number; the service makes one when it is left out")] | None = None
    effective_from: DateField
    effective_to: Annotated[DateField | None, Field(description="The first date that is not covered; null: open")] = None
    fee_bps: FeeField = 0
    ratio: RatioBody | None = None
    shares: Annotated[list[ShareBody], Field(max_length=SHARES_MAX, description="Who funds what; 100 percent together")] = Field(default_factory=list)

    @model_validator(mode="after")
    def _adds_up(self) -> "ContractBody":
        _require_order(self.effective_from, self.effective_to, "effective_from, effective_to")
        if self.shares and sum(share.percent for share in self.shares) != 100:
            raise ValueError("shares: the percents add up to 100")
        if len({share.party for share in self.shares}) < len(self.shares):
            raise ValueError("shares: a party stands there twice")
        return self

    def contract(self, made_by: str, at: datetime) -> Contract:
        return Contract(
            contract_no=self.contract_no or new_id(),
            effective_from=self.effective_from,
            effective_to=self.effective_to,
            fee_bps=self.fee_bps,
            ratio=self.ratio.ratio() if self.ratio else None,
            shares=tuple(Share(party=share.party, percent=share.percent) for share in self.shares),
            status=ContractStatus.APPLIED,
            made_by=made_by,
            changed_at=at,
        )
