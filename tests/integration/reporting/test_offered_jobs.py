"""Which jobs an entity's administrator may have done, and which only the command line does."""

from integration.reporting.conftest import Reader
from reporting.main import build


def test_no_entitys_administrator_empties_the_mart_of_all(reader: Reader) -> None:
    assert reader.get("jobs", "admin")["items"] == [{"name": "make-reports"}]
    headers = {"Authorization": "Bearer admin", "Idempotency-Key": "k"}
    refused = reader.http.post("/v1/entities/001/jobs/rebuild/runs", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (404, "job-unknown")
    service = build()
    assert set(service.jobs) == {"make-reports", "rebuild"}
    service.database.close()
