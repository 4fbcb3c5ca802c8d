"""What one batch came to, in groups: the body of `loyalty.accrual.batch.decided.v1`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from accrual.application.facts import Decided
from accrual.application.history import Revision
from accrual.domain.occasions import MonthBalance
from accrual.domain.reasons import Outcome


def groups_of(decided: Iterable[Decided]) -> list[dict[str, Any]]:
    """Return counts, points and amounts of a batch by entity, institution, product, channel, currency and outcome.

    `rules` inside a group tells how many of its events each rule (by number) gave to or took from, and the points. A refund counted as waiting is counted
    again, with its final outcome, in the batch that matches it. A behaviour's product is its code; a month's balance has points and no amount.
    """
    groups: dict[tuple[str, str, str, str, str, str], list[Any]] = {}
    for one in decided:
        event, decision = one.event, one.decision
        key = (event.legal_entity, event.institution, event.product_code, event.channel, event.currency, decision.outcome.value)
        group = groups.get(key)
        if group is None:
            group = groups[key] = [0, 0, 0, {}]
        group[0] += 1
        group[1] += decision.points
        group[2] += event.amount_minor if type(event) is not MonthBalance else 0  # an average is no turnover
        for given in decision.applied:
            rule = group[3].setdefault(given.rule_no, [0, 0])
            rule[0] += 1
            rule[1] += given.points
    return _told(groups)


def groups_of_revisions(revisions: Iterable[Revision]) -> list[dict[str, Any]]:
    """Return the points that revisions give (`accrued`) and take (`clawed-back`), in the groups of their events, which were counted as they came."""
    groups: dict[tuple[str, str, str, str, str, str], list[Any]] = {}
    for revision in revisions:
        event = revision.decided.event
        for given in revision.posted:
            outcome = Outcome.ACCRUED if given.points > 0 else Outcome.CLAWED_BACK
            key = (event.legal_entity, event.institution, event.product_code, event.channel, event.currency, outcome.value)
            group = groups.setdefault(key, [0, 0, 0, {}])
            group[1] += given.points
            rule = group[3].setdefault(given.rule_no, [0, 0])
            rule[0] += 1
            rule[1] += given.points
    return _told(groups)


def _told(groups: Mapping[tuple[str, str, str, str, str, str], Sequence[Any]]) -> list[dict[str, Any]]:
    return [
        {
            "legal_entity": key[0], "institution": key[1], "product_code": key[2], "channel": key[3], "currency": key[4], "outcome": key[5],
            "events": events, "points": points, "amount_minor": amount_minor, "rules": rules,
        }
        for key, (events, points, amount_minor, rules) in sorted(groups.items())
    ]  # fmt: skip
