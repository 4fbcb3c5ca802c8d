"""What every service shows alike: health, documents, metrics, consumers, dates, dead letters, pages."""

from __future__ import annotations

import psycopg2
from fastapi.testclient import TestClient

from loyalty_shared.persistence import dead_letters
from loyalty_shared.persistence.dead_letters import Fault, Rejected
from loyalty_shared.persistence.offsets import Fenced
from loyalty_shared.web.credentials import Function
from support.notes_service import AT, NOW, Notes, headers, issue, problem_of


def test_pages_follow_each_other_and_end(client: TestClient, notes: Notes) -> None:
    with notes.database.transaction() as cursor:
        cursor.execute("insert into note (legal_entity, customer_no, points) select '001', 'C1', n from generate_series(1, 5) n")
        cursor.execute("insert into note (legal_entity, customer_no, points) values ('002', 'C1', 99)")
    seen, cursor_given = [], ""
    for _ in range(3):
        page = client.get(f"{AT}?limit=2{cursor_given}", headers=headers()).json()
        seen += [item["points"] for item in page["items"]]
        cursor_given = f"&cursor={page['next_cursor']}"
    assert (seen, page["next_cursor"]) == ([1, 2, 3, 4, 5], None)


def test_a_service_is_ready_once_an_entity_is_known(client: TestClient, notes: Notes) -> None:
    assert client.get("/health/ready").json() == {"status": "ready", "checks": {"database": "ok", "consumers": "ok"}}
    with notes.database.transaction() as cursor:
        cursor.execute("delete from entity")
    refused = client.get("/health/ready")
    assert (refused.status_code, refused.json()["checks"]["database"]) == (503, "no legal entity is known yet")


def test_documents_and_metrics_need_no_credential_and_no_outside_host(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "https://" not in page
    assert "http://" not in page
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert asset in page
        assert client.get(f"/static-offline-docs/{asset}").status_code == 200
    write = client.get("/openapi.json").json()["paths"][AT.replace("001", "{legal_entity}")]["post"]
    assert list(write["responses"]["4XX"]["content"]) == ["application/problem+json"]
    assert [parameter["required"] for parameter in write["parameters"] if parameter["name"] == "Idempotency-Key"] == [True]
    client.get(AT, headers=headers())
    shown = client.get("/metrics").text
    assert 'loyalty_notes_http_requests_total{method="GET",route="/v1/entities/{legal_entity}/notes",status="200"} 1.0' in shown


def test_consumers_and_the_business_date_are_shown(client: TestClient, notes: Notes) -> None:
    assert client.get("/v1/consumers", headers=headers()).json()["items"] == [{"topic": "t", "partition": 0, "next_offset": 7}]
    assert client.get("/v1/entities/001/business-date", headers=headers("001-maker")).json() == {"business_on": "2026-03-01"}
    with notes.database.transaction() as cursor:
        issue(cursor, "both", ("001", "003"), Function.ADMIN)
    problem_of(client.get("/v1/entities/003/business-date", headers=headers("both")), 404, "entity-unknown")


def test_dead_letters_are_listed_by_entity_and_taken_again(client: TestClient, notes: Notes) -> None:
    letters = [
        Rejected(
            topic="core.transactions",
            partition=0,
            offset=n,
            key=b"k",
            headers=(),
            value=b"{}",
            fault=Fault.INVALID_FIELD,
            detail="amount_minor",
            legal_entity=code,
        )
        for n, code in enumerate(("001", "001", "002"))
    ]
    with notes.database.transaction() as cursor:
        dead_letters.post(cursor, 7, "notes.take", letters, NOW)
    admin, at = headers("001-admin"), "/v1/entities/001/dead-letters"
    page = client.get(f"{at}?limit=1", headers=admin).json()
    assert [(item["id"], item["reason"], item["offset"]) for item in page["items"]] == [("7-0", "invalid-field", 0)]
    rest = client.get(f"{at}?cursor={page['next_cursor']}", headers=admin).json()
    assert ([item["id"] for item in rest["items"]], rest["next_cursor"]) == (["7-1"], None)

    notes.refuse_retry = True
    problem_of(client.post(f"{at}/7-0/retry", headers=admin), 409, "still-failing")
    notes.refuse_retry = False
    problem_of(client.post(f"{at}/7-0/retry", headers=admin), 409, "still-failing")
    assert client.post(f"{at}/7-0/retry", headers=headers("001-admin", "k2")).json() == {"id": "7-0", "status": "retried"}
    assert client.post(f"{at}/7-0/retry", headers=headers("001-admin", "k3")).json() == {"id": "7-0", "status": "retried"}
    problem_of(client.post(f"{at}/7-2/retry", headers=headers("001-admin", "k4")), 404, "not-found")
    problem_of(client.post(f"{at}/x/retry", headers=headers("001-admin", "k5")), 404, "not-found")
    problem_of(client.get(at, headers=headers()), 403, "function-not-granted")
    assert [item["id"] for item in client.get(at, headers=admin).json()["items"]] == ["7-1"]


def test_a_dead_letter_that_fails_again_says_so_and_one_taken_meanwhile_is_taken(client: TestClient, notes: Notes) -> None:
    letter = Rejected(
        topic="core.transactions", partition=0, offset=0, key=None, headers=(), value=b"{}", fault=Fault.FAILED_TO_PROCESS, detail="", legal_entity="001"
    )
    with notes.database.transaction() as cursor:
        dead_letters.post(cursor, 7, "notes.take", [letter], NOW)
    at = "/v1/entities/001/dead-letters/7-0/retry"
    notes.retry_raises = ZeroDivisionError("secret")
    refused = client.post(at, headers=headers("001-admin", "k1"))
    assert "ZeroDivisionError" in problem_of(refused, 409, "still-failing")["reasons"][0]["fault"]
    assert "secret" not in refused.text
    notes.retry_raises = psycopg2.OperationalError("away")
    problem_of(client.post(at, headers=headers("001-admin", "k2")), 503, "temporarily-unavailable")
    notes.retry_raises = Fenced("taken meanwhile")
    assert client.post(at, headers=headers("001-admin", "k2")).json() == {"id": "7-0", "status": "retried"}
