"""The desk's rules: who is let in, what a role reaches, how the tree stands, which value holds, and what breaks a chain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.access import Role, Scope, grant_from, may_grant
from console.domain.audit import CHAIN_START, AuditRecord, chained, verify
from console.domain.institutions import Institution, InstitutionStatus, Level, below, in_order, level_at, refusal_of
from console.domain.jobs import ATTEMPTS_MAX, next_attempt_at
from console.domain.operators import FAILURES_MAX, Change, Operator, OperatorStatus, decide_change, decide_sign_in, password_faults, with_password
from console.domain.parameters import PARAMETERS, ParameterVersion, VersionStatus, in_force, value_faults
from console.domain.refusals import Refusal
from console.domain.sessions import institutions_of
from console.entrypoints.problems import PROBLEMS

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
WEI = Operator(
    operator="wei",
    legal_entity="001",
    institution="450000",
    name="Wei",
    roles=("maker",),
    password_hashes=("h1",),
    status=OperatorStatus.ACTIVE,
    failed_sign_ins=0,
    last_signed_in_at=None,
    created_at=NOW,
)


def role(code: str, functions: tuple[str, ...], scope: Scope) -> Role:
    return Role(code=code, names={"en": code}, functions=functions, scope=scope)


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_has_its_problem(refusal: Refusal) -> None:
    assert PROBLEMS[refusal].code == refusal


def test_the_fifth_failure_in_a_row_locks_and_a_success_forgets_them() -> None:
    operator = WEI
    for failures in range(1, FAILURES_MAX + 1):
        operator, refusal = decide_sign_in(operator, password_fits=False, now=NOW)
        assert (refusal, operator.failed_sign_ins) == (Refusal.SESSION_REFUSED, failures)
        assert (operator.status is OperatorStatus.LOCKED) is (failures == FAILURES_MAX)
    for fits in (True, False):
        assert decide_sign_in(operator, password_fits=fits, now=NOW) == (operator, Refusal.SESSION_LOCKED)
    let_in, refusal = decide_sign_in(replace(WEI, failed_sign_ins=4), password_fits=True, now=NOW)
    assert (refusal, let_in.failed_sign_ins, let_in.last_signed_in_at) == (None, 0, NOW)
    assert decide_sign_in(replace(WEI, status=OperatorStatus.DISABLED), password_fits=True, now=NOW)[1] is Refusal.SESSION_REFUSED


@pytest.mark.parametrize(
    ("status", "change", "after"),
    [
        (OperatorStatus.ACTIVE, Change.LOCK, OperatorStatus.LOCKED),
        (OperatorStatus.LOCKED, Change.UNLOCK, OperatorStatus.ACTIVE),
        (OperatorStatus.LOCKED, Change.ENABLE, OperatorStatus.LOCKED),
        (OperatorStatus.LOCKED, Change.DISABLE, OperatorStatus.DISABLED),
        (OperatorStatus.DISABLED, Change.ENABLE, OperatorStatus.ACTIVE),
        (OperatorStatus.DISABLED, Change.UNLOCK, Refusal.OPERATOR_DISABLED),
        (OperatorStatus.DISABLED, Change.LOCK, Refusal.OPERATOR_DISABLED),
    ],
)
def test_an_operators_standing(status: OperatorStatus, change: Change, after: OperatorStatus | Refusal) -> None:
    outcome = decide_change(replace(WEI, status=status), change, by="001-admin")
    assert (outcome if isinstance(outcome, Refusal) else outcome.status) == after


@pytest.mark.parametrize("password", ["eleven char", "x" * 129, "my name is WEI, still", "abcabcabcabcabc", ""])
def test_a_weak_password_is_not_accepted(password: str) -> None:
    assert password_faults(password, "wei")


def test_a_password_of_twelve_characters_is_accepted_and_five_are_remembered() -> None:
    assert password_faults("twelve chars", "wei") == []
    operator = replace(WEI, status=OperatorStatus.LOCKED, failed_sign_ins=5)
    for number in range(2, 9):
        operator = with_password(operator, f"h{number}")
    assert (operator.password_hashes, operator.status, operator.failed_sign_ins) == (("h8", "h7", "h6", "h5", "h4"), OperatorStatus.ACTIVE, 0)


def test_roles_add_up_and_no_role_gives_nothing() -> None:
    grant = grant_from([role("a", ("checker",), Scope.OWN_INSTITUTION), role("b", ("maker", "checker"), Scope.OWN_AND_BELOW)])
    assert (grant.functions, grant.scope) == (("maker", "checker"), Scope.OWN_AND_BELOW)
    assert (grant_from([]).functions, grant_from([]).scope) == ((), Scope.OWN_INSTITUTION)


@pytest.mark.parametrize(
    ("scope", "entity", "institutions", "entities", "may"),
    [
        (Scope.OWN_AND_BELOW, "002", {"1"}, {"002"}, True),
        (Scope.ENTITY, "002", {"1"}, {"002"}, False),
        (Scope.ENTITY, "002", None, {"002"}, True),
        (Scope.ALL_ENTITIES, "002", None, {"002"}, False),
        (Scope.ALL_ENTITIES, "002", None, {"001", "002"}, False),
        (Scope.ALL_ENTITIES, "001", None, {"001"}, True),
        (Scope.ALL_ENTITIES, "001", {"1"}, {"001"}, False),
    ],
)
def test_nobody_gives_a_wider_scope_than_theirs(scope: Scope, entity: str, institutions: set[str] | None, entities: set[str], may: bool) -> None:
    assert may_grant(scope, entity, sponsor="001", institutions=institutions, entities=entities) is may


def one(code: str, parent: str | None = None, status: InstitutionStatus = InstitutionStatus.OPEN) -> Institution:
    return Institution(institution=code, parent=parent, names={"en": code}, level=Level.BRANCH, status=status)


def test_what_an_operator_sees_of_the_tree() -> None:
    tree = {code: one(code, parent) for code, parent in (("HQ", None), ("1", "HQ"), ("11", "1"), ("2", "HQ"))}
    assert institutions_of(Scope.OWN_INSTITUTION, "1", tree) == ("1",)
    assert institutions_of(Scope.OWN_AND_BELOW, "1", tree) == ("1", "11")
    assert institutions_of(Scope.ENTITY, "1", tree) is institutions_of(Scope.ALL_ENTITIES, "1", tree) is None
    assert [placed.institution for placed, _ in in_order(tree)] == ["HQ", "1", "11", "2"]
    assert [level_at(depth) for depth in range(5)] == ["head-office", "branch", "sub-branch", "outlet", "outlet"]


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=40))
def test_no_moves_ever_make_a_cycle(moves: list[tuple[int, int]]) -> None:
    tree = {str(code): one(str(code)) for code in range(8)}
    for code, parent in moves:
        wanted = one(str(code), str(parent))
        if refusal_of(tree, wanted, has_active_operators=False) is None:
            tree[str(code)] = wanted
    for placed in tree:
        assert placed in below(tree, placed)  # ends, which on a cycle it would not


def version(number: int, on: int, status: VersionStatus = VersionStatus.APPROVED) -> ParameterVersion:
    return ParameterVersion(name="cost-per-point", version=number, value=number, effective_on=date(2026, 3, on), status=status)


def test_the_version_begun_last_holds_whatever_order_they_come_in() -> None:
    versions = (version(1, 5), version(2, 5), version(3, 3), version(4, 9), version(5, 6, VersionStatus.PENDING), version(6, 6, VersionStatus.REJECTED))
    for shuffled in permutations(versions):
        holding = [found.version if (found := in_force(shuffled, date(2026, 3, day))) else None for day in (2, 3, 5, 8, 9)]
        assert holding == [None, 3, 2, 2, 4]


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_every_default_meets_its_own_schema(name: str) -> None:
    assert value_faults(PARAMETERS[name], PARAMETERS[name].default) == []


@pytest.mark.parametrize("value", [0, 1, 0.25, "0.25", "12345678.12345678", {"amount_minor": "0.5", "currency": "CNY"}, {"amount_minor": 1}])
def test_costs_of_a_point(value: Any) -> None:
    assert value_faults(PARAMETERS["cost-per-point"], value) == []


@pytest.mark.parametrize("value", [{}, {"USD": "7.1234", "JPY": "0.0489"}, {"USD": 7.1234, "KWD": 23}])
def test_exchange_rates(value: Any) -> None:
    assert value_faults(PARAMETERS["exchange-rates"], value) == []


@pytest.mark.parametrize("value", [[], "7.1", {"USD": "0.00"}, {"USD": 0}, {"USD": "-1"}, {"USD": None}, {"CNY": "1"}, {"usd": "7"}, {"XXX": "7"}])
def test_what_is_no_exchange_rate(value: Any) -> None:
    assert value_faults(PARAMETERS["exchange-rates"], value)


def chain(length: int) -> list[AuditRecord]:
    records: list[AuditRecord] = []
    previous = CHAIN_START
    for number in range(1, length + 1):
        record = AuditRecord(
            legal_entity="001",
            number=number,
            at=NOW + timedelta(seconds=number),
            who="001-admin",
            action="role.changed",
            subject=str(number),
            before=None,
            after="{}",
            address=None,
            request_id=None,
            sha256=b"",
        )
        records.append(replace(record, sha256=chained(previous, record)))
        previous = records[-1].sha256
    return records


@given(st.integers(1, 6), st.data())
def test_any_field_changed_in_any_record_breaks_the_chain_there(length: int, data: st.DataObject) -> None:
    records = chain(length)
    head = (length, records[-1].sha256)
    assert verify(records, head).fault is None
    at = data.draw(st.integers(0, length - 1))
    changes: dict[str, Any] = {
        "legal_entity": "002",
        "at": NOW,
        "who": "",
        "action": "x",
        "subject": "x",
        "before": "1",
        "after": None,
        "address": "1",
        "request_id": "1",
        "sha256": bytes(32),
    }
    name = data.draw(st.sampled_from(sorted(changes)))
    records[at] = replace(records[at], **{name: changes[name]})
    assert verify(records, head).broken_at == at + 1


def test_records_that_are_missing_or_made_anew_are_found() -> None:
    records = chain(5)
    head = (5, records[-1].sha256)
    assert verify([*records[:2], *records[3:]], head).broken_at == 3
    assert verify(records[:4], head).broken_at == 5
    assert verify([], head).broken_at == 1
    anew = [replace(record, who="nobody") for record in records]
    previous = CHAIN_START
    for index, record in enumerate(anew):
        anew[index] = replace(record, sha256=chained(previous, record))
        previous = anew[index].sha256
    assert verify(anew, head).fault is not None


def test_a_run_is_tried_again_later_and_later_up_to_a_limit() -> None:
    pauses = [(at - NOW).total_seconds() for attempts in range(1, 9) if (at := next_attempt_at(attempts, NOW)) is not None]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert next_attempt_at(ATTEMPTS_MAX - 1, NOW) is not None
    assert next_attempt_at(ATTEMPTS_MAX, NOW) is None
