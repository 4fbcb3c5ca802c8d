"""Decisions of behaviours and balances over HTTP, each under its own numbers, and the job that decides months."""

from datetime import timedelta
from typing import Any

import pytest

from loyalty_shared.contracts.console import CredentialIssuedV1
from loyalty_shared.following import issue_credential
from loyalty_shared.serving import Service
from loyalty_shared.web.credentials import token_sha256
from support.accrual_api import Caller
from support.accrual_desk import AT, Desk, facts, purchase
from support.occasion_desk import balance, batch_of, behave, behaviour, decide_months, record
from support.rules import rule

ALWAYS: dict[str, Any] = {"all": []}
RULES = (
    rule("base", {"fixed": 1}),
    rule("sign-in", {"fixed": 5}, on="behaviour", when=ALWAYS),
    rule("deposit", {"per_minor": 1_000_000, "points": 1}, on="balance", when=ALWAYS, available={"day_of_next_month": 15}),
)


def test_a_rule_on_behaviours_or_balances_goes_the_way_of_all_rules(api: Caller, desk: Desk) -> None:
    for each in RULES[1:]:
        api.approve(each)
    assert behave(desk, behaviour("1")) == {"accrued": 1}


def test_each_kind_has_numbers_of_its_own(api: Caller, desk: Desk) -> None:
    desk.approve(*RULES)
    desk.decide(purchase("1", source_system="app"))
    behave(desk, behaviour("1"))
    record(desk, balance("A1", "2026-02-01", 20_000_000))
    decide_months(desk)
    found = [api.get(path) for path in ("decisions/app/1/1", "decisions/app/1/1?kind=behaviour", "decisions/core/A1:2026-02/1?kind=balance")]
    assert [(one["kind"], one["points"], one["transaction_no"]) for one in found] == [
        ("transaction", 1, "1"),
        ("behaviour", 5, "1"),
        ("balance", 20, "A1:2026-02"),
    ]
    assert found[1]["behaviour_code"] == "SIGN-IN"
    assert found[2]["balance"] == {"account_no": "A1", "month": "2026-02", "average_minor": 20_000_000, "total_minor": 560_000_000, "days": 28}
    assert found[2]["rules"][0]["available_on"] == "2026-03-15"
    assert [item["kind"] for item in api.get("customers/C1/decisions")["items"]] == ["balance", "behaviour", "transaction"]


@pytest.mark.parametrize(
    "path",
    [
        "decisions/app/1/2?kind=behaviour",
        "decisions/app/1/1?kind=balance",
        "decisions/app/1/1",
        "decisions/core/A1:2026-01/1?kind=balance",
        "decisions/web/1/1?kind=behaviour",
    ],
)
def test_what_has_not_come_is_not_found(api: Caller, desk: Desk, path: str) -> None:
    desk.approve(*RULES)
    behave(desk, behaviour("1"))
    assert api.refused(path, method="GET", role="auditor") == (404, "decision-unknown")


def test_an_unknown_kind_is_no_kind(api: Caller) -> None:
    assert api.send("GET", "decisions/app/1/1?kind=refund", role="auditor").status_code == 422


def test_the_longest_account_number_has_a_decision_to_look_at(api: Caller, desk: Desk) -> None:
    desk.approve(*RULES)
    record(desk, balance("A" * 64, "2026-02-01", 20_000_000))
    decide_months(desk)
    assert api.get(f"decisions/core/{'A' * 64}:2026-02/1?kind=balance")["points"] == 20


def test_the_job_decides_the_months_before_a_date_once(api: Caller, desk: Desk) -> None:
    desk.approve(*RULES)
    record(desk, balance("A1", "2026-01-01", 20_000_000))
    assert {"name": "decide-balances"} in api.get("jobs", role="admin")["items"]
    run = "jobs/decide-balances/runs"
    assert api.refused(run, {"on": "2026-02-28"}, role="admin") == (409, "try-again")  # balances are still coming in
    desk.rows("update balance_intake set recorded_at = recorded_at - interval '3 seconds' returning 1")
    assert api.refused(run, {"on": "2026-03-03"}, role="admin") == (409, "try-again")  # the business date is 2 March
    assert api.post(run, {"on": "2026-02-28"}, role="admin") == {"status": "done", "detail": "1 months of accounts decided, 1 accrued"}
    assert api.post(run, role="admin")["detail"] == "1 months of accounts decided, 1 accrued"
    assert api.post(run, role="admin")["detail"] == "0 months of accounts decided"


def test_the_chore_decides_what_is_due_and_counts_it(api: Caller, desk: Desk, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accrual.entrypoints.jobs.DECIDE_AFTER_START", timedelta(0))
    monkeypatch.setattr("accrual.application.decide_month_balances.QUIET", timedelta(0))
    desk.approve(*RULES)
    record(desk, balance("A1", "2026-02-01", 20_000_000))
    [chore] = [chore for chore in service.chores if chore.name == "decide-balances"]
    chore.run()
    assert 'loyalty_accrual_months_total{outcome="accrued"} 1.0' in api.client.get("/metrics").text.splitlines()


def test_the_chore_waits_until_consumers_have_begun(desk: Desk, service: Service) -> None:
    desk.approve(*RULES)
    record(desk, balance("A1", "2026-02-01", 20_000_000))
    desk.rows("update balance_intake set recorded_at = recorded_at - interval '1 minute' returning 1")
    [chore] = [chore for chore in service.chores if chore.name == "decide-balances"]
    chore.run()
    assert desk.rows("select count(*) from decision") == [(0,)]


def test_outcomes_of_behaviours_and_balances_are_counted(api: Caller, service: Service) -> None:
    followed = {each.group: each for each in service.subscriptions}
    for group, event in (("accrual.decide-behaviours", behaviour("1")), ("accrual.record-balances", balance("A1", "2026-02-01", 1))):
        followed[group].use_case(batch_of(group, followed[group].topic.name, (event,)))
    lines = api.client.get("/metrics").text.splitlines()
    assert 'loyalty_accrual_behaviours_total{outcome="not-accrued"} 1.0' in lines
    assert 'loyalty_accrual_balances_total{outcome="recorded"} 1.0' in lines


def test_anothers_behaviours_are_beyond_a_branchs_scope(api: Caller, desk: Desk) -> None:
    token = "001-branch"
    issued = CredentialIssuedV1(
        credential=token, token_sha256=token_sha256(token), entities=("001",), functions=("auditor",), channel=None, enabled=True,
        institutions=("450200",), operator="wei",
    )  # fmt: skip
    with desk.database.transaction() as cursor:
        issue_credential(cursor, issued)
    desk.announce(facts("C1", AT, institution="450200"), facts("C2", AT, institution="450100"))
    behave(desk, behaviour("1"), behaviour("2", customer_no="C2"))
    assert api.get("decisions/app/1/1?kind=behaviour", role="branch")["outcome"] == "not-accrued"
    assert api.refused("decisions/app/2/1?kind=behaviour", method="GET", role="branch") == (403, "beyond-your-scope")
