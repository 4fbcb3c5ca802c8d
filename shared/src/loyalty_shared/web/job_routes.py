"""A service's jobs over HTTP: what a scheduler outside, or the console's job list, has it do for an entity's date."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.observability.logs import logger
from loyalty_shared.persistence.connections import Database, is_transient
from loyalty_shared.persistence.entity_dates import UnknownEntity, find_entity
from loyalty_shared.service import TryAgain
from loyalty_shared.serving import Job
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, writes
from loyalty_shared.web.idempotency import Answer, Answers
from loyalty_shared.web.models import Body, DateField
from loyalty_shared.web.problems import Problem, ProblemError, Reason

_log = logger(__name__)

JOB_UNKNOWN: Final = Problem("job-unknown", HTTPStatus.NOT_FOUND, "This service has no such job")
TRY_AGAIN: Final = Problem("try-again", HTTPStatus.CONFLICT, "The job cannot be done yet", retryable=True)
JOB_FAILED: Final = Problem("job-failed", HTTPStatus.INTERNAL_SERVER_ERROR, "The job failed; the service's log says why")


class RunBody(Body):
    """For which business date; the entity's present one when it is left out."""

    on: DateField | None = None


class RunAnswer(BaseModel):
    """What the job did. `status` is always done: what is not done is a problem."""

    status: str
    detail: str


def job_router(database: Database, clock: Clock, jobs: Mapping[str, Job]) -> APIRouter:
    """Return the routes that list a service's jobs and run them."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}/jobs", tags=["jobs"])

    @router.get("")
    def list_jobs(legal_entity: str, caller: Annotated[Caller, reads(Function.ADMIN)]) -> Response:
        """List the names of the jobs that this service does."""
        return json_response({"items": [{"name": name} for name in sorted(jobs)], "next_cursor": None})

    @router.post("/{name}/runs", response_model=RunAnswer)
    def run_job(legal_entity: str, name: str, call: Annotated[Write, writes(Function.ADMIN)], body: RunBody | None = None) -> Response:
        """Do the job for the entity and date, and answer when it is done. Done twice for a date it changes nothing. 409 `try-again`; 404 `job-unknown`."""
        job = jobs.get(name)
        if job is None:
            raise ProblemError(JOB_UNKNOWN, [Reason("path.name", f"no job {name}", f"There are: {', '.join(sorted(jobs)) or 'none'}.")])
        with database.transaction() as cursor:
            earlier = Answers(cursor).find(call.idempotency)
            entity = find_entity(cursor, legal_entity)
        if earlier is not None:
            return respond(earlier, {})
        if entity is None:
            raise UnknownEntity(legal_entity)
        # The job has transactions of its own. After a crash between them and the answer, the retry does the job again, which changes nothing.
        answer = Answer(_done(name, lambda: job(legal_entity, (body and body.on) or entity.business_on)))
        with database.transaction() as cursor:
            answers = Answers(cursor)
            return respond(answers.find(call.idempotency) or answers.keep(call.idempotency, answer, clock.now()), {})

    return router


def _done(name: str, work: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"status": "done", "detail": work()}
    except TryAgain as error:
        raise ProblemError(TRY_AGAIN, [Reason("body.on", str(error), "Send the same call later.")]) from error
    except Exception as error:
        if is_transient(error) or isinstance(error, UnknownEntity | ProblemError):
            raise
        _log.exception("job failed", job=name)
        raise ProblemError(
            JOB_FAILED, [Reason("path.name", f"{name}: {type(error).__name__}", "Look into the service's log under this request id.")]
        ) from error
