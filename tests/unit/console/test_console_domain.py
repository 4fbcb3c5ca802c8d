"""The console's rules: the date only moves forward; local credentials come from the seed alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from console.domain.access import FIRST_ROLES
from console.domain.announcements import advanced_from, issued_from, opened_from
from console.domain.entities import Advance, NewEntity, Unchanged, decide_advance, first_entities
from console.domain.local_credentials import (
    CHANNELS,
    ROLES,
    SERVICE_ROLES,
    bound_also_to,
    credentials_from,
    credentials_to_issue,
    service_credentials_from,
    token_from,
    tokens_from,
)
from console.domain.local_operators import code_of, password_from
from console.domain.operators import password_faults
from console.domain.refusals import Refusal
from console.entrypoints.problems import PROBLEMS
from loyalty_shared.web.credentials import Function, token_sha256
from nanzhu_local import credentials as runner

SEED = "a seed of sixteen or more"


@pytest.mark.parametrize(
    ("asked", "outcome"),
    [
        (date(2026, 3, 1), Unchanged(date(2026, 3, 1))),
        (date(2026, 3, 2), Advance(date(2026, 3, 1), date(2026, 3, 2))),
        (date(2036, 1, 1), Advance(date(2026, 3, 1), date(2036, 1, 1))),
        (date(2026, 2, 28), Refusal.BUSINESS_DATE_MOVES_BACK),
    ],
)
def test_the_business_date_only_moves_forward(asked: date, outcome: object) -> None:
    assert decide_advance(date(2026, 3, 1), asked) == outcome


def test_a_new_installation_has_the_sponsor_and_a_village_bank() -> None:
    assert [(entity.legal_entity, entity.zone, entity.business_on) for entity in first_entities(date(2026, 3, 1))] == [
        ("001", "Asia/Shanghai", date(2026, 3, 1)),
        ("002", "Asia/Shanghai", date(2026, 3, 1)),
    ]


def test_a_token_is_the_seeds_own() -> None:
    # Counted with openssl: printf '001:admin' | openssl dgst -sha256 -hmac "$SEED" -binary | base64
    assert token_from(SEED, "001", "admin") == "nz_dJgRhwuUqTRlZNca-a6VskdmHTjBqeaEjjWkxJNetr0"
    assert len({token_from(seed, entity, role.name) for seed in (SEED, SEED + "!") for entity in ("001", "002") for role in ROLES}) == 24


def test_the_runner_and_the_console_derive_the_same() -> None:
    assert runner.credentials_from(SEED)["002"] == tokens_from(SEED, "002")
    assert runner.CHANNELS == CHANNELS == {"channel": "MOBILE", "channel2": "POS"}


def test_the_services_of_ours_have_tokens_that_the_runner_derives_too() -> None:
    issued = {credential.credential: credential for credential in service_credentials_from(SEED, ["001", "002"])}
    assert {(name, c.entities, c.functions, c.channel) for name, c in issued.items()} == {
        ("services.gift-order", ("001", "002"), ("channel",), "MALL"),
        ("services.console", ("001", "002"), ("admin", "auditor"), None),
    }
    for name in ("gift-order", "console"):
        assert issued[f"services.{name}"].token_sha256 == token_sha256(runner.token_of(SEED, "services", name))


def test_the_runner_knows_the_operators_passwords() -> None:
    assert {role.code for role in FIRST_ROLES} == set(runner.OPERATORS)
    for role in runner.OPERATORS:
        password = password_from(SEED, "002", role)
        assert (runner.operator_of("002", role), runner.password_of(SEED, "002", role)) == (code_of("002", role), password)
        assert password_faults(password, code_of("002", role)) == []


def test_each_role_is_bound_to_its_entity_function_and_channel() -> None:
    issued = {credential.credential: credential for credential in credentials_from(SEED, "002")}
    assert {(name, c.entities, c.functions, c.channel) for name, c in issued.items()} == {
        ("002-channel", ("002",), ("channel",), "MOBILE"),
        ("002-channel2", ("002",), ("channel",), "POS"),
        *[(f"002-{function}", ("002",), (function,), None) for function in ("maker", "checker", "admin", "auditor")],
    }
    assert issued["002-maker"].token_sha256 == token_sha256(token_from(SEED, "002", "maker"))
    assert {function for credential in issued.values() for function in credential.functions} == set(Function)


def test_only_what_is_missing_or_of_another_seed_is_issued() -> None:
    known = {credential.credential: credential for credential in (*credentials_from(SEED, "001"), *service_credentials_from(SEED, ["001"]))}
    known["001-admin"] = bound_also_to(known["001-admin"], "003")
    assert credentials_to_issue(SEED, ["001"], known) == []
    issued = credentials_to_issue(SEED, ["001", "002"], known)
    assert [credential.credential for credential in issued] == [
        *(c.credential for c in credentials_from(SEED, "002")),
        "services.gift-order",
        "services.console",
    ]
    assert issued[-1].entities == ("001", "002")
    renewed = {credential.credential: credential for credential in credentials_to_issue("another seed, as long", ["001"], known)}
    assert renewed["001-admin"] == replace(known["001-admin"], token_sha256=token_sha256(token_from("another seed, as long", "001", "admin")))
    assert len(renewed) == len(ROLES) + len(SERVICE_ROLES)


def test_announcements_say_all_that_is_so() -> None:
    entity = NewEntity(legal_entity="003", names={"en": "Third"}, zone="Asia/Tokyo", business_on=date(2026, 3, 1))
    opened = opened_from(entity)
    assert (opened.legal_entity, opened.names, opened.zone) == ("003", {"en": "Third"}, "Asia/Tokyo")
    assert (opened.business_on, opened.retention_years) == (date(2026, 3, 1), 15)
    advanced = advanced_from("003", Advance(date(2026, 3, 1), date(2026, 3, 4)))
    assert (advanced.legal_entity, advanced.previous_on, advanced.business_on) == ("003", date(2026, 3, 1), date(2026, 3, 4))
    credential = credentials_from(SEED, "003")[0]
    assert issued_from(credential).token_sha256 == credential.token_sha256
    assert "nz_" not in repr(issued_from(credential))


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_has_its_problem(refusal: Refusal) -> None:
    assert PROBLEMS[refusal].code == refusal
