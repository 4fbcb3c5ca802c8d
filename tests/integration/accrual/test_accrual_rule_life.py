"""A rule's life beside its steps: what it is told at save, its simulated effect at submit, where it stands, and the way back."""

from datetime import timedelta
from typing import Any

from support.accrual_api import Caller
from support.accrual_desk import AT, Desk, purchase
from support.rules import rule

BASE = rule("base", {"per_minor": 2000, "points": 1})
DOUBLE = rule("base", {"per_minor": 1000, "points": 1})


def _standing(api: Caller, version: int) -> str:
    standing: str = api.get(f"rules/base/versions/{version}")["standing"]
    return standing


def test_one_call_goes_back_to_an_earlier_version(api: Caller, desk: Desk) -> None:
    api.approve(BASE)
    api.approve(DOUBLE)
    desk.decide(purchase("1"))
    assert api.post("rules/base/versions/1/rollback", role="checker") == {"code": "base", "version": 3, "status": "approved", "rolled_back_to": 1}
    desk.decide(purchase("2"))
    assert desk.points("1", "2") == [10, 5]
    assert [(one["version"], one["applied"]) for one in desk.decision("2")["rules"]] == [(3, True)]
    shown = api.get("rules/base/versions/3")
    assert (shown["rule"], shown["made_by"], shown["checked_by"]) == (BASE, "001-maker", "001-checker")
    assert [_standing(api, version) for version in (1, 2, 3)] == ["superseded", "superseded", "live"]


def test_a_stopped_version_is_gone_back_to_and_decides_again(api: Caller, desk: Desk) -> None:
    stopped = api.approve(BASE)
    api.post(f"{stopped}/stop", {"on": "2026-01-01"}, role="checker")
    api.post(f"{stopped}/rollback", role="checker")
    desk.decide(purchase("1"))
    assert desk.points("1") == [5]
    assert [_standing(api, version) for version in (1, 2)] == ["stopped", "live"]


def test_who_may_not_go_back_and_to_what(api: Caller) -> None:
    at = api.approve(BASE)
    assert api.refused(f"{at}/rollback", role="checker") == (409, "rule-already-in-force")
    api.post("rules", DOUBLE)
    assert api.refused("rules/base/versions/2/rollback", role="checker") == (409, "rule-not-approved")
    assert api.refused("rules/base/versions/9/rollback", role="checker") == (404, "rule-unknown")
    assert api.refused(f"{at}/rollback", role="maker") == (403, "function-not-granted")
    api.post("rules", BASE | {"code": "own"}, role="both")
    api.post("rules/own/versions/1/submit", role="both")
    api.post("rules/own/versions/1/approve", role="checker")
    assert api.refused("rules/own/versions/1/rollback", role="both") == (403, "maker-cannot-approve")


def test_the_way_back_is_refused_where_the_rules_have_moved_on(api: Caller) -> None:
    api.approve(rule("one", {"multiply": {"rules": ["two"], "by": "2"}}))
    api.approve(rule("one", {"fixed": 1}))
    first = api.send("POST", "rules/one/versions/1/stop", json={"on": "2017-01-01"}, role="checker")
    assert first.status_code == 200
    api.approve(rule("two", {"multiply": {"rules": ["three"], "by": "2"}}))
    api.approve(rule("three", {"fixed": 3}))
    api.approve(rule("two", {"multiply": {"rules": ["one"], "by": "2"}}))
    assert api.refused("rules/one/versions/1/rollback", role="checker") == (409, "rule-conflict")


def test_a_rollback_sent_twice_is_done_once(api: Caller) -> None:
    api.approve(BASE)
    api.approve(DOUBLE)
    first, again = (api.send("POST", "rules/base/versions/1/rollback", role="checker", key="k") for _ in range(2))
    assert (first.status_code, first.content) == (201, again.content)
    assert len(api.get("rules")["items"]) == 3


def test_rules_are_listed_by_code_status_and_standing(api: Caller) -> None:
    api.approve(BASE)
    api.approve(BASE | {"applies": {"from": "2030-01-01"}})
    api.approve(BASE | {"code": "past", "applies": {"to": "2020-01-01"}})
    api.post("rules", BASE | {"code": "new"})

    def listed(query: str) -> list[tuple[str, int]]:
        return [(item["code"], item["version"]) for item in api.get(f"rules?{query}")["items"]]

    assert listed("code=base") == [("base", 1), ("base", 2)]
    assert listed("status=draft") == [("new", 1)]
    assert listed("status=approved") == [("base", 1), ("base", 2), ("past", 1)]
    assert listed("status=live") == [("base", 1)]
    assert listed("status=scheduled") == [("base", 2)]
    assert listed("status=scheduled&code=past") == []
    assert listed("status=ended") == [("past", 1)]
    first = api.get("rules?status=approved&limit=2")
    assert listed(f"status=approved&limit=2&cursor={first['next_cursor']}") == [("past", 1)]
    assert api.get("rules/new/versions/1")["standing"] == "draft"
    assert api.refused("rules?status=lively", method="GET") == (422, "invalid-request")


def test_a_submitted_rule_shows_what_it_would_have_changed_lately(api: Caller, desk: Desk) -> None:
    api.approve(BASE)
    desk.decide(purchase("1"), purchase("2", 1_00), purchase("3", customer_no="C2"), purchase("4", at=AT - timedelta(days=40)))
    api.post("rules", DOUBLE | {"applies": {"from": "2030-01-01", "to": None}})
    answer: dict[str, Any] = api.post("rules/base/versions/2/submit")
    assert answer == {
        "code": "base", "version": 2, "status": "submitted",
        "effect": {"from": "2026-01-31", "to": "2026-03-03", "events": 3, "points_before": 10, "points_after": 20, "customers": 2},
    }  # fmt: skip


def test_a_draft_is_told_what_in_it_does_nothing(api: Caller) -> None:
    api.approve(BASE | {"stacking": {"group": "card", "policy": "first"}})
    hospitals = {"not": {"fact": "transaction.mcc", "in": ["8062", "8211"]}}
    draft = rule(
        "gold", {"fixed": 9}, cost_bearers=[], stacking={"group": "card", "policy": "first"}, priority=200, limits=[{"points": 5, "per": "day"}],
        when={"all": [{"fact": "transaction.transaction_code", "is": "POS"}, hospitals, {"fact": "transaction.mcc", "is_not": "8062"}]},
    )  # fmt: skip
    conflicts = api.post("rules", draft)["conflicts"]
    assert [(one["code"], one["with_rule"], one["blocking"]) for one in conflicts] == [
        ("unreachable-rule", "base", False),
        ("exclusion-swallowed", None, False),
        ("limit-below-step", None, False),
        ("missing-cost-bearer", None, False),
    ]
    assert all(one["message"] for one in conflicts)


def test_a_rule_that_could_give_more_than_can_be_recorded_is_refused(api: Caller) -> None:
    answer = api.send("POST", "rules", json=rule("base", {"per_minor": 1, "points": 2}))
    assert (answer.status_code, answer.json()["code"], answer.json()["reasons"][0]["path"]) == (422, "rule-not-valid", "body.earn.points")
    assert api.get("rules")["items"] == []


def test_a_decision_says_what_excluded_the_purchase(api: Caller, desk: Desk) -> None:
    exclusion = {"not": {"fact": "transaction.mcc", "in": ["8062"]}}
    api.approve(rule("base", {"fixed": 1}, when={"all": [exclusion, {"fact": "transaction.amount_minor", "at_least": 20_00}]}))
    desk.decide(purchase("1", mcc="8062"), purchase("2", 19_99), purchase("3", 1_00, mcc="8062"))
    reasons = [desk.decision(number)["reason"] for number in ("1", "2", "3")]
    assert reasons == ["excluded-mcc", "below-minimum", "excluded-mcc"]
    shown = desk.decision("1")
    assert (shown["rules"][0]["reason"], shown["reason_text"]["zh"]) == ("rule-excluded-mcc", "商户类别不参与累积")
