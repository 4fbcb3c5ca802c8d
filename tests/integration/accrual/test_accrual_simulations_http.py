"""What-if over HTTP: started, cancelled, resumed, shown and refused."""

from accrual.application.run_simulations import RunSimulations
from support.accrual_api import Caller
from support.accrual_desk import Desk, purchase
from support.rules import rule

BASE = rule("base", {"per_minor": 2000, "points": 1}, limits=[{"points": 8, "per": "day", "over": "trim"}])
ASKED = {"rule": rule("more", {"fixed": 7}), "from": "2026-03-01", "to": "2026-04-01"}


def test_a_simulation_runs_is_cancelled_and_resumed(api: Caller, desk: Desk) -> None:
    api.approve(BASE)
    desk.decide(purchase("1", 100_00), purchase("2", 100_00, customer_no="C2"))
    started = api.send("POST", "simulations", key="one", json=ASKED)
    assert started.status_code == 201
    assert started.json() == {"simulation_id": started.json()["simulation_id"], "status": "running"}
    assert api.send("POST", "simulations", key="one", json=ASKED).json() == started.json()
    at = f"simulations/{started.json()['simulation_id']}"
    assert api.get(at)["status"] == "running"
    assert api.refused(f"{at}/resume") == (409, "simulation-not-stopped")
    assert api.post(f"{at}/cancel")["status"] == "cancelled"
    RunSimulations(desk.begin, desk.clock)()
    assert api.get(at)["status"] == "cancelled"
    assert api.refused(f"{at}/cancel") == (409, "simulation-not-running")
    assert api.post(f"{at}/resume")["status"] == "running"
    RunSimulations(desk.begin, desk.clock)()
    shown = api.get(at)
    assert (shown["status"], shown["points"], shown["customers"], shown["money"]) == ("done", 24, 2, 24)
    assert (shown["before"]["points"], shown["difference"]["points"], shown["rule"]["code"]) == (10, 14, "more")
    assert api.refused(f"{at}/resume") == (409, "simulation-not-stopped")
    assert [one["simulation_id"] for one in api.get("simulations?limit=1")["items"]] == [started.json()["simulation_id"]]


def test_what_cannot_be_simulated_is_refused_by_its_path(api: Caller) -> None:
    assert api.refused("simulations", ASKED | {"rule": {"code": "x"}}) == (422, "rule-not-valid")
    assert api.refused("simulations", ASKED | {"to": "2026-03-01"}) == (422, "invalid-request")
    assert api.refused("simulations", ASKED | {"extra": 1}) == (422, "invalid-request")
    assert api.refused("simulations", {"rule": ASKED["rule"]}) == (422, "invalid-request")
    assert api.refused("simulations", ASKED, role="checker") == (403, "function-not-granted")
    assert api.refused("simulations/none/cancel") == (404, "simulation-unknown")
    assert api.refused("simulations/none", method="GET") == (404, "simulation-unknown")
    api.approve(rule("a", {"multiply": {"rules": ["b"], "by": "2"}}))
    looping = rule("b", {"multiply": {"rules": ["a"], "by": "2"}})
    assert api.refused("simulations", ASKED | {"rule": looping}) == (409, "rule-conflict")
