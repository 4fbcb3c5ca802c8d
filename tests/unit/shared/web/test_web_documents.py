"""What the OpenAPI document says that FastAPI does not, and what instants a request may name."""

from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter, ValidationError

from loyalty_shared.web.documents import ProblemDocument, document_as_sent
from loyalty_shared.web.models import InstantField

INSTANT: TypeAdapter[datetime] = TypeAdapter(InstantField)


def test_problems_are_documented_as_problems_whatever_their_status() -> None:
    app = FastAPI()

    @app.get("/notes", responses={409: {"model": ProblemDocument}, "4XX": {"model": ProblemDocument}, 418: {"description": "no body"}})
    def get_notes() -> dict[str, str]:
        return {}

    document_as_sent(app)
    responses = app.openapi()["paths"]["/notes"]["get"]["responses"]
    assert {status: list(response.get("content", ())) for status, response in responses.items()} == {
        "200": ["application/json"],
        "409": ["application/problem+json"],
        "4XX": ["application/problem+json"],
        "418": [],
    }


@pytest.mark.parametrize(
    "fitting", ["1900-01-01T00:00:00Z", "8999-12-31T23:59:59+00:00", "2026-03-01T09:30:00+14:00", "2026-03-01T09:30:00-14:00", "2026-03-01T09:30:00+08:00"]
)
def test_an_instant_fits(fitting: str) -> None:
    assert INSTANT.validate_python(fitting) == datetime.fromisoformat(fitting).astimezone(UTC)


@pytest.mark.parametrize(
    "unfit",
    [
        "1899-12-31T23:59:59Z",
        "9000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+08:00",
        "2026-03-01T09:30:00+14:01",
        "2026-03-01T09:30:00-20:34",
        "2026-03-01T09:30:00",
    ],
)
def test_an_instant_that_no_calendar_can_keep_is_refused(unfit: str) -> None:
    with pytest.raises(ValidationError):
        INSTANT.validate_python(unfit)
