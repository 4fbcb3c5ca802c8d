"""The bodies of calls, in and out. pydantic is used here only; what is known to be valid goes on as the use cases' own values."""

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gift_order.domain.gifts import Asked, Gift, GiftKind, Price, Shelf
from gift_order.domain.orders import Status
from gift_order.domain.refusals import Refusal
from gift_order.domain.wishes import WishStatus
from loyalty_shared.kernel.money import CURRENCIES
from loyalty_shared.kernel.points import POINTS_MAX
from loyalty_shared.web.models import Body, CodeField, PointsField, TextField, WholeNumber

QUANTITY_MAX: Final = 1_000
PIECES_MAX: Final = 1_000_000_000
NAMES_MAX: Final = 16
DELIVERY_BYTES_MAX: Final = 4_096
CURRENCY_DEFAULT: Final = "CNY"

MinorField = Annotated[WholeNumber, Field(ge=0, le=POINTS_MAX, description="Money in minor units")]


def _known_currency(value: str) -> str:
    if value not in CURRENCIES:
        raise ValueError("must be an ISO 4217 code in use, such as CNY")
    return value


def _small(value: dict[str, Any] | str) -> dict[str, Any] | str:
    if len(msgspec.json.encode(value)) > DELIVERY_BYTES_MAX:
        raise ValueError(f"must be at most {DELIVERY_BYTES_MAX} bytes")
    return value


def _not_nothing(value: int) -> int:
    if value == 0:
        raise ValueError("must not be 0")
    return value


class GiftBody(Body):
    """A gift for the catalogue."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"gift_code": "KETTLE", "names": {"zh": "电水壶", "en": "Kettle"}, "points": 500, "cash_minor": 1990, "stock": 20, "supplier": "S0001"}
            ]
        }
    )

    gift_code: CodeField
    names: Annotated[dict[CodeField, TextField], Field(max_length=NAMES_MAX, description="By language")] = Field(default_factory=dict)
    kind: GiftKind = GiftKind.PHYSICAL
    points: Annotated[PointsField, Field(description="What one piece costs in points")]
    cash_minor: Annotated[MinorField, Field(description="What one piece costs in cash besides, in minor units")] = 0
    currency: Annotated[CodeField, AfterValidator(_known_currency)] = CURRENCY_DEFAULT
    stock: Annotated[WholeNumber, Field(ge=0, le=PIECES_MAX, description="Pieces to begin with")] = 0
    supplier: CodeField | None = None
    campaign_code: Annotated[CodeField | None, Field(description="Only customers who earned in this campaign may order it")] = None
    customer_limit: Annotated[Annotated[WholeNumber, Field(ge=1, le=PIECES_MAX)] | None, Field(description="Pieces one customer may order")] = None
    status: Annotated[Shelf, Field(description="On the shelf: it can be ordered")] = Shelf.ON

    def gift_of(self, legal_entity: str) -> Gift:
        return Gift(legal_entity=legal_entity, **self.model_dump())


class StockBody(Body):
    """Pieces to add to a gift's stock, or to take away (negative)."""

    pieces: Annotated[WholeNumber, Field(ge=-PIECES_MAX, le=PIECES_MAX), AfterValidator(_not_nothing)]


class ShelfBody(Body):
    """Whether a gift can be ordered."""

    status: Shelf


class PayField(Body):
    """What all pieces cost together."""

    points: PointsField
    cash_minor: MinorField = 0


class OrderBody(Body):
    """Some pieces of one gift for a customer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"customer_no": "C0000001", "gift_code": "KETTLE", "quantity": 1, "pay": {"points": 500, "cash_minor": 1990}, "delivery": {}}]
        }
    )

    customer_no: CodeField
    gift_code: CodeField
    quantity: Annotated[WholeNumber, Field(ge=1, le=QUANTITY_MAX)] = 1
    pay: Annotated[PayField | None, Field(description="Must be quantity times the gift's price; that price when left out")] = None
    delivery: Annotated[
        Annotated[dict[str, Any] | TextField, AfterValidator(_small)] | None, Field(description="The channel's own words on where and how, kept as they are")
    ] = None

    def asked(self) -> Asked:
        return Asked(
            customer_no=self.customer_no,
            gift_code=self.gift_code,
            quantity=self.quantity,
            pay=Price(self.pay.points, self.pay.cash_minor) if self.pay else None,
            delivery=self.delivery,
        )


class PaymentBody(Body):
    """The cash part, paid."""

    cash_minor: Annotated[MinorField | None, Field(description="Must be the order's cash part")] = None
    payment_no: Annotated[CodeField | None, Field(description="The payment's own number")] = None


class WishBody(Body):
    """A gift that a customer has not the points for yet."""

    customer_no: CodeField
    gift_code: CodeField


class GiftShown(BaseModel):
    gift_code: str
    names: dict[str, str]
    kind: GiftKind
    points: int
    cash_minor: int
    currency: str
    stock: int
    supplier: str | None
    campaign_code: str | None
    customer_limit: int | None
    status: Shelf


class PayShown(BaseModel):
    points: int
    cash_minor: int
    currency: str


class OrderShown(BaseModel):
    order_id: str
    status: Status
    reason: Annotated[Refusal | None, Field(description="What ended it before its time")]
    customer_no: str
    gift_code: str
    supplier: str | None
    quantity: int
    pay: PayShown
    pay_by: Annotated[datetime | None, Field(description="Until when the cash part can be paid")]
    paid_minor: int
    payment_no: str | None
    cash_refund_due_minor: Annotated[int, Field(description="Cash that was paid and is to be given back")]
    delivery: dict[str, Any] | str | None
    reservation_id: str | None
    redemption_id: str | None
    placed_at: datetime
    changed_at: datetime


class WishShown(BaseModel):
    wish_id: str
    customer_no: str
    gift_code: str
    points: int
    status: WishStatus
    wished_at: datetime
    told_at: datetime | None


class Gifts(BaseModel):
    items: list[GiftShown]
    next_cursor: str | None


class Orders(BaseModel):
    items: list[OrderShown]
    next_cursor: str | None


class Wishes(BaseModel):
    items: list[WishShown]
    next_cursor: str | None
