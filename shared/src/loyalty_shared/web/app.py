"""The HTTP side that every service has alike: health, metrics, documents, consumers, dead letters; and its own routes beside them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import PlainTextResponse, Response

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.observability.metrics import Metrics, http_metrics
from loyalty_shared.persistence.connections import Database, is_transient
from loyalty_shared.persistence.entity_dates import list_entities
from loyalty_shared.serving import Job
from loyalty_shared.web.answers import json_response
from loyalty_shared.web.credentials import Caller, Credentials, reads
from loyalty_shared.web.documents import PROBLEM_RESPONSES, document_as_sent
from loyalty_shared.web.entity_routes import RetryDeadLetter, dead_letter_router
from loyalty_shared.web.errors import add_error_handlers
from loyalty_shared.web.job_routes import job_router
from loyalty_shared.web.request_context import RequestContext

#: Tells what is wrong, or None when all is well.
Check = Callable[[], str | None]
RETRY_AFTER_SECONDS: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AppParts:
    """What a service's app is made of, beside what all have alike.

    `checks`: more that must be well before the service is ready, by name (its consumers, its relay). `consumers`: the rows of `GET /v1/consumers`.
    `metrics` must hold `http_metrics(service).all()`. `jobs`: what `POST jobs/{name}/runs` does, as on the command line: jobs that concern
    one entity only, whose administrators may ask for them; None: the service has job routes of its own.
    """

    service: str
    summary: str
    routers: Sequence[APIRouter]
    database: Database
    metrics: Metrics
    checks: Mapping[str, Check]
    consumers: Callable[[], Sequence[Mapping[str, Any]]]
    retry_dead_letter: RetryDeadLetter
    clock: Clock
    jobs: Mapping[str, Job] | None = field(default_factory=dict)


def create_app(parts: AppParts) -> FastAPI:
    """Return the service's app. Everything under `/v1` needs a credential; health, metrics and documents need none."""
    app = FastAPIOffline(
        title=f"Nanzhu {parts.service}",
        summary=parts.summary,
        version="1",
        redoc_url=None,
        responses=PROBLEM_RESPONSES,
        strict_content_type=False,  # the body is JSON whatever a sender calls it
    )
    app.state.credentials = Credentials(parts.database, parts.clock)
    add_error_handlers(app)
    app.add_middleware(RequestContext, metrics=parts.metrics, declared=http_metrics(parts.service))
    # Its own first: routes are tried in order, and those that are called a thousand times a second are among them.
    for router in (*parts.routers, _system_router(parts), dead_letter_router(parts.database, parts.clock, parts.retry_dead_letter)):
        app.include_router(router)
    if parts.jobs is not None:
        app.include_router(job_router(parts.database, parts.clock, parts.jobs))
    document_as_sent(app)
    return app


def _system_router(parts: AppParts) -> APIRouter:
    router = APIRouter(tags=["system"])
    checks = {"database": lambda: _database_fault(parts.database), **parts.checks}

    @router.get("/health/live")
    async def live() -> Response:
        """Tell that the process runs."""
        return json_response({"status": "live"})

    @router.get("/health/ready")
    def ready() -> Response:
        """Tell whether the service can do its work now; 503 with what is wrong while it cannot."""
        faults = {name: check() for name, check in checks.items()}
        body = {"checks": {name: fault or "ok" for name, fault in faults.items()}}
        if any(faults.values()):
            return json_response({"status": "not-ready", **body}, HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": str(RETRY_AFTER_SECONDS)})
        return json_response({"status": "ready", **body})

    @router.get("/metrics", response_class=PlainTextResponse)
    def metrics() -> Response:
        """Give the metrics to Prometheus."""
        return Response(generate_latest(parts.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    @router.get("/v1/consumers")
    def consumers(caller: Annotated[Caller, reads()]) -> Response:
        """Show how far each consumer of this process has come, by topic and partition: next offset, end offset, sequence expected."""
        return json_response({"items": parts.consumers(), "next_cursor": None})

    return router


def _database_fault(database: Database) -> str | None:
    try:
        with database.transaction() as cursor:
            return None if list_entities(cursor) else "no legal entity is known yet"
    except Exception as error:
        return f"{'away or busy' if is_transient(error) else 'failed'}: {type(error).__name__}"
