"""What a campaign leaves a rule to give: of its limit per customer, which all its rules share, and of its strict budget."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from accrual.domain.campaign import Campaign
from accrual.domain.decision import Given, Rooms

if TYPE_CHECKING:
    from accrual.domain.rules_in_force import LiveRule


class BudgetRead(Protocol):
    """Tells what is left of budgets."""

    def room_of(self, campaign: str) -> int | None:
        """Return the points left of a campaign's budget; None: more than this decision asks for."""
        ...


class RoomsLeft:
    """What is left of budgets, as far as it is known: of those that cut an earlier decision, as stored with it; of all, for a dry run."""

    __slots__ = ("_rooms",)

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def room_of(self, campaign: str) -> int | None:
        """Return what is left of a campaign's budget; None where it cuts nothing."""
        return self._rooms.get(campaign)


def within_campaign(
    rule: "LiveRule",
    campaign: Campaign,
    points: int,
    used: Sequence[int],
    seats: Mapping[str | int, Given],
    by_no: Mapping[int, "LiveRule"],
    budget: BudgetRead | None,
    rooms: Rooms,
) -> int:
    """Return what a rule gives of `points`, which its own limits let through: what its campaign's other rules have given this event is gone.

    `used`: of the rule's limits by period, the campaign's last. Where the budget cuts, what was left of it is noted in `rooms`.
    """
    taken = sum([given.points for seat, given in seats.items() if seat != rule.seat and by_no[given.rule_no].campaign is campaign])
    if campaign.per_customer is not None:
        points = max(0, min(points, campaign.per_customer - used[-1] - taken))
    room = budget.room_of(campaign.code) if budget is not None and campaign.is_strict else None
    if room is not None and points > room - taken:
        rooms[campaign.code] = room
        points = max(0, room - taken)
    return points
