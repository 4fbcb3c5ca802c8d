"""Parameters: typed, effective-dated, approved by another than who asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from loyalty_shared.contracts.console import EntityOpenedV1, ParameterChangedV1
from support.console_desk import Console, problem_of

COST = "parameters/cost-per-point"


def propose(console: Console, value: Any, effective_on: str | None = None, who: str = "001:maker", name: str = "cost-per-point") -> str:
    answer = console.put(f"parameters/{name}", {"value": value, "effective_on": effective_on, "reason": "as agreed"}, who)
    assert (answer.status_code, answer.json()["status"]) == (200, "pending"), answer.text
    approval_id: str = answer.json()["approval_id"]
    return approval_id


def approve(console: Console, approval_id: str, who: str = "001:checker") -> Any:
    return console.write(f"approvals/{approval_id}/approve", {"remark": "fine"}, who)


def value_on(console: Console, on: str) -> Any:
    return console.read(f"{COST}?on={on}").json()["value"]


def test_a_parameter_changes_when_another_approves_and_from_its_date_on(console: Console) -> None:
    assert console.read(COST).json() | {"names": None, "schema": None} == {
        "name": "cost-per-point",
        "names": None,
        "schema": None,
        "value": 1,
        "effective_on": None,
        "version": 0,
        "on": "2026-03-02",
        "status": "live",
    }
    approval_id = propose(console, "0.25", "2026-04-01")
    assert console.announced(ParameterChangedV1) == []
    assert value_on(console, "2026-04-01") == 1
    decided = approve(console, approval_id).json()
    assert (decided["status"], decided["made_by"], decided["decided_by"], decided["remark"]) == ("approved", "001-maker", "001-checker", "fine")
    assert (decided["before"], decided["after"]) == ({"value": 1, "effective_on": None}, {"value": "0.25", "effective_on": "2026-04-01"})
    assert [value_on(console, on) for on in ("2026-03-31", "2026-04-01", "2030-01-01")] == [1, "0.25", "0.25"]
    [announced] = console.announced(ParameterChangedV1)
    assert (announced.legal_entity, announced.name, announced.value, str(announced.effective_on)) == ("001", "cost-per-point", "0.25", "2026-04-01")
    assert console.read("/v1/entities/002/parameters/cost-per-point", "002:auditor").json()["value"] == 1


def test_a_parameter_without_a_date_holds_from_the_present_one(console: Console) -> None:
    answer = console.put(COST, {"value": 2}, "001:admin").json()
    assert (answer["effective_on"], answer["version"]) == ("2026-03-02", 1)
    approve(console, answer["approval_id"])
    assert console.read(COST).json()["value"] == 2


def test_history_is_kept(console: Console) -> None:
    approve(console, propose(console, 2))
    console.write(f"approvals/{propose(console, 3)}/reject", None, "001:checker")
    propose(console, 4)
    versions = console.read(f"{COST}/versions").json()["items"]
    assert [(one["version"], one["value"], one["status"], one["decided_by"]) for one in versions] == [
        (3, 4, "pending", None),
        (2, 3, "rejected", "001-checker"),
        (1, 2, "approved", "001-checker"),
    ]
    assert value_on(console, "2030-01-01") == 2


def test_of_two_versions_of_one_date_the_later_asked_for_holds_here_and_elsewhere(console: Console) -> None:
    first, second = propose(console, 2), propose(console, 3)
    approve(console, second)
    approve(console, first)
    assert console.read(COST).json()["value"] == console.announced(ParameterChangedV1)[-1].value == 3


def test_who_asked_never_approves_in_whatever_session_or_role(console: Console) -> None:
    assert console.put("roles/both", {"names": {"en": "Both"}, "functions": ["maker", "checker"], "scope": "entity"}).status_code == 200
    here = console.operator("wei", "both")
    there = console.session("wei", "correct horse battery")
    other = console.operator("li", "both")
    approval_id = propose(console, 2, who=here)
    for token in (here, there):
        for decision in ("approve", "reject"):
            problem_of(console.write(f"approvals/{approval_id}/{decision}", None, token), 403, "maker-cannot-approve")
    assert console.read(COST).json()["value"] == 1
    assert approve(console, approval_id, other).status_code == 200


def test_the_maker_and_those_who_may_not_are_told_so(console: Console) -> None:
    by_maker, by_admin = propose(console, 2), propose(console, 3, who="001:admin")
    problem_of(approve(console, by_maker, "001:maker"), 403, "maker-cannot-approve")
    problem_of(approve(console, by_admin, "001:admin"), 403, "maker-cannot-approve")
    problem_of(approve(console, by_maker, "001:admin"), 403, "function-not-granted")
    problem_of(approve(console, by_maker, "001:auditor"), 403, "function-not-granted")
    problem_of(console.put(COST, {"value": 2}, "001:checker"), 403, "function-not-granted")
    problem_of(approve(console, by_maker, "002:checker"), 403, "not-your-entity")
    problem_of(console.write(f"/v1/entities/002/approvals/{by_maker}/approve", None, "002:checker"), 404, "approval-unknown")
    assert approve(console, by_maker).status_code == 200
    problem_of(console.write(f"approvals/{by_maker}/reject", None, "001:checker"), 409, "already-decided")
    for unknown in ("999999", "x", "9" * 30, "-1"):
        problem_of(approve(console, unknown), 404, "approval-unknown")


def test_a_request_is_decided_once_however_many_decide_at_once(console: Console) -> None:
    approval_id = propose(console, 2)
    with ThreadPoolExecutor(6) as threads:
        statuses = list(threads.map(lambda _: approve(console, approval_id).status_code, range(6)))
    assert sorted(statuses) == [200, 409, 409, 409, 409, 409]
    assert len(console.announced(ParameterChangedV1)) == 1


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("cost-per-point", [-1, True, None, "a lot", {"amount_minor": "1", "currency": "yuan"}, {"currency": "CNY"}, [1]]),
        ("transfers-allowed", [1, "true", None]),
        ("transfer-limits", [1, None, {"per_day": 0}, {"per_transfer": 1.5}, {"per_year": 1}]),
        ("retention-years", [0, 101, 15.0, "15", None]),
        ("adjustment-points-max", [0, 2**53, 1.5, "5"]),
        (
            "point-types",
            [
                {},
                None,
                {"base": {}},
                {"base": {"spending_priority": -1}},
                {"base": {"spending_priority": 1.0}},
                {"base": {"spending_priority": 1, "negative_allowed": 1}},
                {"base": {"spending_priority": 1, "cost_minor_per_point": "much"}},
                {"base": {"spending_priority": 1, "colour": "gold"}},
                {"a b": {"spending_priority": 1}},
            ],
        ),
    ],
)
def test_a_value_that_does_not_fit_is_refused(console: Console, name: str, wrong: list[Any]) -> None:
    for value in wrong:
        refused = problem_of(console.put(f"parameters/{name}", {"value": value}), 422, "parameter-value-invalid")
        assert all(reason["path"].startswith("body.value") for reason in refused["reasons"]), (value, refused)
    assert console.read("approvals").json()["items"] == []


def test_unknown_parameters_and_dates_that_have_passed_are_refused(console: Console) -> None:
    problem_of(console.put("parameters/colour", {"value": 1}), 404, "parameter-unknown")
    problem_of(console.read("parameters/colour"), 404, "parameter-unknown")
    problem_of(console.put(COST, {"value": 2, "effective_on": "2026-03-01"}), 409, "effective-on-passed")
    for body, path in (({}, "body.value"), ({"value": 2, "effective_on": "soon"}, "body.effective_on"), ({"value": 2, "force": True}, "body.force")):
        assert problem_of(console.put(COST, body), 422, "invalid-request")["reasons"][0]["path"] == path
    waiting = propose(console, 2, "2026-03-05")
    console.write("business-date", {"business_on": "2026-03-06"})
    problem_of(approve(console, waiting), 409, "effective-on-passed")
    assert console.read(f"approvals/{waiting}").json()["status"] == "pending"
    assert value_on(console, "2026-03-06") == 1


def test_exchange_rates_may_be_stated_for_dates_that_have_passed(console: Console) -> None:
    approve(console, propose(console, {"USD": "7.1"}, "2026-02-01", name="exchange-rates"))
    assert [(event.name, event.effective_on) for event in console.announced(ParameterChangedV1)] == [("exchange-rates", date(2026, 2, 1))]


def test_retention_begins_with_its_date_and_every_service_is_told(console: Console) -> None:
    approve(console, propose(console, 10, "2026-03-05", name="retention-years"))
    told = [event.retention_years for event in console.announced(EntityOpenedV1)]
    assert told == [15, 15]
    console.write("business-date", {"business_on": "2026-03-05"})
    assert [event.retention_years for event in console.announced(EntityOpenedV1)] == [15, 15, 10]
    assert console.sql("select retention_years from entity order by legal_entity") == [(10,), (15,)]
    approve(console, propose(console, 12, name="retention-years"))
    assert console.announced(EntityOpenedV1)[-1].retention_years == 12


def test_the_inbox_is_listed_by_status_and_pages(console: Console) -> None:
    ids = [propose(console, value) for value in (2, 3, 4)]
    approve(console, ids[0])
    assert [one["approval_id"] for one in console.read("approvals?status=pending", "001:checker").json()["items"]] == [ids[2], ids[1]]
    first = console.read("approvals?limit=2").json()
    second = console.read(f"approvals?limit=2&cursor={first['next_cursor']}").json()
    assert [one["approval_id"] for one in first["items"] + second["items"]] == ids[::-1]
    problem_of(console.read("approvals?status=open"), 422, "invalid-request")
    problem_of(console.read("approvals", "001:channel"), 403, "function-not-granted")


def test_every_parameter_is_listed_with_its_schema(console: Console) -> None:
    shown = {one["name"]: one for one in console.read("parameters", "001:channel").json()["items"]}
    assert sorted(shown) == [
        "adjustment-points-max",
        "cost-per-point",
        "exchange-rates",
        "expiry-notice-days",
        "point-types",
        "retention-years",
        "transfer-limits",
        "transfers-allowed",
    ]
    assert (shown["transfers-allowed"]["value"], shown["transfers-allowed"]["schema"]) == (False, {"type": "boolean"})
