"""Which version decides by transaction date, and from when until when its points can be spent."""

from datetime import date
from typing import Any

import pytest

from accrual.domain.rule_set import RuleSet, RuleVersion
from unit.accrual.builders import Books, points_of, posted, rule, rule_set


def version(number: int, points: int, *, stopped_on: date | None = None, **changes: Any) -> RuleVersion:
    return RuleVersion(rule_no=number, version=number, rule=rule(earn={"fixed": points}, **changes), stopped_on=stopped_on)


@pytest.mark.parametrize(
    ("versions", "on", "points"),
    [
        ([version(1, 10), version(2, 20)], "2026-03-01", 20),
        ([version(2, 20), version(1, 10)], "2026-03-01", 20),
        ([version(1, 10), version(2, 20, applies={"from": "2026-03-02"})], "2026-03-01", 10),
        ([version(1, 10), version(2, 20, applies={"from": "2026-03-01"})], "2026-03-01", 20),
        ([version(1, 10), version(2, 20, applies={"to": "2026-03-01"})], "2026-03-01", 10),
        ([version(1, 10), version(2, 20, stopped_on=date(2026, 3, 2))], "2026-03-01", 20),
        ([version(1, 10), version(2, 20, stopped_on=date(2026, 3, 1))], "2026-03-01", 0),
        ([version(1, 10, stopped_on=date(2026, 3, 1)), version(2, 20)], "2026-03-01", 20),
        ([version(1, 10), version(2, 20, stopped_on=date(2026, 3, 1)), version(3, 30)], "2026-03-01", 30),
        ([version(1, 10), version(2, 20, applies={"to": "2026-02-01"}, stopped_on=date(2026, 3, 1))], "2026-03-01", 0),
    ],
)
def test_the_highest_version_that_covers_the_date_decides_unless_stopped(versions: list[RuleVersion], on: str, points: int) -> None:
    assert Books(RuleSet(1, versions)).post(posted(on=on)).points == points


def test_the_transaction_date_is_of_the_entitys_zone() -> None:
    march = rule(applies={"from": "2026-03-01", "to": "2026-04-01"})
    assert points_of([march], posted(on="2026-02-28T15:59:59+00:00")) == 0
    assert points_of([march], posted(on="2026-02-28T16:00:00+00:00")) == 5
    assert points_of([march], posted(on="2026-03-31T23:59:59+08:00")) == 5
    assert points_of([march], posted(on="2026-04-01T00:00:00+08:00")) == 0


@pytest.mark.parametrize(
    ("available", "on", "expected"),
    [
        ("at_once", "2026-03-15", date(2026, 3, 15)),
        ({"after_days": 0}, "2026-03-15", date(2026, 3, 15)),
        ({"after_days": 17}, "2026-03-15", date(2026, 4, 1)),
        ({"on_day": 15}, "2026-03-15", date(2026, 3, 15)),
        ({"on_day": 14}, "2026-03-15", date(2026, 4, 14)),
        ({"on_day": 31}, "2026-02-15", date(2026, 2, 28)),
        ({"on_day": 1}, "2026-12-15", date(2027, 1, 1)),
        ({"day_of_next_month": 15}, "2026-03-31", date(2026, 4, 15)),
        ({"day_of_next_month": 31}, "2026-01-01", date(2026, 2, 28)),
        ({"day_of_next_month": 5}, "2026-12-31", date(2027, 1, 5)),
    ],
)
def test_available_from(available: Any, on: str, expected: date) -> None:
    assert Books(rule_set(rule(available=available))).post(posted(on=on)).applied[0].available_on == expected


@pytest.mark.parametrize(
    ("expires", "policy", "expected"),
    [
        ("never", "never", None),
        ({"end_of_year": True}, "calendar_years:1", date(2024, 12, 31)),
        ({"calendar_years": 1}, "calendar_years:1", date(2024, 12, 31)),
        ({"calendar_years": 5}, "calendar_years:5", date(2028, 12, 31)),
        ({"days": 0}, "days:0", date(2024, 2, 29)),
        ({"days": 10}, "days:10", date(2024, 3, 10)),
        ({"months": 12, "to": "day"}, "months:12:day", date(2025, 2, 28)),
        ({"months": 1, "to": "day"}, "months:1:day", date(2024, 3, 29)),
        ({"months": 12, "to": "month_end"}, "months:12:month_end", date(2025, 2, 28)),
        ({"months": 1, "to": "month_end"}, "months:1:month_end", date(2024, 3, 31)),
        ({"on": "2026-06-30"}, "on:2026-06-30", date(2026, 6, 30)),
    ],
)
def test_expires_on(expires: Any, policy: str, expected: date | None) -> None:
    made = rule(expires=expires)
    assert made.expiry_policy == policy
    assert Books(rule_set(made)).post(posted(on="2024-02-29")).applied[0].expires_on == expected
