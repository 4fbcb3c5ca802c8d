"""What the pages show, from what the services answered."""

import json
from pathlib import Path
from typing import Any

import pytest

from console.adapters.service_calls import Away, Done, Refused
from console.entrypoints.pages.assets import LOCKED
from console.entrypoints.pages.customers_view import account_from, decision_from
from console.entrypoints.pages.languages import LANGUAGES
from console.entrypoints.pages.overview_view import Asked, flow_chart, hour_chart, lag_chart, outcome_chart, overview_from
from console.entrypoints.pages.rules_view import EXAMPLE, NotJson, document_from, rules_from
from console.entrypoints.pages.visits import local_path

METRICS = """
# TYPE loyalty_accrual_events counter
loyalty_accrual_events_total{outcome="accrued"} 90.0
loyalty_accrual_events_total{outcome="not-accrued"} 10.0
"""
LEDGER_METRICS = """
# TYPE loyalty_redemption_invariant_violations gauge
loyalty_redemption_invariant_violations{invariant="trial-balance-zero",legal_entity="001"} 2.0
loyalty_redemption_invariant_violations{invariant="trial-balance-zero",legal_entity="002"} 7.0
# TYPE loyalty_consumer_records counter
loyalty_consumer_records_total{group="redemption.credit-earned-points",outcome="taken"} 80.0
loyalty_consumer_records_total{group="redemption.follow-parameters",outcome="taken"} 5.0
"""
UNKNOWN = Refused("redemption", 404, "customer-unknown", "", ())
EMPTY = Done(200, {"items": [], "next_cursor": None})


def consumer(partition: int, end: int | None, state: str = "following") -> dict[str, Any]:
    return {
        "group": "g",
        "topic": "t",
        "partition": partition,
        "next_offset": 10,
        "end_offset": end,
        "state": state,
        "detail": "why" if state == "stopped" else "",
    }


def asked(service: str, metrics: str = "", *consumers: dict[str, Any]) -> Asked:
    return Asked(
        service=service,
        health=Done(200, {"status": "ready", "checks": {"kafka": "ok"}}),
        consumers=Done(200, {"items": list(consumers)}),
        metrics=Done(200, metrics),
    )


def test_the_overview_adds_up_what_the_services_tell() -> None:
    overview = overview_from([asked("accrual", METRICS, consumer(0, 13), consumer(1, 17)), asked("redemption", LEDGER_METRICS)], "001")
    assert (overview.ready, overview.lag_total, overview.violations) == (2, 10, 2)  # another entity's violations are not this one's
    assert overview.outcomes == {"accrued": 90, "not-accrued": 10}
    assert overview.flow == {"decided": 100, "posted": 80, "calls": 0}
    zh = LANGUAGES["zh"]
    assert lag_chart(overview, zh)["series"][0]["data"] == [10]
    assert outcome_chart(overview, zh)["series"][0]["data"][0] == {"name": "已累积积分", "value": 90}
    assert {series["id"] for series in flow_chart(zh)["series"]} == set(overview.flow)


def test_the_last_hour_adds_up_institutions_and_channels() -> None:
    def window(minute: str, institution: str, outcome: str, transactions: int, points: int) -> dict[str, Any]:
        return {"minute": minute, "institution": institution, "channel": "POS", "outcome": outcome, "transactions": transactions, "points": points}

    at, later = "2026-03-01T01:00:00Z", "2026-03-01T01:01:00Z"
    windows = [window(at, "1", "accrued", 3, 30), window(at, "2", "accrued", 4, 40), window(at, "1", "not-accrued", 5, 0), window(later, "1", "accrued", 1, 9)]
    chart = hour_chart(Done(200, {"items": windows}), LANGUAGES["en"])
    assert chart is not None
    assert {series["name"]: series["data"] for series in chart["series"]} == {
        "Points accrued": [[at, 7], [later, 1]],
        "No points": [[at, 5]],
        "Points": [[at, 70], [later, 9]],
    }
    assert hour_chart(Away("reporting"), LANGUAGES["en"]) is None


def test_a_service_is_ready_not_ready_or_away_and_the_worst_partition_speaks_for_its_group() -> None:
    halting = Asked(
        service="redemption",
        health=Done(503, {"status": "not-ready", "checks": {"kafka": "no broker answers", "database": "ok"}}),
        consumers=Done(200, {"items": [consumer(0, 10), consumer(1, None, "stopped")]}),
        metrics=Away("redemption"),
    )
    silent = Asked(service="merchant", health=Away("merchant"), consumers=Refused("merchant", 401, "unauthenticated", "", ()), metrics=Away("merchant"))
    overview = overview_from([halting, silent], "001")
    assert [(card.service, card.state, card.faults) for card in overview.services] == [
        ("redemption", "not-ready", {"kafka": "no broker answers"}),
        ("merchant", "away", {}),
    ]
    assert [(lag.records, lag.state, lag.detail) for lag in overview.lags] == [(None, "stopped", "why")]
    assert overview.unheard == ["merchant"]


def test_a_customer_is_unknown_only_when_every_service_says_so() -> None:
    unknown = account_from("C", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, EMPTY)
    assert not unknown.is_known
    assert account_from("C", UNKNOWN, UNKNOWN, UNKNOWN, Away("accrual"), Away("accrual")).is_known  # who is away may know
    announced = account_from("C", UNKNOWN, UNKNOWN, UNKNOWN, Done(200, {"name": "n"}), EMPTY)
    assert (announced.is_known, announced.account, announced.account_missing) == (True, None, None)


def test_only_what_accrual_decided_can_be_asked_why() -> None:
    def line(kind: str, no: str) -> dict[str, Any]:
        return {"cause": {"kind": kind, "source_system": "core/eu", "no": no, "leg": 2}}

    statement = Done(200, {"items": [line("transaction", "T 1"), line("redemption", "R1"), line("balance", "A1:2026-03")], "next_cursor": "more"})
    page = account_from("C", EMPTY, statement, Away("redemption"), UNKNOWN, EMPTY)
    assert [entry["why"] for entry in page.statement.items] == ["decisions/core%2Feu/T%201/2", None, "decisions/core%2Feu/A1%3A2026-03/2?kind=balance"]
    assert (page.statement.older, page.lots.missing) == ("more", "redemption")


def test_rules_that_applied_come_first_and_a_refund_leads_to_its_original() -> None:
    decision = {
        "original": {"source_system": "core", "transaction_no": "T1", "leg": 1},
        "rules": [{"code": "a", "applied": False}, {"code": "b", "applied": True}, {"code": "c", "applied": False}],
    }
    shown = decision_from(decision)
    assert [rule["code"] for rule in shown["rules"]] == ["b", "a", "c"]
    assert shown["original_path"] == "decisions/core/T1/1"


def test_the_editors_text_is_a_rule_or_says_where_it_is_none() -> None:
    assert document_from(EXAMPLE) == json.loads(EXAMPLE)
    assert document_from('{"code": 1,\n  oops}') == NotJson(2, 3, "Expecting property name enclosed in double quotes")
    assert isinstance(document_from("[]"), NotJson)


def test_versions_that_wait_for_a_checker_come_first() -> None:
    versions = [
        {"code": code, "version": version, "status": status} for code, version, status in (("a", 1, "approved"), ("b", 1, "submitted"), ("a", 2, "approved"))
    ]
    assert [(item["code"], item["version"]) for item in rules_from(versions, "")] == [("b", 1), ("a", 2), ("a", 1)]
    assert [item["code"] for item in rules_from(versions, "submitted")] == ["b"]


@pytest.mark.parametrize(
    ("path", "goes_to"),
    [
        ("/entities/001/rules?status=draft", "/entities/001/rules?status=draft"),
        ("//elsewhere", "/"),
        ("/\\elsewhere", "/"),
        ("https://elsewhere", "/"),
        ("/a\nb", "/"),
    ],
)
def test_only_addresses_of_ours_are_gone_to(path: str, goes_to: str) -> None:
    assert local_path(path) == goes_to


def test_the_assets_address_tells_the_versions_that_the_lock_file_has() -> None:
    lock = json.loads((Path(__file__).parents[3] / "services/console/package-lock.json").read_text())
    assert {name: lock["packages"][f"node_modules/{name}"]["version"] for name in LOCKED} == dict(LOCKED)
