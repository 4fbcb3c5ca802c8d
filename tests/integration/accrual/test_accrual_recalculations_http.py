"""Recalculations over HTTP: asked, approved by another, shown, rejected and refused."""

from accrual.application.run_recalculations import RunRecalculations
from accrual.entrypoints.background import background_chores
from support.accrual_api import Caller
from support.accrual_desk import Desk, purchase
from support.eventually import eventually
from support.rules import rule

ASKED = {"from": "2026-03-01", "to": "2026-04-01", "reason": "the March rate was wrong"}


def test_a_recalculation_is_asked_approved_and_carried_out(api: Caller, desk: Desk) -> None:
    api.approve(rule("base", {"per_minor": 100, "points": 1}))
    desk.decide(purchase("1", 100_00), purchase("2", 100_00, customer_no="C2"))
    api.approve(rule("base", {"per_minor": 50, "points": 1}))
    answer = api.send("POST", "recalculations", role="both", json=ASKED | {"customers": ["C1"]})
    assert (answer.status_code, answer.json()["status"]) == (201, "pending")
    at = f"recalculations/{answer.json()['recalculation_id']}"
    assert api.get(at)["progress"] == {"events": 0, "of": None, "percent": 0}
    assert api.refused(f"{at}/approve", role="both") == (403, "maker-cannot-approve")
    assert api.refused(f"{at}/approve", role="maker") == (403, "function-not-granted")
    assert api.post(f"{at}/approve", role="checker")["status"] == "running"
    assert api.refused(f"{at}/approve", role="checker") == (409, "recalculation-not-pending")
    (chore,) = [chore for chore in background_chores(desk.begin, desk.database) if chore.name == "run-recalculations"]
    chore.run()
    eventually(lambda: api.get(at)["status"] == "done", timeout_seconds=60)
    shown = api.get(at)
    assert shown["totals"] == {"events": 1, "changed": 1, "points_given": 100, "points_taken": 0}
    assert (shown["made_by"], shown["checked_by"], shown["reason"], shown["customers"]) == ("001-both", "001-checker", ASKED["reason"], ["C1"])
    decision = api.get("decisions/core/1/1")
    assert (decision["points"], decision["recalculated_by"], decision["earlier"][0]["points"]) == (200, shown["recalculation_id"], 100)
    assert [one["points"] for one in api.get("customers/C1/decisions")["items"]] == [200]
    assert (api.get("decisions/core/2/1")["points"], api.get("decisions/core/2/1")["earlier"]) == (100, [])
    assert [one["recalculation_id"] for one in api.get("recalculations")["items"]] == [shown["recalculation_id"]]


def test_a_rejected_one_does_nothing_and_bad_ones_are_refused(api: Caller, desk: Desk) -> None:
    at = f"recalculations/{api.post('recalculations', ASKED)['recalculation_id']}"
    assert api.post(f"{at}/reject", role="checker")["status"] == "rejected"
    assert api.refused(f"{at}/approve", role="checker") == (409, "recalculation-not-pending")
    RunRecalculations(desk.begin, desk.clock)()
    assert api.get(at)["status"] == "rejected"
    assert api.refused("recalculations", ASKED | {"to": "2026-03-01"}) == (422, "invalid-request")
    assert api.refused("recalculations", ASKED | {"customers": []}) == (422, "invalid-request")
    assert api.refused("recalculations", {"from": "2026-03-01", "to": "2026-04-01"}) == (422, "invalid-request")
    assert api.refused("recalculations", ASKED, role="checker") == (403, "function-not-granted")
    assert api.refused("recalculations/none/approve", role="checker") == (404, "recalculation-unknown")
    assert api.refused("recalculations/none", method="GET") == (404, "recalculation-unknown")


def test_points_that_wait_for_a_behaviour_stop_it_before_anything_is_posted(api: Caller, desk: Desk) -> None:
    api.approve(rule("welcome", {"fixed": 5}, available={"on_event": "SIGN-IN"}))
    desk.decide(purchase("1"))
    at = f"recalculations/{api.post('recalculations', ASKED)['recalculation_id']}"
    api.post(f"{at}/approve", role="checker")
    RunRecalculations(desk.begin, desk.clock)()
    shown = api.get(at)
    assert shown["status"] == "failed"
    assert "rule welcome gives points that wait for a behaviour" in shown["fault"]
