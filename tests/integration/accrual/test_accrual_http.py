"""Accrual's calls over HTTP, on a real database: rules from draft to stopped, dry runs, decisions and why."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from accrual.application.refusals import Refusal
from accrual.entrypoints.problems import PROBLEMS
from loyalty_shared.contracts.console import CredentialIssuedV1
from loyalty_shared.following import issue_credential
from loyalty_shared.messaging.headers import cloud_event_headers
from loyalty_shared.persistence.dead_letters import Fault, Rejected
from loyalty_shared.serving import Service
from loyalty_shared.web.credentials import token_sha256
from support.accrual_api import Caller
from support.accrual_desk import AT, Desk, facts, purchase, refund
from support.rules import rule

BASE = rule("base", {"per_minor": 2000, "points": 1}, limits=[{"points": 8, "per": "day", "over": "trim"}])


def test_every_refusal_has_a_problem() -> None:
    assert set(PROBLEMS) == set(Refusal)


def test_a_rule_goes_from_draft_to_stopped(api: Caller, desk: Desk) -> None:
    draft = api.post("rules", BASE)
    assert draft == {"code": "base", "version": 1, "status": "draft", "conflicts": []}
    at = "rules/base/versions/1"
    assert api.get(at)["rule"] == BASE
    assert api.post(f"{at}/submit")["status"] == "submitted"
    assert api.post(f"{at}/approve", role="checker") == {"code": "base", "version": 1, "status": "approved"}
    desk.decide(purchase("1"))
    assert api.post(f"{at}/stop", {"on": "2026-03-01"}, role="checker") == {"code": "base", "version": 1, "status": "stopped", "stopped_on": "2026-03-01"}
    desk.decide(purchase("2"), purchase("3", at=AT - timedelta(days=1)))
    assert desk.points("1", "2", "3") == [5, 0, 5]
    shown = api.get(at)
    assert (shown["status"], shown["made_by"], shown["checked_by"], shown["stopped_on"]) == ("stopped", "001-maker", "001-checker", "2026-03-01")


def test_steps_out_of_turn_are_refused(api: Caller) -> None:
    api.post("rules", BASE)
    at = "rules/base/versions/1"
    assert api.refused(f"{at}/approve", role="checker") == (409, "rule-not-submitted")
    assert api.refused(f"{at}/reject", role="checker") == (409, "rule-not-submitted")
    assert api.refused(f"{at}/stop", {"on": "2026-03-01"}, role="checker") == (409, "rule-not-approved")
    api.post(f"{at}/submit")
    assert api.refused(f"{at}/submit") == (409, "rule-not-draft")
    assert api.post(f"{at}/reject", role="checker")["status"] == "rejected"
    assert api.refused(f"{at}/approve", role="checker") == (409, "rule-not-submitted")
    assert api.refused("rules/base/versions/2/submit") == (404, "rule-unknown")
    assert api.refused("rules/base/versions/2", method="GET") == (404, "rule-unknown")
    stopped = api.approve(BASE)
    api.post(f"{stopped}/stop", {"on": "2026-03-01"}, role="checker")
    assert api.refused(f"{stopped}/stop", {"on": "2026-04-01"}, role="checker") == (409, "rule-already-stopped")


def test_nobody_approves_what_they_made(api: Caller) -> None:
    api.post("rules", BASE, role="both")
    at = "rules/base/versions/1"
    api.post(f"{at}/submit", role="both")
    assert api.refused(f"{at}/approve", role="both") == (403, "maker-cannot-approve")
    assert api.refused(f"{at}/approve", role="maker") == (403, "function-not-granted")
    assert api.refused(f"{at}/approve", role="admin") == (403, "function-not-granted")
    assert api.post(f"{at}/approve", role="checker")["status"] == "approved"


def test_only_makers_make_and_only_checkers_check(api: Caller) -> None:
    for role in ("channel", "checker", "admin", "auditor"):
        assert api.refused("rules", BASE, role=role) == (403, "function-not-granted")
    api.post("rules", BASE)
    assert api.refused("rules/base/versions/1/submit", role="checker") == (403, "function-not-granted")
    assert api.refused("rules/base/versions/1/reject", role="maker") == (403, "function-not-granted")


def test_a_faulty_rule_is_refused_with_the_path_of_each_fault(api: Caller) -> None:
    faulty = BASE | {"when": {"all": [{"fact": "transaction.no_such", "is": "x"}]}, "earn": {"per_minor": 0, "points": 1}}
    answer = api.send("POST", "rules", json=faulty)
    assert (answer.status_code, answer.json()["code"]) == (422, "rule-not-valid")
    paths = [reason["path"] for reason in answer.json()["reasons"]]
    assert [path for path in paths if path.startswith("body.when.all[0]")]
    assert [path for path in paths if path.startswith("body.earn")]
    assert api.refused("rules", {}) == (422, "rule-not-valid")
    assert api.refused("rules", []) == (422, "invalid-request")
    assert api.refused("rules", BASE | {"names": {"zh": "a\x00b", "en": "b"}}) == (422, "invalid-request")
    assert api.get("rules") == {"items": [], "next_cursor": None}


def test_a_second_save_of_a_code_is_the_next_version_and_lists_go_page_by_page(api: Caller) -> None:
    for document in (BASE, BASE, rule("a", {"fixed": 1}), rule("c", {"fixed": 1})):
        api.post("rules", document)
    first = api.get("rules?limit=3")
    assert [(item["code"], item["version"]) for item in first["items"]] == [("a", 1), ("base", 1), ("base", 2)]
    rest = api.get(f"rules?limit=3&cursor={first['next_cursor']}")
    assert ([(item["code"], item["version"]) for item in rest["items"]], rest["next_cursor"]) == ([("c", 1)], None)


def test_conflicts_are_told_at_save_and_blocking_ones_stop_the_approval(api: Caller) -> None:
    api.approve(rule("one", {"multiply": {"rules": ["two"], "by": "2"}}))
    draft = api.post("rules", rule("two", {"multiply": {"rules": ["one"], "by": "2"}}))
    assert [(conflict["code"], conflict["blocking"]) for conflict in draft["conflicts"]] == [("multiply-cycle", True)]
    api.post("rules/two/versions/1/submit")
    assert api.refused("rules/two/versions/1/approve", role="checker") == (409, "rule-conflict")


def test_a_key_used_twice_has_one_effect(api: Caller) -> None:
    first, again = (api.send("POST", "rules", json=BASE, key="k") for _ in range(2))
    assert (first.status_code, again.status_code, first.content) == (201, 201, again.content)
    assert len(api.get("rules")["items"]) == 1
    reused = api.send("POST", "rules", json=BASE | {"priority": 1}, key="k")
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency-key-reused")
    missing = api.client.post("/v1/entities/001/rules", json=BASE, headers={"Authorization": "Bearer 001-maker"})
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency-key-missing")


def test_an_evaluation_is_the_decision_the_stream_would_make_and_writes_nothing(api: Caller, desk: Desk) -> None:
    api.approve(BASE)
    desk.decide(purchase("1"))
    transaction = msgspec.json.decode(msgspec.json.encode(purchase("2")))
    dry = api.send("POST", "evaluations", json={"transaction": transaction}, role="channel").json()
    assert (dry["outcome"], dry["points"], dry["decided_at"]) == ("accrued", 3, None)
    assert dry["rules"][0]["limits"] == [
        {"points": 8, "per": "day", "over": "trim", "scope": "customer", "used": 5, "room": 3, "asked": 5, "allowed": 3},
    ]  # fmt: skip
    assert api.refused("decisions/core/2/1", method="GET") == (404, "decision-unknown")
    desk.decide(purchase("2"))
    stored = api.get("decisions/core/2/1")
    assert stored | {"decided_at": None} == dry | {"earlier": []}  # of a stored one alone: whose place it took
    assert api.refused("evaluations", {"transaction": transaction | {"customer_no": "a\x00b"}}) == (422, "invalid-request")
    del transaction["legal_entity"]
    assert api.post("evaluations", {"transaction": transaction})["points"] == 0


def test_draft_rules_are_tried_as_the_newest_versions(api: Caller) -> None:
    api.approve(BASE)
    transaction = msgspec.json.decode(msgspec.json.encode(purchase("2")))
    drafts = [rule("base", {"fixed": 70}), rule("more", {"fixed": 2})]
    tried = api.post("evaluations", {"transaction": transaction, "draft_rules": drafts})
    assert {(one["code"], one["points"]) for one in tried["rules"]} == {("base", 70), ("more", 2)}
    assert len(api.get("rules")["items"]) == 1
    faulty = api.send("POST", "evaluations", json={"transaction": transaction, "draft_rules": [drafts[0], {"code": "x"}]})
    assert faulty.status_code == 422
    assert all(reason["path"].startswith("body.draft_rules[1]") for reason in faulty.json()["reasons"])


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"amount_minor": -1}, "body.transaction.amount_minor"),
        ({"amount_minor": "5"}, "body.transaction.amount_minor"),
        ({"currency": "XQX"}, "body.transaction.currency"),
        ({"legal_entity": "002"}, "body.transaction.legal_entity"),
        ({"transaction_at": "2026-03-01T09:30:00"}, "body.transaction.transaction_at"),
        ({"original_transaction_no": "1"}, "body.transaction.original_transaction_no"),
        ({"transaction_at": "9999-12-31T23:59:00-08:00"}, "body.transaction.transaction_at"),
    ],
)
def test_a_transaction_that_does_not_fit_is_refused_by_field(api: Caller, change: dict[str, Any], path: str) -> None:
    transaction = msgspec.json.decode(msgspec.json.encode(purchase("2"))) | change
    answer = api.send("POST", "evaluations", json={"transaction": transaction})
    assert (answer.status_code, answer.json()["code"]) == (422, "transaction-not-valid")
    assert answer.json()["reasons"][0]["path"].startswith(path)


def test_decisions_say_why_and_lists_go_newest_first(api: Caller, desk: Desk) -> None:
    api.approve(BASE)
    desk.announce(facts("C1", AT, level="gold", name="Wang"))
    bought = purchase("1")
    desk.decide(bought, purchase("2"))
    desk.decide(refund("3", bought, 50_00), purchase("4", transaction_code="ATM"), purchase("5", customer_no="C2"))
    decision = api.get("decisions/core/1/1?kind=transaction")
    assert (decision["outcome"], decision["points"], decision["reason"], decision["kind"]) == ("accrued", 5, None, "transaction")
    assert [(one["code"], one["version"], one["applied"], one["points"], one["reason"], one["names"]["en"]) for one in decision["rules"]] == [
        ("base", 1, True, 5, None, "base"),
    ]  # fmt: skip
    none = api.get("decisions/core/4/1")
    assert none["reason_text"]["zh"] == "交易不符合任何规则的条件"
    assert (none["reason"], none["rules"][0]["reason"]) == ("conditions-not-met", "rule-conditions-not-met")
    taken = api.get("decisions/core/3/1")
    assert (taken["kind"], taken["points"], taken["original"]["transaction_no"]) == ("refund", -3, "1")
    assert api.refused("decisions/core/1/1?kind=balance", method="GET") == (404, "decision-unknown")
    assert api.refused("decisions/core/1/99999", method="GET") == (422, "invalid-request")

    first = api.get("customers/C1/decisions?limit=3")
    rest = api.get(f"customers/C1/decisions?limit=3&cursor={first['next_cursor']}")
    assert [item["transaction_no"] for item in first["items"] + rest["items"]] == ["4", "3", "2", "1"]
    assert (api.get("customers/C9/decisions"), rest["next_cursor"]) == ({"items": [], "next_cursor": None}, None)


def test_a_customers_facts_are_shown_as_they_arrived(api: Caller, desk: Desk) -> None:
    desk.announce(facts("C1", AT, level="gold", tags=["vip"], name="Wang"), facts("C1", AT + timedelta(days=1), level="basic"))
    shown = api.get("customers/C1")
    assert (shown["level"], shown["tags"], [one["level"] for one in shown["earlier"]]) == ("basic", [], ["gold"])
    assert api.refused("customers/C9", method="GET") == (404, "customer-unknown")


def test_another_entitys_credential_sees_nothing(api: Caller, desk: Desk) -> None:
    desk.decide(purchase("1"))
    for path in ("rules", "decisions/core/1/1", "customers/C1/decisions", "customers/C1", "business-date"):
        answer = api.send("GET", path, entity="002", role="auditor")
        assert (answer.status_code, answer.json()["code"]) == (403, "not-your-entity")
    assert api.send("POST", "rules", entity="002", json=BASE).status_code == 403


def test_a_dead_letter_is_decided_when_it_is_retried(api: Caller, desk: Desk) -> None:
    desk.approve(BASE)
    value = msgspec.json.encode(purchase("1", legal_entity="001"))
    headers = tuple(cloud_event_headers(event_id=b"1", source=b"t", event_type="core.transaction.posted.v1", at=AT))
    with desk.begin() as work:
        rejected = Rejected(
            topic="core.transactions", partition=0, offset=7, key=b"001:C1", headers=headers, value=value, fault=Fault.UNKNOWN_ENTITY,
            detail="legal_entity: not known", legal_entity="001", source_system="core",
        )  # fmt: skip
        now = desk.clock.now()
        work.dead_letters.post(work.batches.begin(now), "accrual.decide-transactions", [rejected], now)
    (letter,) = api.get("dead-letters", role="admin")["items"]
    assert api.post(f"dead-letters/{letter['id']}/retry", role="admin") == {"id": letter["id"], "status": "retried"}
    assert desk.points("1") == [5]
    assert desk.rows("select may_repeat from decision join outgoing_batch using (batch_no)") == [(True,)], "a restored database could be asked again"
    assert api.get("dead-letters", role="admin")["items"] == []


def test_outcomes_are_counted_and_a_conflict_raises_the_alarm(api: Caller, desk: Desk, service: Service) -> None:
    (decide,) = [followed.use_case for followed in service.subscriptions if followed.group == "accrual.decide-transactions"]
    decide(desk.batch(purchase("1"), purchase("1"), purchase("1", 5), refund("2", purchase("9"), 5)))
    for chore in service.chores:
        chore.run()
    metrics = api.client.get("/metrics").text
    for line in (
        'loyalty_accrual_events_total{outcome="not-accrued"} 1.0',
        'loyalty_accrual_events_total{outcome="repeated"} 1.0',
        'loyalty_accrual_events_total{outcome="conflicting-content"} 1.0',
        'loyalty_accrual_events_total{outcome="waiting"} 1.0',
        "loyalty_accrual_conflicting_content_total 1.0",
        "loyalty_accrual_waiting_refunds 1.0",
    ):
        assert line in metrics.splitlines()


@pytest.fixture
def branch(api: Caller, desk: Desk) -> str:
    """Return the role of a caller who may see institution 450200 only."""
    token = "001-branch"
    issued = CredentialIssuedV1(
        credential=token, token_sha256=token_sha256(token), entities=("001",), functions=("maker", "auditor"), channel=None, enabled=True,
        institutions=("450200",), operator="wei",
    )  # fmt: skip
    with desk.database.transaction() as cursor:
        issue_credential(cursor, issued)
    return "branch"


def test_customers_of_other_institutions_are_beyond_a_branchs_scope(api: Caller, desk: Desk, branch: str) -> None:
    desk.announce(facts("C1", AT, institution="450200"), facts("C2", AT, institution="450200"), facts("C2", AT + timedelta(days=1), institution="450100"))
    desk.decide(purchase("1"), purchase("2", customer_no="C2", institution="450200"))
    for path in ("customers/C1", "customers/C1/decisions", "decisions/core/1/1"):
        assert api.get(path, role=branch) == api.get(path)
    for path in ("customers/C2", "customers/C2/decisions", "decisions/core/2/1", "customers/C9", "customers/C9/decisions", "decisions/core/9/1"):
        assert api.refused(path, method="GET", role=branch) == (403, "beyond-your-scope"), path
    dry_run = {"transaction": msgspec.to_builtins(purchase("3", customer_no="C2", institution="450200"))}
    assert api.refused("evaluations", dry_run, role=branch) == (403, "beyond-your-scope")


def test_a_customer_never_announced_belongs_where_the_transactions_were(api: Caller, desk: Desk, branch: str) -> None:
    desk.decide(purchase("1", institution="450200"), purchase("2", customer_no="C2", institution="450200"), purchase("3", customer_no="C2"))
    assert [item["transaction_no"] for item in api.get("customers/C1/decisions", role=branch)["items"]] == ["1"]
    assert api.refused("customers/C1", method="GET", role=branch) == (404, "customer-unknown")
    assert api.get("decisions/core/2/1", role=branch)["customer_no"] == "C2"
    for path in ("decisions/core/3/1", "customers/C2/decisions"):
        assert api.refused(path, method="GET", role=branch) == (403, "beyond-your-scope"), path
