"""Points that wait for a behaviour of the customer before they are published (`available: {on_event}`)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from accrual.domain.decision import Decision
from accrual.domain.rule_set import RuleSet
from accrual.domain.validity import AWAITING
from loyalty_shared.contracts.core import TransactionPostedV1

if TYPE_CHECKING:
    from accrual.application.facts import Place


class EarningPlace(NamedTuple):
    """What one rule gave, by where the decision stands that gave it."""

    batch_no: int
    position: int
    rule_no: int


class Release(NamedTuple):
    """An earning whose behaviour has occurred, and on what date."""

    earning: EarningPlace
    available_on: date


class Occurred(NamedTuple):
    """A behaviour, as what waits for it sees it; `on` is its date in the entity's zone."""

    legal_entity: str
    customer_no: str
    behaviour_code: str
    at: datetime
    on: date


class AwaitedEarning(NamedTuple):
    """Points that wait for a behaviour of the customer, at or after `since`."""

    earning: EarningPlace
    legal_entity: str
    customer_no: str
    behaviour_code: str
    since: datetime
    points: int


class WaitingEarningsBook:
    """What a batch's decisions let wait, and what its refunds take of what waits."""

    __slots__ = ("added", "taken")

    def __init__(self) -> None:
        self.added: list[AwaitedEarning] = []
        self.taken: dict[EarningPlace, int] = {}

    def add(self, place: "Place", event: TransactionPostedV1, decision: Decision, rules: RuleSet) -> None:
        """Let those points of a decision wait whose rules say so."""
        for given in decision.applied:
            awaits = rules.by_no[given.rule_no].rule.awaits
            if awaits is not None:
                earning = EarningPlace(*place, given.rule_no)
                self.added.append(AwaitedEarning(earning, event.legal_entity, event.customer_no, awaits, event.transaction_at, given.points))

    def take(self, place: "Place", refunded: Decision) -> None:
        """Take what a refund takes of points that still wait: they were never published, and never will be."""
        for taken in refunded.applied:
            if taken.available_on == AWAITING:
                earning = EarningPlace(*place, taken.rule_no)
                self.taken[earning] = self.taken.get(earning, 0) - taken.points


class WaitingEarnings(Protocol):
    """Earnings that wait, or have waited, for a behaviour."""

    def post(self, book: WaitingEarningsBook, at: datetime) -> None:
        """Keep what waits from now on, and take what refunds have taken."""
        ...

    def hold_for(self, behaviours: Sequence[Occurred]) -> list[Release]:
        """Return the earnings that these behaviours release, locked, in key order."""
        ...

    def hold_unseen(self, until: datetime, limit: int) -> Mapping[EarningPlace, tuple[str, date | None]]:
        """Return earnings that wait since `until` at the latest and were not looked at again, locked, with their entities.

        The date is that of the first behaviour that releases each and came before the earning did; None: none has.
        """
        ...

    def mark_seen(self, earnings: Collection[EarningPlace]) -> None:
        """Note that these need not be looked at again: a behaviour that comes will find them."""
        ...

    def release(self, batch_no: int, releases: Sequence[Release]) -> None:
        """Post the earnings, as far as they still have points, for the relay to publish."""
        ...
