"""Where approved versions stand on a business date."""

from datetime import date
from typing import Any

import pytest

from accrual.domain.rule_set import RuleVersion, versions_in_force
from accrual.domain.standing import Standing, standings_on
from unit.accrual.builders import rule

ON = date(2026, 3, 1)
OPEN: dict[str, Any] = {}
BEFORE: dict[str, Any] = {"to": "2026-03-01"}
LATER: dict[str, Any] = {"from": "2026-03-02"}
NOW: dict[str, Any] = {"from": "2026-03-01", "to": "2026-03-02"}


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([(OPEN, None)], ["live"]),
        ([(BEFORE, None)], ["ended"]),
        ([(LATER, None)], ["scheduled"]),
        ([(NOW, None), (OPEN, None)], ["superseded", "live"]),
        ([(OPEN, None), (NOW, None), (LATER, None)], ["superseded", "live", "scheduled"]),
        ([(OPEN, None), (BEFORE, None)], ["live", "ended"]),
        ([(OPEN, ON)], ["stopped"]),
        ([(OPEN, date(2026, 3, 2))], ["live"]),
        ([(OPEN, None), (OPEN, ON)], ["stopped", "stopped"]),
        ([(OPEN, None), (OPEN, ON), (OPEN, None)], ["stopped", "stopped", "live"]),
        ([(OPEN, ON), (OPEN, None)], ["stopped", "live"]),
        ([(OPEN, date(2026, 4, 1)), (LATER, None)], ["live", "scheduled"]),
    ],
)
def test_standings(versions: list[tuple[dict[str, Any], date | None]], expected: list[str]) -> None:
    members = [
        RuleVersion(rule_no=number, version=number, rule=rule(applies=applies), stopped_on=stopped_on)
        for number, (applies, stopped_on) in enumerate(versions, start=1)
    ]
    found = standings_on(members, ON)
    assert [found[member.rule_no].value for member in members] == expected
    live = [member.rule_no for member in members if found[member.rule_no] is Standing.LIVE]
    assert live == [member.rule_no for member in versions_in_force(members, ON)], "what is live is what decides"


def test_codes_stand_for_themselves() -> None:
    members = [RuleVersion(rule_no=1, version=2, rule=rule("a"), stopped_on=ON), RuleVersion(rule_no=2, version=1, rule=rule("b"))]
    assert standings_on(members, ON) == {1: Standing.STOPPED, 2: Standing.LIVE}
