"""Decide what a refund or reversal takes back (contracts.md section 5, "Refund of a purchase")."""

from collections import Counter
from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from accrual.domain.campaign_room import RoomsLeft
from accrual.domain.carrying import CarriedLeft, TakenByRemainder, take_by_remainder, untouched_carried
from accrual.domain.decide import decide_posted
from accrual.domain.decision import NOTHING_SEEN, Decision, Given, Seen, total_of
from accrual.domain.merchant_facts import UNREGISTERED, MerchantFacts
from accrual.domain.reasons import Outcome, Reason
from accrual.domain.rule_set import RuleSet
from accrual.domain.usage import UsageBefore, UsageRead
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1, TransactionRefundedV1, TransactionReversedV1

#: Of a refund that waits: it is decided with its original's rules, once that has come.
NO_RULE_SET: Final = 0


class OriginalLeft(Struct, frozen=True, gc=False, omit_defaults=True):
    """What is left of a purchase: the amount not refunded, the points of each earning (in the order of the decision's `applied`), whether it was reversed.

    `carried`: by rule_no, of the rules that carried a remainder in its decision.
    """

    remaining_minor: int
    points: tuple[int, ...]
    reversed: bool = False
    carried: dict[int, CarriedLeft] = {}


class Original(Struct, frozen=True):
    """A purchase as its refunds see it: the event, its local time, the very facts, rule set and decision it was decided with, and what is left of it."""

    event: TransactionPostedV1
    local: datetime
    customer: CustomerChangedV1 | None
    rules: RuleSet
    decision: Decision
    left: OriginalLeft
    merchant: MerchantFacts = UNREGISTERED


def untouched(event: TransactionPostedV1, decision: Decision) -> OriginalLeft:
    """Return what is left of a purchase before any refund: all of it."""
    carried = untouched_carried(decision) if decision.seen.carried else {}
    return OriginalLeft(event.amount_minor, tuple([given.points for given in decision.applied]), carried=carried)


def decide_refunded(refund: TransactionRefundedV1, local: datetime, original: Original, usage: UsageRead) -> tuple[Decision, OriginalLeft]:
    """Return what a refund or reversal takes from its original, and what is left of that afterwards.

    `usage` is the customer's as it stands now, for the remainders. The points taken are negative, one `Given` for each earning they come from. A refund in
    another currency or of more than what remains takes nothing and leaves the original as it was: it is upstream's to correct.
    """
    is_reversal = isinstance(refund, TransactionReversedV1)
    left = original.left
    refusal = _refusal_of_reversal(left) if is_reversal else _refusal_of_refund(refund, original)
    if refusal is not None:
        return _taking_nothing(refusal, local, original), left

    remaining_minor = 0 if is_reversal else left.remaining_minor - refund.amount_minor
    again = _decided_again(original, remaining_minor)
    by_remainder = take_by_remainder(original.decision, left.points, left.carried, again, original.rules.on_date(original.decision.transaction_on), usage)
    points_left = _points_left(original, again, by_remainder)
    left_after = OriginalLeft(remaining_minor, points_left, is_reversal, by_remainder.left)
    taken = tuple(
        Given(given.rule_no, after - before, after - before, given.available_on, given.expires_on)
        for given, before, after in zip(original.decision.applied, left.points, points_left, strict=True)
        if after < before
    )
    taken += by_remainder.beyond
    ends = not remaining_minor and left.remaining_minor
    seen = Seen(counted=dict.fromkeys(original.decision.seen.counted, -1) if ends else {}, carried=by_remainder.carried)
    seen = NOTHING_SEEN if seen == NOTHING_SEEN else seen
    if not taken:
        return replace(_taking_nothing(_reason_of_nothing(original, by_remainder), local, original), seen=seen), left_after
    return Decision(Outcome.CLAWED_BACK, total_of(taken), None, local.date(), original.rules.number, taken, {}, seen), left_after


def decide_waiting(refund: TransactionRefundedV1, local: datetime) -> Decision:
    """Return the decision of a refund whose original has not arrived: it waits for it."""
    return Decision(Outcome.WAITING, 0, Reason.WAITING_FOR_ORIGINAL, local.date(), NO_RULE_SET)


def _refusal_of_reversal(left: OriginalLeft) -> Reason | None:
    return Reason.ALREADY_REVERSED if left.reversed else None


def _refusal_of_refund(refund: TransactionRefundedV1, original: Original) -> Reason | None:
    left = original.left
    if left.reversed:
        return Reason.ALREADY_REVERSED
    if refund.currency != original.event.currency:
        return Reason.OTHER_CURRENCY
    if not refund.amount_minor:
        return Reason.ZERO_AMOUNT
    if not left.remaining_minor:
        return Reason.NOTHING_LEFT
    if refund.amount_minor > left.remaining_minor:
        return Reason.REFUND_EXCEEDS_ORIGINAL
    return None


def _decided_again(original: Original, remaining_minor: int) -> Decision:
    """Return what the original's own decision gives for the amount that remains: its versions, its facts, the room and the remainders of that moment."""
    smaller = replace(original.event, amount_minor=remaining_minor)
    decision = original.decision
    before = UsageBefore(decision.used, decision.seen)
    seen = decision.seen
    return decide_posted(smaller, original.local, original.customer, original.rules, before, original.merchant, seen.rates, RoomsLeft(seen.rooms))


def _points_left(original: Original, again: Decision, by_remainder: TakenByRemainder) -> tuple[int, ...]:
    """Return the points of each earning that are left: of each point type, the lesser of what was left and what the original decision gives for what remains.

    What is too much is taken from the earnings that are worth less now, in the order in which they were given; another rule that would give more never does.
    Earnings of rules that carry are taken from by their remainders.
    """
    rules = original.rules
    carrying = by_remainder.points_left
    worth = {given.rule_no: given.points for given in again.applied if given.rule_no not in carrying}
    surplus: Counter[str] = Counter()
    for given, left in zip(original.decision.applied, original.left.points, strict=True):
        if given.rule_no not in carrying:
            surplus[rules.by_no[given.rule_no].rule.point_type] += left
    for rule_no, points in worth.items():
        surplus[rules.by_no[rule_no].rule.point_type] -= points

    points_left = []
    for given, left in zip(original.decision.applied, original.left.points, strict=True):
        if given.rule_no in carrying:
            points_left.append(carrying[given.rule_no])
            continue
        point_type = rules.by_no[given.rule_no].rule.point_type
        take = max(0, min(left - worth.get(given.rule_no, 0), surplus[point_type]))
        surplus[point_type] -= take
        points_left.append(left - take)
    return tuple(points_left)


def _reason_of_nothing(original: Original, by_remainder: TakenByRemainder) -> Reason:
    if by_remainder.carried:
        return Reason.TAKEN_FROM_REMAINDER
    if not original.decision.applied:
        return Reason.ORIGINAL_EARNED_NOTHING
    return Reason.STILL_EARNED if any(original.left.points) else Reason.NOTHING_LEFT


def _taking_nothing(reason: Reason, local: datetime, original: Original) -> Decision:
    return Decision(Outcome.NOTHING_TO_TAKE, 0, reason, local.date(), original.rules.number)
