"""What the calls of campaigns take and answer. The campaign document itself is checked by the domain, which names every fault by its path."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, model_validator

from accrual.domain.campaign_document import CUSTOMERS_MAX
from loyalty_shared.web.models import Body

#: Characters of an uploaded list as text: as many as a request may have.
TEXT_MAX: Final = 1 << 20

CampaignDocument = Annotated[
    dict[str, Any],
    Field(
        description="All but `code` may be left out. `applies`: by transaction date, `to` not included; `target`: each part that is given must hold; "
        "`per_customer`: of all its rules together; `department`: who pays; `budget`: what ends first, `points` or `amount_minor` at `cost_per_point` (decimal "
        "text, minor units a point); `strict` (true): what rules give is cut to what is left, else it is only told.",
        examples=[
            {
                "code": "spring",
                "names": {"zh": "春季活动", "en": "Spring"},
                "applies": {"from": "2026-03-01", "to": "2026-06-01"},
                "target": {"levels": ["gold"], "tags": [], "customers": ["C0000001"]},
                "channels": ["POS"],
                "institutions": ["450100"],
                "per_customer": {"points": 5000},
                "department": "retail",
                "budget": {"points": 1000000, "amount_minor": 1000000, "currency": "CNY", "cost_per_point": "0.8", "strict": True},
            }
        ],
    ),
]


class TargetsBody(Body):
    """The customers that a campaign is for: as a list, or as text, one number a line (a first line `customer_no` is skipped)."""

    customers: list[Annotated[str, Field(min_length=1, max_length=64)]] | None = Field(default=None, max_length=CUSTOMERS_MAX)
    text: Annotated[str, Field(max_length=TEXT_MAX)] | None = None
    add: Annotated[bool, Field(strict=True, description="Beside those listed by now; else in their place")] = False

    @model_validator(mode="after")
    def _one_of_both(self) -> "TargetsBody":
        if (self.customers is None) == (self.text is None):
            raise ValueError("send either customers or text")
        return self

    def numbers(self) -> list[str]:
        """Return the customer numbers as sent."""
        if self.customers is not None:
            return self.customers
        lines = [line.strip().strip('"') for line in (self.text or "").removeprefix("\ufeff").splitlines()]
        return [line for index, line in enumerate(lines) if line and (index or line != "customer_no")]


class CampaignStanding(BaseModel):
    """Where a version stands after a step. `pending`: a rule that is approved names the campaign, so a checker has to approve the change."""

    code: str
    version: int
    status: Literal["pending", "active", "rejected", "stopped"]


class CampaignStopped(CampaignStanding):
    """A stopped campaign."""

    stopped_on: date


class WindowShown(BaseModel):
    """Transaction dates, `to` not included; null: open."""

    from_: date | None = Field(alias="from")
    to: date | None


class TargetShown(BaseModel):
    """Whom a campaign is for. `customers_listed`: how many its uploaded list holds; null: it has none."""

    levels: list[str]
    tags: list[str]
    customers_listed: int | None


class PerCustomerShown(BaseModel):
    """What all rules of a campaign together give one customer at most."""

    points: int


class BudgetShown(BaseModel):
    """A budget as posted; `total_points`: what it pays for, by what ends first."""

    points: int | None
    amount_minor: int | None
    currency: str
    cost_per_point: str
    strict: bool
    total_points: int


class AmountShown(BaseModel):
    """Points and what they cost; money is null without a budget."""

    points: int
    amount_minor: int | None
    currency: str | None


class ForecastShown(BaseModel):
    """The pace of the last seven business dates, and the date on which the budget is spent at it; null: not within ten years."""

    points_per_day: int
    amount_minor_per_day: int | None
    exhausted_on: date | None


class CampaignShown(CampaignStanding):
    """A campaign as it is in force; `used`: given less taken back, of its whole life."""

    names: dict[str, str]
    applies: WindowShown
    target: TargetShown
    channels: list[str]
    institutions: list[str]
    per_customer: PerCustomerShown | None
    department: str | None
    budget: BudgetShown | None
    used: AmountShown
    left: AmountShown | None
    forecast: ForecastShown
    stopped_on: date | None


class CampaignVersionShown(BaseModel):
    """One version as it was sent, and who did what to it."""

    version: int
    status: Literal["pending", "active", "rejected", "stopped"]
    campaign: dict[str, Any]
    customers_listed: int | None
    made_by: str
    made_at: datetime
    checked_by: str | None
    checked_at: datetime | None
    stopped_on: date | None


class WholeCampaignShown(CampaignShown):
    """A campaign with its versions, latest first."""

    versions: list[CampaignVersionShown]


class CampaignsShown(BaseModel):
    """A page of campaigns."""

    items: list[CampaignShown]
    next_cursor: str | None
