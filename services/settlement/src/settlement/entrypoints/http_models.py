"""Requests and answers of settlement's calls, as OpenAPI shows them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field

from loyalty_shared.web.models import Body, CodeField, DateField
from settlement.domain.batches import Direction, Status
from settlement.domain.reconciliation import Standing

DateInPath = Annotated[DateField, Path(description="A business date, YYYY-MM-DD")]


class Format(StrEnum):
    """The forms of a statement."""

    CSV = "csv"
    PDF = "pdf"


class BatchBody(Body):
    """Which batch to make. `party`: the code of a cost bearer, `arrears`, or `redeemed:<application>`."""

    party: CodeField
    business_on: DateField


class CauseShown(BaseModel):
    """The call of the ledger that an entry comes from."""

    kind: str
    no: str


class LineShown(BaseModel):
    """One entry of the ledger that spent points of the party, or (negative) gave them back."""

    line_no: int
    kind: str
    points: int
    amount_minor: int
    entry_id: str
    customer_no: str
    point_type: str
    application: str
    channel: str | None
    cause: CauseShown
    posted_at: datetime


class BatchHead(BaseModel):
    """A batch. `points`: used, less given back; `amount_minor`: what they cost, which the party `pays` or `receives`.

    `points_by_kind`: all that moved of the party's points on the date, in the ledger's sign; only what was used is settled.
    """

    batch_id: str
    party: str
    business_on: date
    status: Status
    direction: Direction
    points: int
    amount_minor: int
    currency: str
    cost_per_point_minor: str = Field(description="Minor units of one point, a decimal number")
    line_count: int
    points_by_kind: dict[str, int]
    made_by: str
    made_at: datetime
    reviewed_by: str | None
    reviewed_at: datetime | None
    released_by: str | None
    released_at: datetime | None


class BatchShown(BatchHead):
    """A batch with its first 100 lines; `GET batches/{batch_id}/lines` has all of them."""

    lines: list[LineShown]


class BatchesShown(BaseModel):
    """A page of batches."""

    items: list[BatchHead]
    next_cursor: str | None


class LinesShown(BaseModel):
    """A page of a batch's lines."""

    items: list[LineShown]
    next_cursor: str | None


class PartyShown(BaseModel):
    """A party there is."""

    party: str
    direction: Direction


class PartiesShown(BaseModel):
    """A page of parties."""

    items: list[PartyShown]
    next_cursor: str | None


class CheckShown(BaseModel):
    """One figure, as settlement has it and as the ledger has it; `difference` is settlement's less the ledger's."""

    name: str
    settlement: int
    ledger: int
    difference: int


class ReconciliationShown(BaseModel):
    """A date's checks. `without_batch`: parties whose points moved and whose batch is not made yet."""

    business_on: date
    status: Standing
    checks: list[CheckShown]
    breaks: int
    without_batch: list[str]


class BreakShown(CheckShown):
    """A figure that differs."""

    business_on: date


class BreaksShown(BaseModel):
    """The figures that differ."""

    items: list[BreakShown]
    next_cursor: str | None


class InvariantShown(BaseModel):
    """How often something that must hold does not."""

    name: str
    violations: int
    checked_at: datetime


class InvariantsShown(BaseModel):
    """What must hold of settlement, checked now."""

    items: list[InvariantShown]
    next_cursor: None = None
