"""The bodies of online calls, in and out. pydantic is used here only; what is known to be valid goes on as the use cases' own values."""

from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from loyalty_shared.web.models import Body, CodeField, DateField, PointsField, TextField
from redemption.application.grant_points import Granting
from redemption.application.spending_checks import Spending
from redemption.domain.holds import EXPIRES_IN_SECONDS_DEFAULT, EXPIRES_IN_SECONDS_MAX
from redemption.domain.reversals import Serial

POINT_TYPES_MAX: Final = 16

SerialField = Annotated[CodeField, Field(description="The channel's own number for this call, unique on channel_date; the handle for a reversal")]
SerialDateField = Annotated[DateField, Field(description="The channel's date of the serial")]
SpentBy = Annotated[str | None, Field(description="The pool member who spends, when another pays")]


def _example(**fields: str | int) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [dict(fields)]})


class SerialBody(Body):
    """What every call that can be reversed carries."""

    channel_serial: SerialField
    channel_date: SerialDateField

    @property
    def serial(self) -> Serial:
        return Serial(self.channel_date, self.channel_serial)


class SpendingBody(SerialBody):
    """Points to reserve, or to redeem at once."""

    model_config = _example(customer_no="C0000001", points=500, application="mall", channel_serial="000123", channel_date="2026-03-01", expires_in_seconds=900)

    customer_no: CodeField
    points: PointsField
    application: CodeField
    merchant_no: Annotated[CodeField | None, Field(description="Where the points are spent, as at pos-payment: an active merchant of the entity")] = None
    quote_id: Annotated[
        CodeField | None, Field(description="The quote whose rate is to be honoured, for the same customer (pay_from, if given), application and points")
    ] = None
    pay_from: Annotated[
        CodeField | None, Field(description="Whose points are spent, when not the customer's own: the owner of an active family pool that he is a member of")
    ] = None
    expires_in_seconds: Annotated[
        Annotated[int, Field(strict=True, ge=1, le=EXPIRES_IN_SECONDS_MAX)] | None,
        Field(description=f"How long the reservation holds; {EXPIRES_IN_SECONDS_DEFAULT} when left out"),
    ] = None
    point_types: Annotated[
        list[CodeField] | None, Field(min_length=1, max_length=POINT_TYPES_MAX, description="Spend points of these types only; of any type when left out")
    ] = None

    def asked(self) -> Spending:
        return Spending(
            serial=self.serial,
            customer_no=self.customer_no,
            points=self.points,
            application=self.application,
            merchant_no=self.merchant_no,
            quote_id=self.quote_id,
            pay_from=self.pay_from,
            point_types=frozenset(self.point_types) if self.point_types is not None else None,
            expires_in=timedelta(seconds=self.expires_in_seconds or EXPIRES_IN_SECONDS_DEFAULT),
        )


class CaptureBody(Body):
    """How much of a reservation to capture."""

    model_config = _example(points=300)

    points: Annotated[PointsField | None, Field(description="Part of what is held, the rest is released; all when left out")] = None


class RefundBody(SerialBody):
    """How much of a redemption to give back."""

    model_config = _example(points=100, channel_serial="000125", channel_date="2026-03-02")

    points: PointsField


class ReversalBody(SerialBody):
    """Which call of this channel is to be undone."""

    model_config = _example(original_channel_serial="000123", original_channel_date="2026-03-01", channel_serial="000124", channel_date="2026-03-01")

    original_channel_serial: CodeField
    original_channel_date: DateField

    @property
    def original(self) -> Serial:
        return Serial(self.original_channel_date, self.original_channel_serial)

    @model_validator(mode="after")
    def _names_another(self) -> "ReversalBody":
        if self.original == self.serial:
            raise ValueError("a reversal has a serial of its own, other than its original's")
        return self


class GrantBody(SerialBody):
    """Points to give."""

    model_config = _example(
        customer_no="C0000001",
        points=100,
        point_type="bonus",
        reason="survey answered",
        expires_on="2027-12-31",
        channel_serial="000126",
        channel_date="2026-03-01",
    )

    customer_no: CodeField
    points: PointsField
    point_type: Annotated[CodeField, Field(description="One of the entity's point types, such as base or bonus")]
    reason: TextField
    expires_on: Annotated[DateField | None, Field(description="The last date on which the points can be spent; never expires when left out or null")] = None

    def asked(self) -> Granting:
        return Granting(
            serial=self.serial,
            customer_no=self.customer_no,
            points=self.points,
            point_type=self.point_type,
            expires_on=self.expires_on,
            reason=self.reason,
        )


class LotAnswer(BaseModel):
    """Points of one lot."""

    lot_id: str
    point_type: str
    points: int
    expires_on: date | None
    institution: str


class ReservationAnswer(BaseModel):
    """`step_up_required`: so many points take a further verification of the customer before they are captured."""

    reservation_id: str
    status: Literal["reserved"]
    points: int
    expires_at: datetime
    step_up_required: bool
    spent_by: SpentBy = None


class ReservationShown(BaseModel):
    reservation_id: str
    status: Literal["reserved", "captured", "released", "expired"]
    customer_no: str
    points: int
    application: str
    channel: str
    merchant_no: str | None
    expires_at: datetime
    redemption_id: str | None
    spent_by: SpentBy
    lots: list[LotAnswer]


class CaptureAnswer(BaseModel):
    reservation_id: str
    status: Literal["captured"]
    redemption_id: str
    points: int
    lots: list[LotAnswer]
    spent_by: SpentBy = None


class ReleaseAnswer(BaseModel):
    reservation_id: str
    status: Literal["released"]
    points: int


class RedemptionAnswer(BaseModel):
    redemption_id: str
    status: Literal["redeemed"]
    points: int
    lots: list[LotAnswer]
    spent_by: SpentBy = None


class VoidAnswer(BaseModel):
    redemption_id: str
    status: Literal["void"]
    points: int
    lots: list[LotAnswer]


class RefundAnswer(BaseModel):
    refund_id: str
    redemption_id: str
    status: Literal["refunded"]
    points: int
    points_left: Annotated[int, Field(description="What of the redemption has not been given back")]
    lots: list[LotAnswer]


class ReversalAnswer(BaseModel):
    reversal_id: str
    status: Literal["reversed", "nothing-to-reverse"]


class GrantAnswer(BaseModel):
    grant_id: str
    status: Literal["granted"]
    customer_no: str
    points: int
    point_type: str
    expires_on: date | None
    lot_id: str
