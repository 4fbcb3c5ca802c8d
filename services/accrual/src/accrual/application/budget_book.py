"""What one batch gives of campaigns' budgets: from the leases of its worker, which are drawn from the budgets' pools when they do not last."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from accrual.domain.decision import Given, Rooms
from accrual.domain.rule_set import RuleSet

if TYPE_CHECKING:
    from accrual.application.facts import Fresh

#: (legal entity, campaign code).
CampaignKey = tuple[str, str]

#: The worker of those that consume no partition: chores, recalculations and the like share its leases.
NO_PARTITION: Final = -1


class BudgetShort(Exception):
    """The worker's leases do not last for what a batch gives: decide again, with `asked` points of each of these campaigns drawn before."""

    def __init__(self, asked: Mapping[CampaignKey, int]) -> None:
        super().__init__(f"points asked of campaigns: {dict(asked)}")
        self.asked = asked


class Lease(Struct, frozen=True):
    """What a worker may give of a budget. `is_last`: nothing is left but this, so what does not fit is cut."""

    room: int
    is_last: bool


class BudgetBook:
    """The leases that a batch gives from, and what it gives of every campaign."""

    def __init__(self, leases: Mapping[CampaignKey, Lease], worker: int = NO_PARTITION) -> None:
        self.worker = worker
        self._leases = leases
        self._given: dict[CampaignKey, int] = {}
        self._bounded: set[CampaignKey] = set()

    def of(self, legal_entity: str) -> "EntityBudgets":
        """Return the budgets of one entity's campaigns, as its decisions see them."""
        return EntityBudgets(self, legal_entity)

    def room_of(self, key: CampaignKey) -> int | None:
        """Return what is left of a lease that is the budget's last; None of another, which is drawn as large as the batch turns out to need."""
        lease = self._leases.get(key)
        return None if lease is None or not lease.is_last else max(0, lease.room - self._given.get(key, 0))

    def add(self, legal_entity: str, applied: Sequence[Given], rules: RuleSet) -> None:
        """Count what a decision gave; a refund's points are negative and so given back. `rules`: those it was decided with."""
        for given in applied:
            code = rules.by_no[given.rule_no].rule.campaign
            if code is not None:
                key = (legal_entity, code)
                self._given[key] = self._given.get(key, 0) + given.points
                if rules.campaigns[code].is_strict:
                    self._bounded.add(key)

    def require_covered(self) -> None:
        """Raise BudgetShort where the batch gives more than a lease holds."""
        short = {key: given for key, given in self._given.items() if key in self._leases and given > self._leases[key].room}
        if short:
            raise BudgetShort(short)

    def changes(self) -> list[tuple[CampaignKey, int, bool]]:
        """Return what the batch gives of each campaign, in key order; below zero: gives back. With it, whether the lease bounds it."""
        return [(key, given, given > 0 and key in self._bounded) for key, given in sorted(self._given.items()) if given]


def book_as_decided(legal_entity: str, rooms: Rooms) -> BudgetBook:
    """Return the budgets that cut an earlier decision as they stood then, for one that is made of its event without being posted; others cut nothing."""
    return BudgetBook({(legal_entity, code): Lease(room, is_last=True) for code, room in rooms.items()})


class EntityBudgets:
    """The budgets of one entity's campaigns within a batch."""

    __slots__ = ("_book", "_legal_entity")

    def __init__(self, book: BudgetBook, legal_entity: str) -> None:
        self._book = book
        self._legal_entity = legal_entity

    def room_of(self, campaign: str) -> int | None:
        """Return what is left of a campaign's budget; None: enough, or more can be drawn."""
        return self._book.room_of((self._legal_entity, campaign))


def budgets_seen(purchases: Iterable["Fresh"], rules: Mapping[str, RuleSet]) -> dict[CampaignKey, int]:
    """Return the campaigns whose strict budgets some decision of the batch may be cut by, with their points; none where no rule names such a campaign."""
    if not any(rule_set.has_budgets for rule_set in rules.values()):
        return {}
    seen: dict[CampaignKey, int] = {}
    for one in purchases:
        legal_entity = one.event.legal_entity
        rule_set = rules[legal_entity]
        for code in rule_set.on_date(one.local.date()).budgeted:
            budget = rule_set.campaigns[code].budget
            assert budget is not None, "a strict budget cuts"
            seen[legal_entity, code] = budget.total_points
    return seen
