"""What staff are alerted to: too many suspects of one kind by one customer within a window. Advice: no points are changed."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final, NamedTuple


class AlertKind(StrEnum):
    """What the suspects are (`loyalty.accrual.suspects`)."""

    REFUND = "refund"
    JUST_OVER_MINIMUM = "just-over-minimum"
    SAME_TERMINAL = "same-terminal"


class Watched(NamedTuple):
    """From how many events within WINDOW on an alert is raised, and what it says."""

    events_min: int
    zh: str
    en: str


#: By the events' own time, ending with the latest of them.
WINDOW: Final = timedelta(hours=24)
WATCHED: Final[Mapping[AlertKind, Watched]] = {
    AlertKind.REFUND: Watched(5, "24小时内多次退货", "Many refunds within 24 hours"),
    AlertKind.JUST_OVER_MINIMUM: Watched(5, "24小时内多笔消费刚过积分起点，可能拆单", "Many purchases just over a minimum within 24 hours: split, maybe"),
    AlertKind.SAME_TERMINAL: Watched(10, "24小时内在同一终端反复交易", "The same terminal again and again within 24 hours"),
}
