"""What accrual publishes: points earned and clawed back, and one summary for each committed batch (contracts.md section 2)."""

from datetime import date, datetime
from typing import Any, Literal

from msgspec import Struct


class Cause(Struct, gc=False, frozen=True, kw_only=True):
    """The upstream event that points come from: `kind` is transaction, refund, reversal, balance or behaviour (ledger entries add their own calls).

    Kind `recalculation:<id>`: the difference that this recalculation posts; `no` and `leg` are those of the event that was decided anew.
    """

    kind: str
    source_system: str
    no: str
    leg: int = 1


class CostBearer(Struct, gc=False, frozen=True, kw_only=True):
    """The party that pays `percent` of the points' cost."""

    party: str
    percent: int


class PointsEarnedV1(Struct, gc=False, frozen=True, kw_only=True):
    """Points that one rule gave for one cause. `points` is positive; `expires_on` None: never."""

    legal_entity: str
    customer_no: str
    points: int
    point_type: str
    rule_code: str
    rule_version: int
    cause: Cause
    transaction_on: date
    available_on: date
    expires_on: date | None
    expiry_policy: str
    institution: str
    channel: str
    cost_bearers: tuple[CostBearer, ...]
    campaign_code: str | None
    earning_id: str


class PointsClawedBackV1(PointsEarnedV1, frozen=True, kw_only=True, gc=False):
    """Points taken back; `points` is positive, the amount to take. `earning_id` names the earning it takes from; None: it begins with other lots.

    `cause` is the refund or reversal; the other fields are the earning's own, so that the ledger finds its lot.
    """

    earning_id: str | None  # type: ignore[assignment]  # wider than the parent's on purpose: contracts.md allows null here only


class BatchDecidedV1(Struct, gc=False, frozen=True, kw_only=True):
    """Counts, points and amounts of one committed batch.

    A group is of one `legal_entity, institution, product_code, channel, currency, outcome`, with its `events, points, amount_minor`; its `rules` tell
    `rule_code, rule_version, events, points` of each rule that gave to some of its events or took from them.
    """

    batch_no: int
    decided_at: datetime
    events: int
    groups: tuple[dict[str, Any], ...]


class SuspectNoticedV1(Struct, gc=False, frozen=True, kw_only=True):
    """An event that may be part of a misuse, for staff to be told of when there are many; it changed no points.

    `kind`: `refund`; `just-over-minimum`, a purchase that a rule (`rule_code`) gave to, at most 5% over the least amount it asks for; `same-terminal`, the
    last of `events` purchases that one customer made at one terminal within one batch. `source_system, no, leg` name the event; `events` is 1 of the others.
    """

    legal_entity: str
    customer_no: str
    kind: str
    source_system: str
    no: str
    leg: int
    occurred_at: datetime
    institution: str
    amount_minor: int
    currency: str
    merchant_no: str | None
    terminal_no: str | None
    rule_code: str | None
    events: int


POINTS = {"loyalty.accrual.points.earned.v1": PointsEarnedV1, "loyalty.accrual.points.clawed_back.v1": PointsClawedBackV1}
BATCHES = {"loyalty.accrual.batch.decided.v1": BatchDecidedV1}
SUSPECTS = {"loyalty.accrual.suspect.noticed.v1": SuspectNoticedV1}

PointsEventType = Literal["loyalty.accrual.points.earned.v1", "loyalty.accrual.points.clawed_back.v1"]
