"""What a page does not do: each refusal has a stable code and is said in words, in both languages, and nothing is changed by it."""

import html
import json
import re
from typing import Any

import pytest

from support.eventually import eventually
from support.pages import CUSTOMER, Desk, session_of, told
from support.rules import rule

LANGUAGES = ("zh", "en")


def rules(desk: Desk) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = desk.bank.get("accrual", "rules")["items"]
    return items


@pytest.mark.parametrize("path", ["overview", "customers", f"customers/{CUSTOMER}", "rules", "rules/new", "approvals", "parameters", "jobs", "audit"])
def test_a_page_without_a_session_leads_to_the_sign_in_page(desk: Desk, path: str) -> None:
    with desk.http() as client:
        answer = client.get(f"{desk.root}/{path}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next=%2Fentities%2F{desk.bank.legal_entity}%2F{path.replace('/', '%2F')}")
        part = client.get(f"{desk.root}/{path}", headers={"HX-Request": "true"})
        assert (part.status_code, part.headers["hx-redirect"]) == (401, "/sign-in")
    with desk.http("nz_of-nobody") as client:
        assert client.get(f"{desk.root}/{path}").status_code == 303


def test_a_wrong_password_is_refused_on_the_page_and_no_session_begins(desk: Desk) -> None:
    with desk.http() as client:
        answer = client.post("/sign-in", data={"operator": desk.operator("auditor")[0], "password": "not the password"})
    assert told(answer) == (401, "session-refused")
    assert "set-cookie" not in answer.headers


def test_a_page_of_another_entity_is_beyond_the_operators_scope(desk: Desk) -> None:
    with desk.http(session_of(desk, "auditor")) as client:
        assert told(client.get("/entities/001/overview")) == (403, "not-your-entity")
        assert told(client.get(f"/entities/001/customers/{CUSTOMER}")) == (403, "not-your-entity")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_operator_without_the_function_is_told_so_and_no_rule_is_made(desk: Desk, language: str) -> None:
    words = {"zh": "您的操作员没有此操作所需的权限", "en": "Your operator does not have the function"}
    before = rules(desk)
    with desk.http(session_of(desk, "auditor")) as client:
        client.cookies.set("nanzhu_language", language)
        shown = client.get(f"{desk.root}/rules/new")
        assert told(shown) == (403, "function-not-granted")
        assert words[language] in shown.text
        sent = client.post(f"{desk.root}/rules/new", data={"document": json.dumps(rule("sneaked-in", {"fixed": 1})), "key": "k"})
        assert told(sent) == (403, "function-not-granted")
        assert told(client.post(f"{desk.root}/rules/card-base/versions/1/stop", data={"key": "k", "on": "2026-03-02"})) == (403, "function-not-granted")
    assert rules(desk) == before


def test_what_does_not_fit_in_a_rule_is_named_by_its_path_and_the_text_stays(desk: Desk) -> None:
    before = rules(desk)
    with desk.http(session_of(desk, "maker")) as client:
        faulty = json.dumps(rule("faulty", {"per_minor": 0, "points": 1}) | {"rounding": "sideways"})
        answer = client.post(f"{desk.root}/rules/new", data={"document": faulty, "key": "k1"})
        assert told(answer) == (422, "rule-not-valid")
        assert "body.earn.per_minor" in answer.text
        assert "body.rounding" in answer.text
        assert "sideways" in answer.text.partition("<textarea")[2]
        broken = client.post(f"{desk.root}/rules/new", data={"document": '{"code": "x",\n oops}', "key": "k2"})
        assert told(broken) == (422, "malformed-json")
        assert "2:2" in broken.text
    assert rules(desk) == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_rule_goes_from_draft_to_approved_by_two_operators_and_never_by_one(desk: Desk, language: str) -> None:
    words = {"zh": "经办人不能批准自己提交的内容", "en": "Who made it cannot approve it"}
    document = json.dumps(rule(f"by-pages-{language}", {"per_minor": 100_000_000, "points": 1}))
    with desk.http(session_of(desk, "maker")) as maker, desk.http(session_of(desk, "checker")) as checker:
        maker.cookies.set("nanzhu_language", language)
        saved = maker.post(f"{desk.root}/rules/new", data={"document": document, "key": f"save-{language}"})
        assert saved.status_code == 303
        address = saved.headers["location"].partition("?")[0]
        assert maker.post(f"{address}/submit", data={"key": f"submit-{language}"}).status_code == 303
        own = maker.post(f"{address}/approve", data={"key": f"approve-own-{language}"})
        assert told(own) == (403, "maker-cannot-approve")
        assert words[language] in own.text
        assert 'data-status="submitted"' in own.text  # nothing was changed
        assert checker.post(f"{address}/approve", data={"key": f"approve-{language}"}).status_code == 303
        assert 'data-status="approved"' in checker.get(address).text
        assert told(checker.post(f"{address}/approve", data={"key": f"approve-again-{language}"})) == (409, "rule-not-submitted")


def test_a_form_from_another_site_is_refused(desk: Desk) -> None:
    before = rules(desk)
    form = {"document": json.dumps(rule("foreign", {"fixed": 1})), "key": "k"}
    with desk.http(session_of(desk, "maker")) as client:
        for headers in ({"Origin": "https://elsewhere.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            assert told(client.post(f"{desk.root}/rules/new", data=form, headers=headers)) == (403, "foreign-form")
    assert rules(desk) == before


def test_a_customer_that_no_service_knows_and_a_decision_that_never_came(desk: Desk) -> None:
    with desk.http(desk.bank.tokens["auditor"]) as client:
        assert told(client.get(f"{desk.root}/customers/C-NOBODY")) == (404, "customer-unknown")
        assert told(client.get(f"{desk.root}/customers/{CUSTOMER}/decisions/core/NONE/1")) == (404, "decision-unknown")


def test_an_address_to_go_on_to_is_one_of_ours(desk: Desk) -> None:
    code, password = desk.operator("auditor")
    with desk.http() as client:
        for target in ("https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example"):
            answer = client.post("/sign-in", data={"operator": code, "password": password, "next": target})
            assert answer.headers["location"] == f"/entities/{desk.bank.legal_entity}/overview"


def test_signing_out_ends_the_session_everywhere(desk: Desk) -> None:
    token = session_of(desk, "auditor")
    with desk.http(token) as client:
        assert client.get(f"{desk.root}/overview").status_code == 200
        assert client.post("/sign-out").headers["location"] == "/sign-in"
    with desk.http(token) as client:
        assert client.get(f"{desk.root}/overview").status_code == 303
    eventually(lambda: desk.bank.call("GET", "accrual", "rules", token=token).status_code == 401)


def test_with_a_service_away_its_part_is_missing_and_the_rest_is_there(desk: Desk) -> None:
    platform = desk.bank.platform
    platform.stop("accrual")
    try:
        with desk.http(desk.bank.tokens["auditor"]) as client:
            client.cookies.set("nanzhu_language", "en")
            customer = client.get(f"{desk.root}/customers/{CUSTOMER}")
            assert customer.status_code == 200
            assert "Accrual does not answer; this part is missing." in customer.text
            assert 'id="available"' in customer.text
            overview = client.get(f"{desk.root}/overview")
            assert re.search(r'data-service="accrual".*?Away', overview.text, re.DOTALL)
            assert re.search(r'data-service="redemption".*?Ready', overview.text, re.DOTALL)
            assert told(client.get(f"{desk.root}/rules")) == (503, "service-away")
    finally:
        platform.start("accrual")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_customer_of_another_branch_is_refused_in_words_and_nothing_of_theirs_is_shown(desk: Desk, language: str) -> None:
    words = {"zh": "超出您的操作员数据范围", "en": "beyond your operator's scope"}
    token = branch_session(desk, f"branch-{language}")
    with desk.http(token) as client:
        client.cookies.set("nanzhu_language", language)
        decision = f"customers/{CUSTOMER}/decisions/core/P-1/1"
        for path in (f"customers/{CUSTOMER}", decision):
            page = client.get(f"{desk.root}/{path}")
            assert told(page) == (403, "beyond-your-scope")
            assert words[language] in html.unescape(page.text)
            assert "陈南珠" not in page.text
            assert 'id="available"' not in page.text
            assert "card-base" not in page.text
    with desk.http(desk.bank.tokens["auditor"]) as client:
        assert "陈南珠" in client.get(f"{desk.root}/customers/{CUSTOMER}").text


def branch_session(desk: Desk, name: str) -> str:
    """Return the token of an operator who sees head office's own data only, known to the services that tell of customers."""
    bank, password = desk.bank, "three uncommon words"
    role = {"names": {"en": name}, "functions": ["auditor"], "scope": "own-institution"}
    assert bank.call("PUT", "console", f"roles/{name}", role="admin", json=role).is_success
    code = f"{name}-{bank.legal_entity}".lower()
    bank.post("console", "operators", {"operator": code, "password": password, "institution": "HQ", "roles": [name]}, role="admin")
    with desk.http() as client:
        answer = client.post("/sign-in", data={"operator": code, "password": password})
    token = answer.cookies["nanzhu_session"]
    for service in ("accrual", "redemption"):
        eventually(lambda service=service: bank.call("GET", service, "business-date", token=token).raise_for_status())  # type: ignore[misc]
    return token
