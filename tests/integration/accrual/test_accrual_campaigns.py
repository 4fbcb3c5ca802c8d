"""Campaigns on a real database: posted, changed under a checker's eyes, decided within; budgets told and given back."""

from datetime import timedelta
from typing import Any

import pytest

from accrual.application.measure_budgets import MeasureBudgets
from accrual.application.run_simulations import RunSimulations
from accrual.domain.campaign_document import CUSTOMERS_MAX
from support.accrual_api import Caller
from support.accrual_desk import AT, Desk, facts, purchase, refund, reversal
from support.rules import rule

IN_SPRING = rule("spring-extra", {"fixed": 10}, campaign="spring")
SPRING: dict[str, Any] = {"code": "spring", "names": {"zh": "春季", "en": "Spring"}, "department": "retail", "budget": {"points": 25}}


def _open(api: Caller, **parts: Any) -> None:
    assert api.post("campaigns", {"code": "spring", **parts}) == {"code": "spring", "version": 1, "status": "active"}
    api.approve(IN_SPRING)


def test_a_campaign_gives_what_its_rules_say_until_its_budget_is_spent(api: Caller, desk: Desk) -> None:
    _open(api, **SPRING)
    desk.decide(*[purchase(str(number), customer_no=f"C{number}") for number in range(4)])
    assert desk.points("0", "1", "2", "3") == [10, 10, 5, 0]
    assert [desk.decision(number)["rules"][0]["reason"] for number in "0123"] == [None, None, "rule-budget-trimmed", "rule-budget-spent"]
    assert desk.decision("0")["rules"][0]["campaign"] == "spring"
    assert (desk.decision("3")["reason"], desk.decision("3")["reason_text"]["zh"]) == ("budget-spent", "活动预算已用完")
    assert {body["campaign_code"] for body in desk.published()} == {"spring"}
    shown = api.get("campaigns/spring")
    assert (shown["used"], shown["left"]) == ({"points": 25, "amount_minor": 25, "currency": "CNY"}, {"points": 0, "amount_minor": 0, "currency": "CNY"})
    assert shown["forecast"] == {"points_per_day": 25, "amount_minor_per_day": 25, "exhausted_on": "2026-03-02"}
    assert (shown["names"], shown["department"]) == (SPRING["names"], "retail")
    assert shown["budget"] == {"points": 25, "amount_minor": None, "currency": "CNY", "cost_per_point": "1", "strict": True, "total_points": 25}
    assert [one["code"] for one in api.get("campaigns")["items"]] == ["spring"]


def test_a_budget_in_money_ends_where_its_money_does(api: Caller, desk: Desk) -> None:
    _open(api, budget={"amount_minor": 20, "cost_per_point": "0.8", "currency": "CNY"})
    desk.decide(*[purchase(str(number)) for number in range(3)])
    assert desk.points("0", "1", "2") == [10, 10, 5]
    assert api.get("campaigns/spring")["used"] == {"points": 25, "amount_minor": 20, "currency": "CNY"}


def test_a_budget_that_is_not_strict_is_only_told(api: Caller, desk: Desk) -> None:
    _open(api, budget={"points": 15, "strict": False})
    desk.decide(purchase("1"), purchase("2"))
    assert desk.points("1", "2") == [10, 10]
    shown = api.get("campaigns/spring")
    assert (shown["used"]["points"], shown["left"]["points"]) == (20, 0)


def test_a_refund_gives_the_budget_back_also_where_it_was_decided_by_another_worker(api: Caller, desk: Desk) -> None:
    api.post("campaigns", SPRING)
    api.approve(rule("spring-extra", {"per_minor": 1000, "points": 1}, campaign="spring"))
    first, second = purchase("1"), purchase("2", 200_00)
    desk.decide(first, second)
    assert desk.points("1", "2") == [10, 15]
    desk.decide(refund("3", second, 40_00), partition=1)  # 160 yuan alone would have met the same 15
    desk.decide(refund("4", second, 80_00), partition=1)
    assert desk.points("3", "4") == [0, -7]
    desk.decide(purchase("5"), partition=2)
    assert desk.points("5") == [7]
    desk.decide(reversal("6", first), purchase("7"), partition=3)
    assert desk.points("6", "7") == [-10, 10]
    assert api.get("campaigns/spring")["used"]["points"] == 25


def test_refunds_that_waited_give_the_budget_back(api: Caller, desk: Desk) -> None:
    _open(api, **SPRING)
    bought = purchase("1")
    desk.decide(reversal("2", bought))
    desk.decide(bought)
    assert api.get("campaigns/spring")["used"]["points"] == 0


def test_a_change_waits_for_a_checker_where_an_approved_rule_names_the_campaign(api: Caller, desk: Desk) -> None:
    assert api.post("campaigns", {"code": "spring"}, role="admin")["version"] == 1
    assert api.post("campaigns", SPRING | {"budget": {"points": 200}}, role="both") == {"code": "spring", "version": 2, "status": "active"}, (
        "no rule names it yet"
    )
    api.approve(IN_SPRING)
    desk.decide(purchase("1"))
    at = "campaigns/spring/versions/3"
    assert api.post("campaigns", {"code": "spring", "budget": {"points": 12}}, role="both") == {"code": "spring", "version": 3, "status": "pending"}
    desk.decide(purchase("2"))
    assert desk.points("1", "2") == [10, 10], "the version in force decides until then"
    assert api.refused(f"{at}/approve", role="both") == (403, "maker-cannot-approve")
    assert api.refused(f"{at}/approve", role="maker") == (403, "function-not-granted")
    assert api.post(f"{at}/approve", role="checker") == {"code": "spring", "version": 3, "status": "active"}
    assert desk.rows("select granted, used from campaign_lease") == [(20, 20)], "what was leased of the higher budget is taken back"
    assert api.refused(f"{at}/approve", role="checker") == (409, "campaign-not-pending")
    assert api.refused(f"{at}/reject", role="checker") == (409, "campaign-not-pending")
    desk.decide(purchase("3"))
    assert desk.points("3") == [0], "the lower budget is spent already"
    assert api.post("campaigns", {"code": "spring", "budget": {"points": 23}})["version"] == 4
    assert api.post("campaigns/spring/versions/4/reject", role="checker")["status"] == "rejected"
    assert api.post("campaigns", {"code": "spring", "budget": {"points": 24}})["version"] == 5
    assert api.post("campaigns", {"code": "spring", "budget": {"points": 26}})["version"] == 6
    api.post("campaigns/spring/versions/6/approve", role="checker")
    assert api.refused("campaigns/spring/versions/5/approve", role="checker") == (409, "campaign-not-pending"), "a later one is in force"
    desk.decide(purchase("4"))
    assert desk.points("4") == [6]
    shown = api.get("campaigns/spring")
    assert [(one["version"], one["status"]) for one in shown["versions"]] == [
        (6, "active"), (5, "pending"), (4, "rejected"), (3, "active"), (2, "active"), (1, "active"),
    ]  # fmt: skip
    assert (shown["version"], shown["used"]["points"]) == (6, 26)


def test_decisions_and_refunds_see_the_campaign_as_it_was(api: Caller, desk: Desk) -> None:
    _open(api, target={"customers": ["C1"]})
    bought = purchase("1", 20_00)
    desk.decide(bought, purchase("2", customer_no="C2"))
    assert api.post("campaigns/spring/targets", {"text": "customer_no\nC2\n\nC3\n"})["status"] == "pending"
    api.post("campaigns/spring/versions/2/approve", role="checker")
    desk.decide(purchase("3"), purchase("4", customer_no="C2"), refund("5", bought, 10_00))
    assert desk.points("1", "2", "3", "4", "5") == [10, 0, 0, 10, 0]
    for number in "23":
        decision = desk.decision(number)
        assert (decision["reason"], decision["rules"][0]["reason"]) == ("outside-campaign", "rule-outside-campaign")
    assert desk.decision("5")["reason"] == "still-earned"
    assert api.get("campaigns/spring")["target"] == {"levels": [], "tags": [], "customers_listed": 2}


def test_a_list_of_a_hundred_thousand_is_uploaded_and_added_to(api: Caller, desk: Desk) -> None:
    api.post("campaigns", {"code": "spring", "channels": ["POS"]})
    listed = "\n".join(f"C{number}" for number in range(2, CUSTOMERS_MAX))
    assert api.post("campaigns/spring/targets", {"text": listed})["version"] == 2
    assert api.post("campaigns/spring/targets", {"customers": ["C1", "C2"], "add": True})["version"] == 3
    assert api.get("campaigns/spring")["target"]["customers_listed"] == CUSTOMERS_MAX - 1
    assert api.get("campaigns/spring")["channels"] == ["POS"]
    assert api.refused("campaigns/spring/targets", {"customers": ["X1", "X2"], "add": True}) == (422, "campaign-not-valid")
    api.approve(IN_SPRING)
    desk.decide(purchase("1"), purchase("2", customer_no="X"), purchase("3", customer_no="C77777"))
    assert desk.points("1", "2", "3") == [10, 0, 10]


def test_a_stopped_campaign_gives_nothing_from_its_date_on(api: Caller, desk: Desk) -> None:
    _open(api)
    assert api.post("campaigns/spring/stop", {"on": "2026-03-01"}, role="checker") == {
        "code": "spring", "version": 1, "status": "stopped", "stopped_on": "2026-03-01",
    }  # fmt: skip
    desk.decide(purchase("1"), purchase("2", at=AT - timedelta(days=1)))
    assert desk.points("1", "2") == [0, 10]
    assert (desk.decision("1")["reason"], desk.decision("1")["rules"][0]["reason"]) == ("campaign-ended", "rule-campaign-ended")
    assert api.refused("campaigns/spring/stop", {"on": "2026-03-02"}, role="checker") == (409, "campaign-already-stopped")
    assert api.post("campaigns", {"code": "spring"})["status"] == "pending"
    api.post("campaigns/spring/versions/2/approve", role="checker")
    desk.decide(purchase("3"))
    assert desk.points("3") == [10]


def test_limits_of_a_campaign_hold_for_all_its_rules(api: Caller, desk: Desk) -> None:
    api.post("campaigns", {"code": "spring", "per_customer": {"points": 30}})
    api.approve(rule("a", {"fixed": 10}, campaign="spring", limits=[{"points": 15, "per": "campaign"}]))
    api.approve(rule("b", {"fixed": 10}, campaign="spring"))
    first = purchase("1")
    desk.decide(first, purchase("2", at=AT + timedelta(days=40)))
    desk.decide(purchase("3"), partition=1)
    assert desk.points("1", "2", "3") == [20, 10, 0]
    desk.decide(reversal("4", first), purchase("5", at=AT + timedelta(days=80)))
    assert desk.points("4", "5") == [-20, 20]


def test_a_dry_run_sees_what_is_left_of_the_budget(api: Caller, desk: Desk) -> None:
    _open(api, **SPRING)
    desk.decide(purchase("1"), purchase("2"), partition=1)
    asked = {
        name: getattr(purchase("9"), name)
        for name in ("source_system", "transaction_no", "customer_no", "account_no", "product_code", "transaction_code", "channel", "institution", "direction")
    }
    body = {"transaction": asked | {"amount_minor": 10_000, "currency": "CNY", "transaction_at": "2026-03-01T09:30:00+08:00", "posted_on": "2026-03-01"}}
    answer = api.post("evaluations", body)
    assert (answer["points"], answer["rules"][0]["reason"]) == (5, "rule-budget-trimmed")
    other = rule("other", {"fixed": 3}, campaign="autumn")
    assert api.refused("evaluations", body | {"draft_rules": [other]}) == (422, "rule-not-valid")
    api.post("campaigns", {"code": "autumn"})
    assert api.post("evaluations", body | {"draft_rules": [other]})["points"] == 8
    assert api.get("campaigns/spring")["used"]["points"] == 20, "nothing is written"


def test_what_does_not_fit_is_refused_by_path(api: Caller) -> None:
    answer = api.send("POST", "campaigns", json={"code": "spring", "budget": {"points": 0}, "chanels": []})
    assert (answer.status_code, answer.json()["code"]) == (422, "campaign-not-valid")
    assert [reason["path"] for reason in answer.json()["reasons"]] == ["body.chanels", "body.budget.points"]
    unnamed = api.send("POST", "rules", json=IN_SPRING)
    assert (unnamed.status_code, unnamed.json()["code"], unnamed.json()["reasons"][0]["path"]) == (422, "rule-not-valid", "body.campaign")
    for method, path, body in (("GET", "campaigns/spring", None), ("POST", "campaigns/spring/targets", {"customers": ["C1"]}),
                               ("POST", "campaigns/spring/stop", {"on": "2026-03-01"}), ("POST", "campaigns/spring/versions/1/approve", None)):  # fmt: skip
        assert api.refused(path, body, method=method) == (404, "campaign-unknown"), path
    api.post("campaigns", {"code": "spring"})
    assert api.refused("campaigns/spring/versions/2/reject", role="checker") == (404, "campaign-unknown")
    assert api.refused("campaigns/spring/targets", {"customers": []}) == (422, "campaign-not-valid")
    assert api.refused("campaigns/spring/targets", {"customers": ["C1"], "text": "C1"}) == (422, "invalid-request")
    assert api.refused("campaigns/spring/targets", {"text": "a\x00b"})[0] == 422
    for role in ("channel", "checker", "auditor"):
        assert api.refused("campaigns", SPRING, role=role) == (403, "function-not-granted")


def test_a_write_sent_twice_is_done_once(api: Caller) -> None:
    first = api.send("POST", "campaigns", key="k", json=SPRING)
    assert api.send("POST", "campaigns", key="k", json=SPRING).json() == first.json()
    assert len(api.get("campaigns/spring")["versions"]) == 1


@pytest.mark.parametrize("level", ["gold", "basic"])
def test_a_target_sees_the_customers_facts_of_the_transactions_time(api: Caller, desk: Desk, level: str) -> None:
    _open(api, target={"levels": ["gold"]})
    desk.announce(facts("C1", AT - timedelta(days=1), level=level), facts("C1", AT + timedelta(days=1), level="gold"))
    desk.decide(purchase("1"))
    assert desk.points("1") == [10 if level == "gold" else 0]


def test_campaigns_near_the_end_of_their_budgets_are_counted(api: Caller, desk: Desk) -> None:
    measure = MeasureBudgets(desk.begin)
    for code, points in (("tenth", 10), ("nine", 10), ("all", 10), ("told", 10), ("stopped", 10)):
        api.post("campaigns", {"code": code, "budget": {"points": points, "strict": code != "told"}})
        api.approve(rule(code, {"fixed": {"tenth": 8, "all": 10, "told": 11}.get(code, 9)}, campaign=code))
    api.post("campaigns", {"code": "endless"})
    assert measure() == 0
    desk.decide(purchase("1"))
    assert measure() == 2
    api.post("campaigns/stopped/stop", {"on": "2026-03-02"})
    assert measure() == 1


def test_what_if_sees_the_campaigns_and_what_their_budgets_had_left(api: Caller, desk: Desk) -> None:
    _open(api, **SPRING)
    desk.decide(*[purchase(str(number), customer_no=f"C{number}") for number in range(4)])
    api.post("campaigns", {"code": "autumn", "target": {"customers": ["C1", "C2"]}})
    asked = {"rule": rule("other", {"fixed": 1}, campaign="autumn"), "from": "2026-03-01", "to": "2026-04-01"}
    started = api.post("simulations", asked)
    RunSimulations(desk.begin, desk.clock)()
    shown = api.get(f"simulations/{started['simulation_id']}")
    assert (shown["before"]["points"], shown["difference"]["points"]) == (25, 2), "what the budget cut stays cut"
    assert api.refused("simulations", asked | {"rule": rule("other", {"fixed": 1}, campaign="winter")}) == (422, "rule-not-valid")
