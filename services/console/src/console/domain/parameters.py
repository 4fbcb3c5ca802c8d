"""Parameters: typed, versioned, each version in force from a business date on. The registry is the list of all there are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.validators import extend

from console.domain.entities import RETENTION_YEARS_DEFAULT
from loyalty_shared.kernel.money import CURRENCIES

RETENTION_YEARS: Final = "retention-years"

_DECIMAL: Final = {"type": "string", "pattern": r"^[0-9]{1,8}(\.[0-9]{1,8})?$"}
_POSITIVE_DECIMAL: Final = {"type": "string", "pattern": r"^(?=.*[1-9])[0-9]{1,8}(\.[0-9]{1,8})?$"}
#: Whole numbers only where a whole number is asked for: 1.0 is none, as everywhere in the platform.
_Validator: Final = extend(  # type: ignore[no-untyped-call]  # the library types its results only
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _checker, value: type(value) is int),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterType:
    """One parameter there is. `schema`: the JSON Schema its values meet; `default`: what holds until a version is approved.

    `may_begin_in_past`: it may be stated for business dates that have passed; what was decided with the lack of it is decided anew by recalculation only.
    """

    name: str
    names: Mapping[str, str]
    schema: Mapping[str, Any]
    default: Any
    may_begin_in_past: bool = False

    def may_begin(self, on: date, business_on: date) -> bool:
        """Tell whether a version may begin on a date when the entity's business date is `business_on`."""
        return self.may_begin_in_past or on >= business_on


class VersionStatus(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterVersion:
    """A value that somebody asked for, in force from `effective_on` on when it was approved. `version` counts from 1 in the order of asking."""

    name: str
    version: int
    value: Any
    effective_on: date
    status: VersionStatus


PARAMETERS: Final[Mapping[str, ParameterType]] = {
    parameter.name: parameter
    for parameter in (
        ParameterType(
            name="cost-per-point",
            names={"zh": "积分成本单价", "en": "Cost of one point, in minor units"},
            schema={
                "anyOf": [
                    {"type": "number", "minimum": 0, "maximum": 1_000_000},
                    _DECIMAL,
                    {
                        "type": "object",
                        "properties": {
                            "amount_minor": {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1_000_000}, _DECIMAL]},
                            "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
                        },
                        "required": ["amount_minor"],
                        "additionalProperties": False,
                    },
                ]
            },
            default=1,
        ),
        ParameterType(
            name="exchange-rates",
            names={"zh": "汇率：每单位外币折合人民币", "en": "Exchange rates: how many CNY one unit of a currency is worth"},
            schema={
                "type": "object",
                "propertyNames": {"enum": sorted(CURRENCIES - {"CNY"})},
                "additionalProperties": {"anyOf": [{"type": "number", "exclusiveMinimum": 0, "maximum": 100_000_000}, _POSITIVE_DECIMAL]},
            },
            default={},
            may_begin_in_past=True,
        ),
        ParameterType(
            name="transfers-allowed",
            names={"zh": "是否允许积分转让", "en": "Whether customers may transfer points"},
            schema={"type": "boolean"},
            default=False,
        ),
        ParameterType(
            name="transfer-limits",
            names={"zh": "积分转让限额", "en": "The most points that a customer may transfer at once, and in a business date"},
            schema={
                "type": "object",
                "properties": {
                    "per_transfer": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 2**53 - 1}, {"type": "null"}]},
                    "per_day": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 2**53 - 1}, {"type": "null"}]},
                },
                "additionalProperties": False,
            },
            default={},
        ),
        ParameterType(
            name=RETENTION_YEARS,
            names={"zh": "交易键保留年限", "en": "Years for which events are accepted and their keys kept"},
            schema={"type": "integer", "minimum": 1, "maximum": 100},
            default=RETENTION_YEARS_DEFAULT,
        ),
        ParameterType(
            name="point-types",
            names={"zh": "积分类型", "en": "Point types: names, priority in spending (lowest first), cost, whether an adjustment may leave points owed"},
            schema={
                "type": "object",
                "minProperties": 1,
                "maxProperties": 64,
                "propertyNames": {"pattern": r"^[\x21-\x7e\u4e00-\u9fff]{1,64}$"},
                "additionalProperties": {
                    "type": "object",
                    "properties": {
                        "names": {"type": "object", "additionalProperties": {"type": "string", "minLength": 1, "maxLength": 100}},
                        "spending_priority": {"type": "integer", "minimum": 0, "maximum": 1000},
                        "cost_minor_per_point": {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1_000_000}, _DECIMAL, {"type": "null"}]},
                        "negative_allowed": {"type": "boolean"},
                    },
                    "required": ["spending_priority"],
                    "additionalProperties": False,
                },
            },
            default={
                "base": {"names": {"zh": "基础积分", "en": "Base"}, "spending_priority": 1},
                "bonus": {"names": {"zh": "奖励积分", "en": "Bonus"}, "spending_priority": 2},
                "qualifying": {"names": {"zh": "定级积分", "en": "Qualifying"}, "spending_priority": 3},
                "campaign": {"names": {"zh": "活动积分", "en": "Campaign"}, "spending_priority": 4},
            },
        ),
        ParameterType(
            name="adjustment-points-max",
            names={"zh": "单笔调整积分上限", "en": "The most points that one adjustment may give or take; null: no limit of the bank's own"},
            schema={"anyOf": [{"type": "integer", "minimum": 1, "maximum": 2**53 - 1}, {"type": "null"}]},
            default=None,
        ),
        ParameterType(
            name="expiry-notice-days",
            names={"zh": "积分到期提前提醒天数", "en": "Days before expiry at which points count as expiring soon"},
            schema={"type": "integer", "minimum": 0, "maximum": 366},
            default=30,
        ),
    )
}


def value_faults(parameter: ParameterType, value: Any) -> list[tuple[str, str]]:
    """Return what is wrong with a value: the path of each fault, from `body.value`, and the fault in words."""
    errors = sorted(_Validator(dict(parameter.schema)).iter_errors(value), key=lambda error: list(map(str, error.path)))
    return [(".".join(("body.value", *map(str, error.path))), error.message) for error in errors]


def in_force(versions: Iterable[ParameterVersion], on: date) -> ParameterVersion | None:
    """Return the version that holds on the date: of those approved and begun, the one begun last, the later asked for of two; None: the default holds."""
    begun = [version for version in versions if version.status is VersionStatus.APPROVED and version.effective_on <= on]
    return max(begun, key=lambda version: (version.effective_on, version.version), default=None)
