"""Which reports there are: names, columns, and by what they may be broken down."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Code(StrEnum):
    """A report's stable name."""

    MOVEMENT = "movement"
    POINTS_ISSUED = "points-issued"
    POINTS_USED = "points-used"
    DECISIONS = "decisions"


class Dimension(StrEnum):
    """What a report's rows can be told apart by."""

    DAY = "day"
    INSTITUTION = "institution"
    POINT_TYPE = "point_type"
    PRODUCT = "product"
    RULE = "rule"
    CHANNEL = "channel"
    APPLICATION = "application"
    PARTY = "party"
    CURRENCY = "currency"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True)
class Names:
    """What it is called in Chinese and in English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A report. `measures`: its numbers, in the order of its columns; `group_by`: the breakdown when none is asked for; `dimensions`: all that may be.

    `of_ledger`: it ties to the points ledger, so it waits for the close of the day; the others show what has been decided so far.
    """

    code: Code
    names: Names
    about: Names
    measures: Sequence[str]
    group_by: Sequence[Dimension]
    dimensions: Sequence[Dimension]
    of_ledger: bool = True


DIMENSION_NAMES: Final = {
    Dimension.DAY: Names("日期", "Day"),
    Dimension.INSTITUTION: Names("机构", "Institution"),
    Dimension.POINT_TYPE: Names("积分类型", "Point type"),
    Dimension.PRODUCT: Names("产品", "Product"),
    Dimension.RULE: Names("规则", "Rule"),
    Dimension.CHANNEL: Names("渠道", "Channel"),
    Dimension.APPLICATION: Names("积分应用", "Application"),
    Dimension.PARTY: Names("成本承担方", "Cost bearer"),
    Dimension.CURRENCY: Names("币种", "Currency"),
    Dimension.OUTCOME: Names("结果", "Outcome"),
}

MEASURE_NAMES: Final = {
    "opening": Names("期初", "Opening"),
    "granted": Names("发放", "Granted"),
    "earned": Names("其中规则发放", "of which earned"),
    "adjusted": Names("调整", "Adjusted"),
    "transferred": Names("转入转出", "Transferred"),
    "restored": Names("恢复", "Restored"),
    "used": Names("使用", "Used"),
    "expired": Names("到期", "Expired"),
    "clawed_back": Names("扣回", "Clawed back"),
    "closing": Names("期末", "Closing"),
    "arrears": Names("欠分", "Arrears"),
    "issued": Names("净发放", "Issued, net"),
    "used_net": Names("净使用", "Used, net"),
    "entries": Names("笔数", "Entries"),
    "events": Names("交易笔数", "Transactions"),
    "points": Names("积分", "Points"),
    "amount_minor": Names("金额（最小单位）", "Amount, minor units"),
}

_LEDGER_DIMENSIONS: Final = (
    Dimension.DAY,
    Dimension.INSTITUTION,
    Dimension.POINT_TYPE,
    Dimension.RULE,
    Dimension.CHANNEL,
    Dimension.APPLICATION,
    Dimension.PARTY,
)

CATALOGUE: Final = {
    definition.code: definition
    for definition in (
        Definition(
            code=Code.MOVEMENT,
            names=Names("积分余额变动表", "Movement of points"),
            about=Names(
                "期初 + 发放 + 调整 + 转入转出 + 恢复 - 使用 - 到期 - 扣回 = 期末",
                "opening + granted + adjusted + transferred + restored - used - expired - clawed back = closing; closing + arrears = points in lots",
            ),
            measures=(
                "opening", "granted", "earned", "adjusted", "transferred", "restored", "used", "expired", "clawed_back", "closing", "arrears", "entries",
            ),
            group_by=(Dimension.POINT_TYPE, Dimension.INSTITUTION),
            dimensions=(Dimension.POINT_TYPE, Dimension.INSTITUTION),
        ),
        Definition(
            code=Code.POINTS_ISSUED,
            names=Names("积分发放表", "Points issued"),
            about=Names("规则发放 + 直接发放 + 调整 - 扣回 = 净发放", "earned + granted + adjusted - clawed back = issued, net"),
            measures=("earned", "granted", "adjusted", "clawed_back", "issued", "entries"),
            group_by=(Dimension.DAY, Dimension.INSTITUTION, Dimension.POINT_TYPE, Dimension.RULE, Dimension.CHANNEL),
            dimensions=_LEDGER_DIMENSIONS,
        ),
        Definition(
            code=Code.POINTS_USED,
            names=Names("积分使用表", "Points used"),
            about=Names("使用 - 恢复 = 净使用", "used - restored = used, net"),
            measures=("used", "restored", "used_net", "entries"),
            group_by=(Dimension.DAY, Dimension.INSTITUTION, Dimension.POINT_TYPE, Dimension.APPLICATION, Dimension.CHANNEL),
            dimensions=_LEDGER_DIMENSIONS,
        ),
        Definition(
            code=Code.DECISIONS,
            names=Names("交易积分决策表", "Transactions decided"),
            about=Names(
                "按累积服务的决策统计；日期为决策日（法人时区），含未入账的积分",
                "what accrual decided, by the day it did (in the entity's zone); shown as it stands, the day need not be closed",
            ),
            measures=("events", "points", "amount_minor"),
            group_by=(Dimension.DAY, Dimension.INSTITUTION, Dimension.PRODUCT, Dimension.CHANNEL, Dimension.CURRENCY, Dimension.OUTCOME),
            dimensions=(Dimension.DAY, Dimension.INSTITUTION, Dimension.PRODUCT, Dimension.CHANNEL, Dimension.CURRENCY, Dimension.OUTCOME),
            of_ledger=False,
        ),
    )
}  # fmt: skip
