"""Every call of every service needs a credential, of the entity and with the function it asks for."""

import itertools
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from loyalty_shared.kernel.ids import new_id
from nanzhu_local.platform import LocalPlatform
from support.bank import Bank, open_bank

SERVICES = ("console", "accrual", "redemption", "merchant", "gift-order", "settlement", "reporting")
#: How a credential is had, by password; `test_page_refusals` and the console's own tests see to it.
SIGN_IN = ("console", "POST", "/v1/sessions")
OPEN = ("/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs")


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=30) as connected:  # one for all: making one takes longer than a call
        yield connected


def calls(platform: LocalPlatform, legal_entity: str) -> Iterator[tuple[str, str, str]]:
    """Yield service, method and URL of every documented call under /v1, with made-up values in its path."""
    for service in SERVICES:
        base = platform.endpoints.services[service].http
        for path, methods in httpx.get(f"{base}/openapi.json", trust_env=False).raise_for_status().json()["paths"].items():
            if path.startswith("/v1/"):
                filled = path.replace("{legal_entity}", legal_entity)
                while "{" in filled:
                    start, end = filled.index("{"), filled.index("}")
                    filled = f"{filled[:start]}1{filled[end + 1 :]}"
                for method in methods:
                    if (service, method.upper(), path) != SIGN_IN:
                        yield service, method.upper(), base + filled


def test_every_call_without_or_with_an_unknown_credential_is_401(platform: LocalPlatform, client: httpx.Client) -> None:
    asked = list(calls(platform, "001"))
    assert len(asked) > 25
    for (_, method, url), headers in itertools.product(asked, ({}, {"Authorization": "Bearer nz_unknown"}, {"Authorization": "Basic eDp5"})):
        answer = client.request(method, url, headers={**headers, "Idempotency-Key": new_id()}, json={} if method != "GET" else None)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json"), f"{method} {url}: {answer.status_code}"


@pytest.mark.parametrize(("ours", "theirs"), [("001", "002"), ("002", "001")])
def test_another_entitys_credential_sees_and_does_nothing(platform: LocalPlatform, client: httpx.Client, ours: str, theirs: str) -> None:
    for role, token in platform.endpoints.credentials[theirs].items():
        for _, method, url in calls(platform, ours):
            if f"/entities/{ours}" not in url:
                continue
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": new_id()}
            answer = client.request(method, url, headers=headers, json={} if method != "GET" else None)
            assert answer.status_code in (403, 404), f"{role} of {theirs}: {method} {url}: {answer.status_code} {answer.text}"


def test_a_write_without_an_idempotency_key_is_refused_and_does_nothing(bank: Bank) -> None:
    body = {"customer_no": "NOKEY", "points": 5, "point_type": "base", "reason": "test", **bank.serial()}
    base = bank.platform.endpoints.services["redemption"].http
    headers = {"Authorization": f"Bearer {bank.tokens['channel']}"}
    answer = httpx.post(f"{base}/v1/entities/{bank.legal_entity}/grants", json=body, headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")
    assert bank.call("GET", "redemption", "accounts/NOKEY").status_code == 404


@pytest.mark.parametrize(
    ("role", "service", "path"),
    [
        ("channel", "accrual", "rules"), ("auditor", "redemption", "reservations"), ("maker", "redemption", "reservations"), ("checker", "accrual", "rules"),
        ("channel", "console", "business-date"), ("auditor", "console", "business-date"),
    ],
)  # fmt: skip
def test_a_function_that_was_not_granted_is_403(bank: Bank, role: str, service: str, path: str) -> None:
    answer = bank.call("POST", service, path, role=role, json={})
    assert (answer.status_code, answer.json()["code"]) == (403, "function-not-granted")


def test_what_needs_no_credential(platform: LocalPlatform) -> None:
    for service, path in itertools.product(SERVICES, OPEN):
        assert httpx.get(platform.endpoints.services[service].http + path, trust_env=False).status_code == 200, f"{service} {path}"


def test_a_new_entity_has_credentials_of_its_own_and_sees_only_itself(platform: LocalPlatform) -> None:
    bank = open_bank(platform)
    assert bank.get("console", "business-date")["business_on"] == "2026-03-02"
    other: Any = bank.http.get(
        f"{platform.endpoints.services['redemption'].http}/v1/entities/001/trial-balance", headers={"Authorization": f"Bearer {bank.tokens['auditor']}"}
    )
    assert other.status_code in (403, 404)
