"""The saga of an order as a pure thing: whatever is lost and retried, points, pieces and the state come to the same end."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gift_order.application.answering import REASONS
from gift_order.domain.orders import (
    MOVING,
    Order,
    Status,
    decide_cancellation,
    decide_payment,
    decide_receipt,
    decide_return,
    decide_shipping,
)
from gift_order.domain.refusals import Refusal, refusal_from
from gift_order.domain.saga import (
    HOLD_BEYOND_PAYMENT,
    LEASE,
    PAUSE_MAX,
    PAY_WITHIN,
    RESERVE_WITHIN,
    Done,
    Refused,
    Step,
    after_capture,
    after_giving_back,
    after_own_step,
    after_reservation,
    decide_step,
    hold_seconds,
    pause_after,
    stamped,
)
from gift_order.entrypoints.http_problems import PROBLEMS

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
AWAITING = Status.AWAITING_PAYMENT


def order(status: Status = Status.PLACED, cash_minor: int = 0, **fields: object) -> Order:
    made = Order(
        legal_entity="001", order_id="o1", customer_no="C1", gift_code="KETTLE", supplier="S1", quantity=1, points=100, cash_minor=cash_minor,
        currency="CNY", delivery=None, status=status, placed_on=date(2026, 3, 1), placed_at=NOON, changed_at=NOON,
    )  # fmt: skip
    return replace(made, **fields)  # type: ignore[arg-type]  # fields of an order, by name


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_has_a_problem_and_a_reason(refusal: Refusal) -> None:
    assert PROBLEMS[refusal].code == refusal.value
    assert all(REASONS[refusal])


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("decide", [decide_shipping, decide_receipt, decide_cancellation, decide_return, lambda one: decide_payment(one, None, None, NOON)])
def test_every_state_answers_every_call(status: Status, decide: object) -> None:
    answer = decide(order(status, cash_minor=100, pay_by=NOON + PAY_WITHIN))  # type: ignore[operator]  # one of the decisions
    assert isinstance(answer, Order | Refusal)
    if isinstance(answer, Order):
        assert answer.status is not status


@pytest.mark.parametrize(
    ("status", "fields", "step"),
    [
        (Status.PLACED, {}, Step.RESERVE),
        (Status.PLACED, {"placed_at": NOON - RESERVE_WITHIN}, Step.GIVE_UP),
        (AWAITING, {"pay_by": NOON + timedelta.resolution}, None),
        (AWAITING, {"pay_by": NOON}, Step.CLOSE_UNPAID),
        (Status.CAPTURING, {}, Step.CAPTURE),
        (Status.FAILING, {"reservation_id": "r"}, Step.REVERSE),
        (Status.CANCELLING, {"reservation_id": "r"}, Step.REVERSE),
        (Status.CANCELLING, {"redemption_id": "r"}, Step.REVERSE),
        (Status.RETURNING, {"redemption_id": "r"}, Step.REVERSE),
    ],
)
def test_the_next_step(status: Status, fields: dict[str, Any], step: Step | None) -> None:
    assert decide_step(order(status, **fields), NOON) is step


@pytest.mark.parametrize("status", Status)
def test_an_order_moves_exactly_where_it_has_a_next_step_and_is_then_looked_at(status: Status) -> None:
    written = stamped(order(status, pay_by=NOON + PAY_WITHIN), NOON)
    assert (decide_step(written, NOON) is not None) == (status in MOVING)
    assert written.attend_at == (NOON + LEASE if status in MOVING else NOON + PAY_WITHIN if status is AWAITING else None)


def test_the_hold_outlives_the_pay_deadline() -> None:
    assert timedelta(seconds=hold_seconds(order(cash_minor=1))) == PAY_WITHIN + HOLD_BEYOND_PAYMENT
    assert HOLD_BEYOND_PAYMENT > RESERVE_WITHIN + LEASE


def test_pauses_grow_up_to_their_maximum() -> None:
    assert [pause_after(tries).total_seconds() for tries in (0, 1, 2, 3)] == [1, 2, 4, 8]
    assert pause_after(4) == pause_after(10_000) == PAUSE_MAX


def test_a_payment_is_of_the_whole_and_in_time() -> None:
    waiting = order(AWAITING, cash_minor=500, pay_by=NOON + PAY_WITHIN)
    paid = decide_payment(waiting, 500, "P1", NOON + PAY_WITHIN - timedelta.resolution)
    assert isinstance(paid, Order)
    assert (paid.status, paid.paid_minor, paid.payment_no) == (Status.CAPTURING, 500, "P1")
    assert decide_payment(waiting, 499, None, NOON) is Refusal.PAYMENT_MISMATCH
    assert decide_payment(waiting, 500, None, NOON + PAY_WITHIN) is Refusal.NOT_PAID_IN_TIME
    assert decide_payment(paid, 500, None, NOON) is Refusal.ALREADY_PAID
    assert decide_payment(order(Status.CONFIRMED), None, None, NOON) is Refusal.NOTHING_TO_PAY


def test_an_unheard_of_code_of_redemption_is_told_as_its_refusal() -> None:
    assert refusal_from("insufficient-points") is Refusal.INSUFFICIENT_POINTS
    assert refusal_from("from-a-later-version") is Refusal.REDEMPTION_REFUSED


@dataclass
class Ledger:
    """Redemption's side of one order, where each call may be made again."""

    held: int = 0
    spent: int = 0
    is_kept_out: bool = False

    def reserve(self, points: int) -> Done | Refused:
        if self.is_kept_out:
            return Refused("reversed-before-arrival")
        self.held = points if not self.spent else 0
        return Done("r1")

    def capture(self) -> Done | Refused:
        if not (self.held or self.spent):
            return Refused("reservation-released")
        self.held, self.spent = 0, self.spent or self.held
        return Done("d1")

    def give_back(self) -> Done:
        self.held = self.spent = 0
        self.is_kept_out = True
        return Done()


@dataclass
class World:
    """An order, its ledger and the stock; `silences`: for each call, how it goes wrong, if it does."""

    order: Order
    silences: list[str]
    ledger: Ledger = field(default_factory=Ledger)
    stock: int = 1
    now: datetime = NOON

    def move(self) -> None:
        """Take steps until the order rests; a silence leaves it as it was, and time passes."""
        while (step := decide_step(self.order, self.now)) is not None:
            silence = self.silences.pop() if self.silences and step not in (Step.GIVE_UP, Step.CLOSE_UNPAID) else "none"
            if silence == "lost":
                self.now += timedelta(seconds=20)
                continue
            outcome = self._called(step)
            if silence == "unanswered":
                self.now += timedelta(seconds=20)
                continue
            self._written(step, outcome)

    def _called(self, step: Step) -> Done | Refused:
        match step:
            case Step.RESERVE:
                return self.ledger.reserve(self.order.points)
            case Step.CAPTURE:
                return self.ledger.capture()
            case Step.REVERSE:
                return self.ledger.give_back()
        return Done()

    def _written(self, step: Step, outcome: Done | Refused) -> None:
        before = self.order
        match step:
            case Step.RESERVE:
                has_pieces = isinstance(outcome, Done) and self.stock > 0
                self.stock -= has_pieces
                self.order = after_reservation(before, outcome, has_pieces=has_pieces, now=self.now)
            case Step.CAPTURE:
                self.order = after_capture(before, outcome)
            case Step.REVERSE:
                assert isinstance(outcome, Done)
                self.order = after_giving_back(before)
            case _:
                self.order = after_own_step(before, step)
        self.stock += before.has_pieces and not self.order.has_pieces


CALLS = {
    "pay": lambda one: decide_payment(one, None, None, one.placed_at),
    "ship": decide_shipping,
    "receive": decide_receipt,
    "cancel": decide_cancellation,
    "return": decide_return,
}


@given(
    cash_minor=st.sampled_from([0, 1990]),
    stock=st.sampled_from([0, 1]),
    silences=st.lists(st.sampled_from(["none", "lost", "unanswered"]), max_size=12),
    calls=st.lists(st.sampled_from(sorted(CALLS)), max_size=6),
)
def test_points_pieces_and_state_come_to_the_same_end(cash_minor: int, stock: int, silences: list[str], calls: list[str]) -> None:
    world = World(order(cash_minor=cash_minor), silences, stock=stock)
    world.move()
    for call in calls:
        decided = CALLS[call](world.order)
        if isinstance(decided, Order):
            world.order = decided
            world.move()
    ended = world.order
    assert ended.status not in MOVING
    is_kept = ended.status in (Status.CONFIRMED, Status.SHIPPED, Status.RECEIVED)
    assert world.ledger.spent == (100 if is_kept else 0)
    assert world.ledger.held == (100 if ended.status is AWAITING else 0)
    assert world.stock == stock - (1 if is_kept or ended.status is AWAITING else 0)
    assert ended.cash_refund_due_minor == (0 if is_kept else ended.paid_minor)
