"""The job list: what runs, when, and what came of it."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from console.adapters.desk_queries import NUMBER_MAX, find_run, last_runs, list_runs, schedules
from console.application.job_desk import RequestRun, ScheduleJob
from console.application.shown import show_run
from console.domain.jobs import JOBS, JobType, RunStatus
from console.domain.refusals import Refusal
from console.entrypoints.callers import entity_call_of
from console.entrypoints.problems import PROBLEMS
from loyalty_shared.persistence.connections import Database
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, writes
from loyalty_shared.web.models import Body, DateField
from loyalty_shared.web.pagination import Page, pages
from loyalty_shared.web.problems import ProblemError, Reason


class RunBody(Body):
    """For which business date; the job's own choice when left out."""

    on: DateField | None = None


class ScheduleBody(Body):
    """When the job starts by itself."""

    cron: Annotated[str, StringConstraints(strict=True, max_length=100, pattern=r"^[^\x00]*$")] | None = Field(
        description="Five fields, in the entity's zone; null: only by hand", examples=["30 2 * * *"]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCalls:
    """What the routes call."""

    request_run: RequestRun
    schedule_job: ScheduleJob
    database: Database


def jobs_router(calls: JobCalls) -> APIRouter:
    """Return the routes of the job list."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}/jobs", tags=["jobs"])

    @router.get("")
    def get_jobs(legal_entity: str, caller: Annotated[Caller, reads()]) -> Response:
        """List the installation's jobs, with the service that does each, when it starts by itself, and its last run."""
        with calls.database.transaction() as cursor:
            runs, planned = last_runs(cursor, legal_entity), schedules(cursor, legal_entity)
        items = [
            {
                "name": job.name,
                "service": job.service,
                "names": job.names,
                "date": job.date,
                "schedule": planned.get(job.name),
                "last_run": show_run(runs[job.name]) if job.name in runs else None,
            }
            for job in JOBS.values()
        ]
        return json_response({"items": items, "next_cursor": None})

    @router.post("/{name}/runs", status_code=HTTPStatus.CREATED)
    def request_run(legal_entity: str, name: str, call: Annotated[Write, writes(Function.ADMIN)], request: Request, body: RunBody | None = None) -> Response:
        """Queue a run; it is done within moments, or tried again until it can be. 403 `beyond-your-scope`; 404 `job-unknown`; 409 `no-closed-date`."""
        return respond(calls.request_run(entity_call_of(call, request), name, body.on if body else None), PROBLEMS, HTTPStatus.CREATED)

    @router.get("/{name}/runs")
    def get_runs(
        legal_entity: str,
        name: str,
        page: Annotated[Page, pages(int)],
        caller: Annotated[Caller, reads()],
        status: Annotated[RunStatus | None, Query()] = None,
    ) -> Response:
        """List a job's runs, newest first."""
        with calls.database.transaction() as cursor:
            before = page.after[0] if page.after else NUMBER_MAX
            runs = list_runs(cursor, legal_entity, _job(name).name, status=status, before=before, limit=page.fetch)
        return json_response(page.answer(runs, key_of=lambda run: (int(run.run_id),), show=show_run))

    @router.get("/{name}/runs/{run_id}")
    def get_run(legal_entity: str, name: str, run_id: str, caller: Annotated[Caller, reads()]) -> Response:
        """Show a run: queued, running, done or failed. 404 `run-unknown`."""
        with calls.database.transaction() as cursor:
            run = find_run(cursor, legal_entity, _job(name).name, run_id)
        if run is None:
            raise ProblemError(PROBLEMS[Refusal.RUN_UNKNOWN], [Reason("path.run_id", f"no run {run_id} of {name}", "GET runs lists them.")])
        return json_response(show_run(run))

    @router.put("/{name}/schedule")
    def schedule_job(legal_entity: str, name: str, body: ScheduleBody, call: Annotated[Write, writes(Function.ADMIN)], request: Request) -> Response:
        """Give the job the times at which it starts by itself. 403 `beyond-your-scope`; 422 `cron-invalid`."""
        return respond(calls.schedule_job(entity_call_of(call, request), name, body.cron), PROBLEMS)

    return router


def _job(name: str) -> JobType:
    job = JOBS.get(name)
    if job is None:
        raise ProblemError(PROBLEMS[Refusal.JOB_UNKNOWN], [Reason("path.name", f"no job {name}", f"There are: {', '.join(JOBS)}.")])
    return job
