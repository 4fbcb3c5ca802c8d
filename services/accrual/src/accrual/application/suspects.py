"""Which events of a batch staff may want to hear of when there are many (topic `loyalty.accrual.suspects`): advice, worked out once per batch."""

from collections.abc import Iterable, Mapping
from typing import Final

from accrual.application.facts import Decided
from accrual.domain.reasons import Outcome
from loyalty_shared.contracts.accrual import SuspectNoticedV1
from loyalty_shared.contracts.core import TransactionPostedV1, TransactionRefundedV1

#: How far over a rule's least amount a purchase is looked at, in percent of that amount.
JUST_OVER_PERCENT: Final = 5
#: As many purchases of one customer at one terminal, within one batch, are looked at.
SAME_TERMINAL_MIN: Final = 3

#: Rule number > the rule's code and the least amount that it asks for.
Minima = Mapping[int, tuple[str, int]]


def suspects_of(decided: Iterable[Decided], minima: Minima) -> list[SuspectNoticedV1]:
    """Return the batch's refunds, its purchases just over a rule's minimum, and those at one terminal again and again; refunds that wait come again."""
    suspects: list[SuspectNoticedV1] = []
    at_terminals: dict[tuple[str, str, str], list[Decided]] = {}
    for one in decided:
        event = one.event
        if type(event) is TransactionPostedV1:
            if event.terminal_no is not None:
                at_terminals.setdefault((event.legal_entity, event.customer_no, event.terminal_no), []).append(one)
            if minima:
                rule_code = _just_over(one, minima)
                if rule_code is not None:
                    suspects.append(_noticed(one, "just-over-minimum", rule_code=rule_code))
        elif isinstance(event, TransactionRefundedV1) and one.decision.outcome is not Outcome.WAITING:
            suspects.append(_noticed(one, "refund"))
    suspects += [_noticed(met[-1], "same-terminal", events=len(met)) for met in at_terminals.values() if len(met) >= SAME_TERMINAL_MIN]
    return suspects


def _just_over(one: Decided, minima: Minima) -> str | None:
    for given in one.decision.applied:
        code, minimum = minima.get(given.rule_no, ("", 0))
        if minimum and one.event.amount_minor * 100 <= minimum * (100 + JUST_OVER_PERCENT):
            return code
    return None


def _noticed(one: Decided, kind: str, *, rule_code: str | None = None, events: int = 1) -> SuspectNoticedV1:
    event = one.event
    return SuspectNoticedV1(
        legal_entity=event.legal_entity,
        customer_no=one.owner,
        kind=kind,
        source_system=event.source_system,
        no=event.transaction_no,
        leg=event.leg,
        occurred_at=event.transaction_at,
        institution=event.institution,
        amount_minor=event.amount_minor,
        currency=event.currency,
        merchant_no=event.merchant_no,
        terminal_no=event.terminal_no,
        rule_code=rule_code,
        events=events,
    )
