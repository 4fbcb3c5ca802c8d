"""Operators, roles with their data scope, and the tree of institutions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from loyalty_shared.contracts.console import CredentialIssuedV1, InstitutionChangedV1
from support.console_desk import PASSWORD, Console, problem_of
from support.eventually import eventually

TREE = (("450000", "HQ", "branch"), ("450100", "450000", "sub-branch"), ("450101", "450100", "outlet"), ("460000", "HQ", "branch"))


def institution(console: Console, code: str, parent: str | None = "HQ", who: str = "001:admin", **more: Any) -> Any:
    return console.put(f"institutions/{code}", {"names": {"en": code}, "parent": parent, **more}, who)


@pytest.fixture
def bank(console: Console) -> Console:
    """A console whose entity 001 has two branches, and a role of branch administrators."""
    for code, parent, level in TREE:
        answer = institution(console, code, parent)
        assert (answer.status_code, answer.json()["level"]) == (200, level)
    role = {"names": {"en": "Branch administrator"}, "functions": ["admin", "auditor"], "scope": "own-and-below"}
    assert console.put("roles/branch-admin", role).status_code == 200
    return console


def codes(answer: Any, name: str) -> list[str]:
    return [item[name] for item in answer.json()["items"]]


def test_the_tree_is_shown_in_order_and_announced(bank: Console) -> None:
    shown = bank.read("institutions").json()["items"]
    assert [(one["institution"], one["depth"]) for one in shown] == [("HQ", 0), ("450000", 1), ("450100", 2), ("450101", 3), ("460000", 1)]
    assert bank.read("institutions/450101", "001:channel").json()["path"] == ["HQ", "450000", "450100", "450101"]
    announced = [event for event in bank.announced(InstitutionChangedV1) if event.legal_entity == "001"]
    assert [(event.institution, event.parent, event.level, event.status) for event in announced][1:3] == [
        ("450000", "HQ", "branch", "open"),
        ("450100", "450000", "sub-branch", "open"),
    ]


def test_what_is_said_again_is_announced_once(bank: Console) -> None:
    before = bank.announced()
    assert institution(bank, "450000").status_code == 200
    assert bank.announced() == before


def test_an_unknown_parent_and_a_cycle_are_refused_and_nothing_is_changed(bank: Console) -> None:
    before = bank.read("institutions").json()
    assert problem_of(institution(bank, "470000", "999999"), 404, "institution-unknown")["reasons"][0]["path"] == "body.parent"
    for parent in ("450101", "450000"):
        problem_of(institution(bank, "450000", parent), 409, "institution-cycle")
    problem_of(institution(bank, "HQ", "450101"), 409, "institution-cycle")
    problem_of(bank.read("institutions/999999"), 404, "institution-unknown")
    assert bank.read("institutions").json() == before


def test_moves_made_at_once_never_make_a_cycle(bank: Console) -> None:
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda move: institution(bank, *move).status_code, (("450000", "460000"), ("460000", "450000"))))
    assert sorted(answers) == [200, 409]
    assert len(bank.read("institutions").json()["items"]) == 5


def test_an_institution_in_use_is_not_closed_and_nothing_opens_below_a_closed_one(bank: Console) -> None:
    problem_of(institution(bank, "450100", "450000", status="closed"), 409, "institution-in-use")
    bank.operator("li", institution="460000")
    problem_of(institution(bank, "460000", status="closed"), 409, "institution-in-use")
    assert bank.write("operators/li/disable").status_code == 200
    assert institution(bank, "460000", status="closed").json()["status"] == "closed"
    problem_of(institution(bank, "460100", "460000"), 409, "institution-closed")
    problem_of(bank.write("operators", {"operator": "wu", "password": PASSWORD, "institution": "460000"}), 409, "institution-closed")


def test_a_branch_administrator_sees_and_changes_what_is_below_only(bank: Console) -> None:
    bank.operator("li", institution="460000")
    wei = bank.operator("wei", "branch-admin", institution="450000")
    assert codes(bank.read("institutions", wei), "institution") == ["450000", "450100", "450101"]
    problem_of(bank.read("institutions/460000", wei), 403, "beyond-your-scope")
    assert codes(bank.read("operators", wei), "operator") == ["wei"]
    problem_of(bank.read("operators/li", wei), 403, "beyond-your-scope")
    problem_of(bank.read("operators?institution=460000", wei), 403, "beyond-your-scope")
    problem_of(bank.read("audit", wei), 403, "beyond-your-scope")
    for path, body in (("disable", None), ("lock", None), ("reset", {"password": "some other fine words"})):
        problem_of(bank.write(f"operators/li/{path}", body, wei), 403, "beyond-your-scope")
    problem_of(bank.write("operators", {"operator": "new", "password": PASSWORD, "institution": "460000"}, wei), 403, "beyond-your-scope")
    problem_of(bank.write("operators", {"operator": "new", "password": PASSWORD}, wei), 403, "beyond-your-scope")
    problem_of(institution(bank, "460000", who=wei), 403, "beyond-your-scope")
    problem_of(institution(bank, "470000", who=wei), 403, "beyond-your-scope")
    problem_of(institution(bank, "470000", None, wei), 403, "beyond-your-scope")
    assert institution(bank, "450200", "450000", wei).status_code == 200
    assert bank.operator("new", institution="450100", who=wei)
    assert bank.read("operators/li").json()["status"] == "active"


def test_nobody_gives_more_than_they_have(bank: Console) -> None:
    wei = bank.operator("wei", "branch-admin", institution="450000")
    wide = {"operator": "new", "password": PASSWORD, "institution": "450100", "roles": ["admin"]}
    assert problem_of(bank.write("operators", wide, wei), 403, "beyond-your-scope")["reasons"][0]["path"] == "body.roles.0"
    role = {"names": {"en": "All"}, "functions": ["auditor"], "scope": "entity"}
    problem_of(bank.put("roles/wide", role, wei), 403, "beyond-your-scope")
    problem_of(bank.put("/v1/entities/002/roles/all", {**role, "scope": "all-entities"}, "002:admin"), 403, "beyond-your-scope")
    problem_of(bank.put("roles/branch-admin", {**role, "scope": "own-institution"}, wei), 409, "own-operator")
    problem_of(bank.put("operators/wei", {"name": "Wei", "institution": "450000", "roles": []}, wei), 409, "own-operator")
    problem_of(bank.write("operators/wei/disable", None, wei), 409, "own-operator")


@pytest.mark.parametrize("wider", ["admin", "group-auditor"])
def test_a_branch_administrator_does_nothing_to_a_wider_operator_of_the_branch(bank: Console, wider: str) -> None:
    bank.put("roles/group-auditor", {"names": {"en": "Group"}, "functions": ["auditor"], "scope": "all-entities"})
    wei = bank.operator("wei", "branch-admin", institution="450000")
    bank.operator("li", wider, institution="450100")
    before = bank.read("operators/li").json()
    for path, body in (("disable", None), ("enable", None), ("lock", None), ("unlock", None), ("reset", {"password": "some other fine words"})):
        refused = problem_of(bank.write(f"operators/li/{path}", body, wei), 403, "beyond-your-scope")
        assert (refused["reasons"][0]["path"], wider in refused["reasons"][0]["fault"]) == ("path.operator", True)
    problem_of(bank.put("operators/li", {"name": "Li", "institution": "450100", "roles": []}, wei), 403, "beyond-your-scope")
    assert bank.read("operators/li").json() == before
    assert bank.write("operators/li/reset", {"password": "some other fine words"}).status_code == 200


@pytest.mark.parametrize(("institution_of_holder", "roles"), [("460000", ["teller"]), ("450100", ["teller", "auditor"])], ids=["elsewhere", "wider"])
def test_a_branch_administrator_changes_no_role_of_an_operator_beyond_their_reach(bank: Console, institution_of_holder: str, roles: list[str]) -> None:
    teller = {"names": {"en": "Teller"}, "functions": ["maker"], "scope": "own-institution"}
    wei = bank.operator("wei", "branch-admin", institution="450000")
    assert bank.put("roles/teller", teller, wei).status_code == 200
    bank.operator("wu", "teller", institution="450100")
    assert bank.put("roles/teller", {**teller, "functions": ["maker", "auditor"]}, wei).status_code == 200
    li = bank.operator("li", *roles, institution=institution_of_holder)
    assert problem_of(bank.put("roles/teller", teller, wei), 403, "beyond-your-scope")["reasons"][0]["path"] == "path.code"
    assert bank.read("/v1/sessions", li).json()["functions"] == ["auditor", "maker"]
    assert bank.put("roles/teller", teller).status_code == 200


def test_the_sponsor_lets_an_auditor_see_every_entity(bank: Console) -> None:
    assert bank.put("roles/group-auditor", {"names": {"en": "Group"}, "functions": ["auditor"], "scope": "all-entities"}).status_code == 200
    token = bank.operator("zhao", "group-auditor")
    for entity in ("001", "002"):
        assert bank.read(f"/v1/entities/{entity}/audit", token).status_code == 200
    assert bank.announced(CredentialIssuedV1)[-1].entities == ("001", "002")


def test_an_operator_without_a_role_may_do_nothing(console: Console) -> None:
    token = console.operator("wu")
    problem_of(console.read("operators", token), 403, "function-not-granted")
    problem_of(console.write("business-date", {"business_on": "2026-03-04"}, token), 403, "function-not-granted")


@pytest.mark.parametrize("change", ["operator", "role", "tree"])
def test_a_session_ends_when_what_it_may_see_or_do_has_changed(bank: Console, change: str) -> None:
    wei = bank.operator("wei", "branch-admin", institution="450000")
    if change == "operator":
        assert bank.put("operators/wei", {"name": "Wei", "institution": "450000", "roles": []}).status_code == 200
    elif change == "role":
        body = {"names": {"en": "Branch"}, "functions": ["auditor"], "scope": "own-institution"}
        assert bank.put("roles/branch-admin", body).status_code == 200
    else:
        assert institution(bank, "450100", "460000").status_code == 200
    eventually(lambda: problem_of(bank.read("institutions", wei), 401, "unauthenticated"), timeout_seconds=5)


def test_operators_are_refused_naming_the_field(console: Console) -> None:
    good = {"operator": "wei", "password": PASSWORD}
    assert console.write("operators", good).json()["institution"] == "HQ"
    wrong: tuple[tuple[dict[str, Any], int, str, str], ...] = (
        ({}, 409, "operator-exists", "body.operator"),
        ({"operator": "w2", "roles": ["maker", "boss"]}, 404, "role-unknown", "body.roles.1"),
        ({"operator": "w2", "institution": "nowhere"}, 404, "institution-unknown", "body.institution"),
        ({"operator": "w2", "password": "short"}, 422, "password-not-accepted", "body.password"),
        ({"operator": "w 2"}, 422, "invalid-request", "body.operator"),
        ({"operator": "w2", "salary": 1}, 422, "invalid-request", "body.salary"),
    )
    for change, status, code, path in wrong:
        assert problem_of(console.write("operators", good | change), status, code)["reasons"][0]["path"] == path
    problem_of(console.write("/v1/entities/002/operators", good, "002:admin"), 409, "operator-exists")
    problem_of(console.read("/v1/entities/002/operators/wei", "002:admin"), 404, "operator-unknown")
    problem_of(console.write("operators/wei/promote"), 422, "invalid-request")
    problem_of(console.write("operators/nobody/lock"), 404, "operator-unknown")
    console.write("operators/wei/disable")
    problem_of(console.write("operators/wei/lock"), 409, "operator-disabled")
    problem_of(console.put("roles/r", {"names": {"en": "R"}, "functions": ["channel"], "scope": "entity"}), 422, "invalid-request")


def test_only_administrators_change_who_may_do_what(console: Console) -> None:
    for who in ("001:maker", "001:checker", "001:auditor", "001:channel"):
        problem_of(console.write("operators", {"operator": "wei", "password": PASSWORD}, who), 403, "function-not-granted")
        problem_of(institution(console, "450000", who=who), 403, "function-not-granted")
        problem_of(console.put("roles/r", {"names": {"en": "R"}, "functions": [], "scope": "entity"}, who), 403, "function-not-granted")
    problem_of(console.read("operators", "001:channel"), 403, "function-not-granted")
    problem_of(console.read("operators", "002:admin"), 403, "not-your-entity")


def test_operators_are_listed_by_pages(console: Console) -> None:
    first = console.read("operators?limit=3").json()
    second = console.read(f"operators?limit=3&cursor={first['next_cursor']}").json()
    assert [one["operator"] for one in first["items"] + second["items"]] == ["001-admin", "001-auditor", "001-checker", "001-maker"]
    assert second["next_cursor"] is None
    assert (first["items"][0]["functions"], first["items"][0]["scope"]) == (["admin", "auditor"], "entity")


def test_an_entity_that_is_opened_has_a_head_office_roles_and_operators(console: Console) -> None:
    body = {"legal_entity": "003", "names": {"en": "Third"}, "zone": "Asia/Tokyo", "business_on": "2026-03-01"}
    assert console.write("/v1/entities", body).status_code == 201
    token = console.session("003-admin")
    assert codes(console.read("/v1/entities/003/institutions", token), "institution") == ["HQ"]
    assert codes(console.read("/v1/entities/003/roles", token), "code") == ["admin", "auditor", "checker", "maker"]
    assert console.write("/v1/entities/003/business-date", {"business_on": "2026-03-02"}, token).status_code == 200
