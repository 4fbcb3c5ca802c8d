"""Move an order: take its steps, one after another, until it rests. Whoever does it, and however often, the order comes to the same end."""

from dataclasses import dataclass
from typing import Final, assert_never

from gift_order.application.ports import Begin, Redemption, Work
from gift_order.application.posting import post_change
from gift_order.domain.orders import Order
from gift_order.domain.saga import (
    Done,
    Outcome,
    Refused,
    Step,
    Unavailable,
    Unreachable,
    after_capture,
    after_giving_back,
    after_own_step,
    after_reservation,
    decide_step,
    pause_after,
)
from loyalty_shared.kernel.clock import Clock

#: More steps than any order has between two rests.
STEPS_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Moved:
    """An order as it is after its steps. `is_cut_off`: the last of them could not be taken because redemption cannot be reached."""

    order: Order
    is_cut_off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOrder:
    """Takes an order's steps. Each is a call to redemption outside any transaction, then one transaction that writes what came of it.

    A crash in between leaves the order as it was: the step is taken again, and its call is the same call for redemption. Returns the order as it is then;
    one that still moves is looked at again by the sweeper.
    """

    begin: Begin
    redemption: Redemption
    clock: Clock

    def __call__(self, legal_entity: str, order_id: str) -> Moved:
        for _ in range(STEPS_MAX):
            with self.begin() as work:
                order = work.orders.find(legal_entity, order_id)
            assert order is not None, "an order is never deleted"
            step = decide_step(order, self.clock.now())
            if step is None:
                return Moved(order)
            outcome = self._call(order, step)
            if isinstance(outcome, Unavailable) or (step is Step.REVERSE and isinstance(outcome, Refused)):
                with self.begin() as work:
                    work.orders.postpone(order, self.clock.now() + pause_after(order.tries))
                return Moved(order, is_cut_off=isinstance(outcome, Unreachable))
            self._write(order, step, outcome)
        raise AssertionError(f"order {order_id} does not come to rest")

    def _call(self, order: Order, step: Step) -> Outcome:
        match step:
            case Step.RESERVE:
                return self.redemption.reserve(order)
            case Step.CAPTURE:
                return self.redemption.capture(order)
            case Step.REVERSE:
                return self.redemption.reverse(order)
            case Step.GIVE_UP | Step.CLOSE_UNPAID:
                return Done()
        assert_never(step)

    def _write(self, seen: Order, step: Step, outcome: Done | Refused) -> None:
        """Write the order after its step, unless somebody else has moved it on meanwhile."""
        with self.begin() as work:
            entity = work.hold_date(seen.legal_entity)
            order = work.orders.find_for_update(seen.legal_entity, seen.order_id)
            if order is not None and order.version == seen.version:
                post_change(work, order, self._after(work, order, step, outcome), entity.business_on, self.clock.now())

    def _after(self, work: Work, order: Order, step: Step, outcome: Done | Refused) -> Order:
        match step:
            case Step.RESERVE:
                now = self.clock.now()
                has_pieces = isinstance(outcome, Done) and work.gifts.take(order, now)
                return after_reservation(order, outcome, has_pieces=has_pieces, now=now)
            case Step.CAPTURE:
                return after_capture(order, outcome)
            case Step.REVERSE:
                return after_giving_back(order)
            case Step.GIVE_UP | Step.CLOSE_UNPAID:
                return after_own_step(order, step)
        assert_never(step)
