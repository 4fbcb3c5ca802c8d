"""Types that several services' request models share. pydantic is used at the HTTP edge only."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from loyalty_shared.kernel.points import POINTS_MAX


class Body(BaseModel):
    """A request's body: an unknown field is a fault, so that a misspelt one is never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _whole(value: Any) -> int:
    if type(value) is not int:  # a bool is an int to Python; 1.0 and "1" are not integers to us
        raise ValueError("must be a JSON integer")
    return value


def _not_zero(value: int) -> int:
    if value == 0:
        raise ValueError("must not be 0")
    return value


def _iso_date(value: Any) -> Any:
    if not isinstance(value, str) or len(value) != 10 or value[4::3] != "--":  # pydantic would take a number, or ten digits, for seconds since 1970
        raise ValueError("must be a date, YYYY-MM-DD")
    return value


def _storable(value: datetime) -> datetime:
    offset = value.utcoffset()
    if not YEAR_MIN <= value.year <= YEAR_MAX or offset is None or abs(offset) > OFFSET_MAX:
        raise ValueError(f"must be an instant from {YEAR_MIN} to {YEAR_MAX}, at most {OFFSET_MAX.seconds // 3600} hours from UTC")
    return value


#: Years of instants that every zone's calendar and PostgreSQL can tell, and that are no typing error; no place on Earth is further from UTC.
YEAR_MIN: Final = 1900
YEAR_MAX: Final = 8999
OFFSET_MAX: Final = timedelta(hours=14)

#: Points in a request: a JSON integer from 1 to 2^53-1.
PointsField = Annotated[int, Field(ge=1, le=POINTS_MAX, description="Points: a whole number"), BeforeValidator(_whole)]
#: Points of an adjustment: signed, not 0.
SignedPointsField = Annotated[int, Field(ge=-POINTS_MAX, le=POINTS_MAX), BeforeValidator(_whole), AfterValidator(_not_zero)]
#: Any other whole number: a JSON integer, never a float, a string or a boolean; bounds are the model's.
WholeNumber = Annotated[int, BeforeValidator(_whole)]
#: A calendar date, `YYYY-MM-DD` and nothing else.
DateField = Annotated[date, BeforeValidator(_iso_date), WithJsonSchema({"type": "string", "format": "date"})]
#: An instant, RFC 3339 with an offset.
InstantField = Annotated[AwareDatetime, AfterValidator(_storable)]
#: A code or number of the field's: 1 to 64 characters that show.
CodeField = Annotated[str, StringConstraints(strict=True, pattern=r"^[\x21-\x7e\u4e00-\u9fff]{1,64}$")]
#: Free text, as a reason for an action.
TextField = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
