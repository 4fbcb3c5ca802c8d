"""Which jobs an entity's administrator may have done, and which only the command line does."""

import pytest
from fastapi.testclient import TestClient

from settlement.main import build
from support.settlement_desk import Desk


def test_no_entitys_administrator_empties_the_view_of_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SETTLEMENT_DATABASE_URL", desk.database.url)
    monkeypatch.setenv("SETTLEMENT_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")
    service = build()
    http = TestClient(service.make_app({}, list), headers={"Authorization": "Bearer admin"})
    assert http.get("/v1/entities/001/jobs").json()["items"] == [{"name": "make-batches"}]
    refused = http.post("/v1/entities/001/jobs/rebuild/runs", headers={"Idempotency-Key": "k"})
    assert (refused.status_code, refused.json()["code"]) == (404, "job-unknown")
    assert set(service.jobs) == {"make-batches", "rebuild"}
    service.database.close()
