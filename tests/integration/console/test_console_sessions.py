"""Signing in: sessions, failures and locks, passwords."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from console.adapters.unit_of_work import units_of_work
from console.application.sign_in import SignIn
from console.domain.refusals import Refusal
from loyalty_shared.contracts.console import CredentialIssuedV1
from loyalty_shared.web.credentials import token_sha256
from loyalty_shared.web.idempotency import fingerprint_of
from support.console_desk import PASSWORD, SEED, Console, bearer, problem_of
from support.eventually import eventually

DATE = "business-date"
NEW_PASSWORD = "another fine mess of it"


def sessions_of(console: Console, operator: str) -> list[CredentialIssuedV1]:
    return [event for event in console.announced(CredentialIssuedV1) if event.operator == operator]


def test_an_operator_signs_in_works_and_signs_out(console: Console) -> None:
    answer = console.sign_in("001-admin")
    body = answer.json()
    token = body.pop("token")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    assert body == {
        "expires_at": "2026-03-02T01:30:00Z",
        "credential": "operator:001-admin",
        "operator": "001-admin",
        "name": "系统管理员",
        "legal_entity": "001",
        "functions": ["admin", "auditor"],
        "entities": ["001"],
        "institutions": None,
    }
    assert console.read("/v1/sessions", token).json() == body
    assert console.write(DATE, {"business_on": "2026-03-03"}, token).status_code == 200
    problem_of(console.read("/v1/entities/002/business-date", token), 403, "not-your-entity")
    assert console.client.delete("/v1/sessions", headers=bearer(token)).status_code == 204
    eventually(lambda: problem_of(console.read(DATE, token), 401, "unauthenticated"), timeout_seconds=5)


def test_a_session_is_announced_and_taken_back_without_its_token(console: Console) -> None:
    token = console.session("001-maker")
    console.client.delete("/v1/sessions", headers=bearer(token))
    opened, ended = sessions_of(console, "001-maker")
    assert (opened.token_sha256, opened.enabled, opened.entities, opened.functions) == (token_sha256(token), True, ("001",), ("maker", "auditor"))
    assert (ended.credential, ended.enabled) == (opened.credential, False)
    kept = repr(console.sql("select body from announcement union all select body::text from idempotency union all select after from audit_record"))
    assert token not in kept


def test_a_session_ends_by_itself(console: Console) -> None:
    token = console.session("001-auditor")
    console.clock.put_on(hours=7.9)
    assert console.read(DATE, token).status_code == 200
    console.clock.put_on(hours=0.2)
    problem_of(console.read(DATE, token), 401, "unauthenticated")


def test_who_is_unknown_is_told_what_one_with_a_wrong_password_is_told(console: Console) -> None:
    console.write("operators/001-checker/disable")
    wrong = problem_of(console.sign_in("001-maker", "wrong"), 401, "session-refused")
    for answer in (console.sign_in("nobody", "wrong"), console.sign_in("001-checker", "wrong"), console.sign_in("001-checker")):
        assert problem_of(answer, 401, "session-refused") == wrong


def test_five_failures_in_a_row_lock_and_an_administrator_unlocks(console: Console) -> None:
    for _ in range(4):
        problem_of(console.sign_in("001-maker", "wrong"), 401, "session-refused")
    assert console.sign_in("001-maker").status_code == 201
    for _ in range(5):
        problem_of(console.sign_in("001-maker", "wrong"), 401, "session-refused")
    problem_of(console.sign_in("001-maker"), 401, "session-locked")
    assert console.read("operators/001-maker").json()["status"] == "locked"
    assert console.write("operators/001-maker/unlock").json() == {"operator": "001-maker", "status": "active"}
    assert console.sign_in("001-maker").status_code == 201
    assert [record["action"] for record in console.read("audit?subject=001-maker&action=operator.locked").json()["items"]] == ["operator.locked"]


class NoTimeSpent:
    """Passwords that nobody may ask for: what is answered with them costs no hash."""

    def hash(self, password: str) -> str:
        raise AssertionError("a hash was made")

    def fits(self, password_hash: str | None, password: str) -> bool:
        raise AssertionError("a password was checked")


def test_guessing_at_a_locked_operator_costs_no_hash_and_fills_no_trail(console: Console) -> None:
    console.write("operators/001-maker/lock")
    before = console.sql("select count(*) from audit_record")
    sign_in = SignIn(begin=units_of_work(console.database), clock=console.clock, passwords=NoTimeSpent(), new_token=lambda: "none")
    assert sign_in("001-maker", "a guess", "10.0.0.1", "r") is Refusal.SESSION_LOCKED
    problem_of(console.sign_in("001-maker"), 401, "session-locked")
    assert console.sql("select count(*) from audit_record") == before
    assert 'loyalty_console_sign_ins_total{outcome="session-locked"} 1.0' in console.client.get("/metrics").text


def test_guesses_made_at_once_are_all_counted(console: Console) -> None:
    with ThreadPoolExecutor(8) as threads:
        codes = [answer.json()["code"] for answer in threads.map(lambda number: console.sign_in("001-maker", f"guess {number}"), range(12))]
    assert (codes.count("session-refused"), codes.count("session-locked")) == (5, 7)
    assert console.sql("select count(*) from audit_record where subject = '001-maker' and action <> 'operator.created'") == [(5,)]


@pytest.mark.parametrize("change", ["disable", "lock"])
def test_who_may_no_longer_sign_in_has_no_session_either(console: Console, change: str) -> None:
    token = console.session("001-maker")
    assert console.write(f"operators/001-maker/{change}").status_code == 200
    eventually(lambda: problem_of(console.read(DATE, token), 401, "unauthenticated"), timeout_seconds=5)
    assert sessions_of(console, "001-maker")[-1].enabled is False


def test_a_local_credential_is_no_session(console: Console) -> None:
    assert console.read("/v1/sessions", "001:maker").json()["operator"] is None
    problem_of(console.client.delete("/v1/sessions", headers=bearer("001:maker")), 409, "not-a-session")
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    problem_of(console.client.post("/v1/sessions/password", json=body, headers=bearer("001:maker")), 409, "not-a-session")


def test_an_operator_changes_the_password_and_other_sessions_end(console: Console) -> None:
    here, there = console.operator("wei"), console.session("wei", PASSWORD)

    def change(current: str, new: str) -> object:
        return console.client.post("/v1/sessions/password", json={"current_password": current, "new_password": new}, headers=bearer(here))

    problem_of(change("not this", NEW_PASSWORD), 401, "session-refused")
    for wrong in ("short", "x" * 129, "wei's own long password", "aaaaaaaaaaaaaaa", PASSWORD):
        refused = problem_of(change(PASSWORD, wrong), 422, "password-not-accepted")
        assert {reason["path"] for reason in refused["reasons"]} == {"body.new_password"}
    assert console.session("wei", PASSWORD)
    assert change(PASSWORD, NEW_PASSWORD).status_code == 200  # type: ignore[attr-defined]
    eventually(lambda: problem_of(console.read("/v1/sessions", there), 401, "unauthenticated"), timeout_seconds=5)
    assert console.read("/v1/sessions", here).status_code == 200
    problem_of(console.sign_in("wei", PASSWORD), 401, "session-refused")
    problem_of(change(NEW_PASSWORD, PASSWORD), 422, "password-not-accepted")
    assert console.sign_in("wei", NEW_PASSWORD).status_code == 201


def test_an_administrator_resets_a_password_which_unlocks(console: Console) -> None:
    console.operator("wei")
    for _ in range(5):
        console.sign_in("wei", "wrong")
    problem_of(console.write("operators/wei/reset", {"password": PASSWORD}), 422, "password-not-accepted")
    problem_of(console.write("operators/nobody/reset", {"password": NEW_PASSWORD}), 404, "operator-unknown")
    problem_of(console.write("/v1/entities/002/operators/wei/reset", {"password": NEW_PASSWORD}, "002:admin"), 404, "operator-unknown")
    assert console.write("operators/wei/reset", {"password": NEW_PASSWORD}).json()["status"] == "active"
    problem_of(console.sign_in("wei", PASSWORD), 401, "session-refused")
    assert console.sign_in("wei", NEW_PASSWORD).status_code == 201


def test_no_password_is_kept_and_none_can_be_guessed_from_a_digest(console: Console) -> None:
    body = {"operator": "wei", "password": PASSWORD}
    first, again = console.write("operators", body, key="k"), console.write("operators", body, key="k")
    assert (first.status_code, again.json(), again.headers["Idempotency-Replayed"]) == (201, first.json(), "true")
    problem_of(console.write("operators", {**body, "password": NEW_PASSWORD}, key="k"), 422, "idempotency-key-reused")
    everything = "select body::text from idempotency union all select after from audit_record union all select unnest(password_hashes) from operator"
    assert PASSWORD not in repr(console.sql(everything))
    plain = fingerprint_of("POST", "/v1/entities/001/operators", b'{"operator": "wei", "password": "' + PASSWORD.encode() + b'"}')
    kept = [bytes(row[0]) for row in console.sql("select body_sha256 from idempotency")]
    assert plain not in kept
    assert SEED not in repr(kept)


def test_a_sign_in_that_is_not_valid_names_the_field(console: Console) -> None:
    for body, path in (
        ({"operator": "x"}, "body.password"),
        ({"operator": 5, "password": "x"}, "body.operator"),
        ({"operator": "", "password": "x"}, "body.operator"),
    ):
        refused = problem_of(console.client.post("/v1/sessions", json=body), 422, "invalid-request")
        assert refused["reasons"][0]["path"] == path
