"""Where an approved version stands on a date: whether it decides, has still to, or no longer does."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from accrual.domain.rule_set import RuleVersion


class Standing(StrEnum):
    """What an approved version is to transactions of a date. `superseded`: a higher version of its code covers the date; `ended`: its own dates are over."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    SUPERSEDED = "superseded"
    ENDED = "ended"
    STOPPED = "stopped"


def standings_on(members: Iterable[RuleVersion], on: date) -> dict[int, Standing]:
    """Return by rule number where each member of a rule set stands on a date; one `live` version at most of each code (contracts.md section 5)."""
    standings: dict[int, Standing] = {}
    stopped_or_covered: dict[str, Standing] = {}
    for member in sorted(members, key=lambda version: version.version, reverse=True):
        rule = member.rule
        if member.stopped_on is not None and member.stopped_on <= on:
            stopped_or_covered[rule.code] = Standing.STOPPED
        above = stopped_or_covered.get(rule.code)
        if above is Standing.STOPPED:
            standings[member.rule_no] = Standing.STOPPED
        elif rule.applies_from is not None and rule.applies_from > on:
            standings[member.rule_no] = Standing.SCHEDULED
        elif not rule.covers(on):
            standings[member.rule_no] = Standing.ENDED
        else:
            standings[member.rule_no] = above or Standing.LIVE
            stopped_or_covered.setdefault(rule.code, Standing.SUPERSEDED)
    return standings
