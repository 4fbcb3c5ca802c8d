"""Composition root of the console: the only place that builds its things and reads its settings."""

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Final

from fastapi import APIRouter, FastAPI

from console.adapters.announcements import ParametersTopic
from console.adapters.cron import next_at
from console.adapters.followers import HttpFollowers
from console.adapters.job_services import HttpJobs
from console.adapters.passwords import Argon2Passwords
from console.adapters.service_calls import ServiceCalls
from console.adapters.unit_of_work import units_of_work
from console.application.advance_business_date import AdvanceBusinessDate
from console.application.change_standing import ChangeStanding
from console.application.close_day import CloseDay
from console.application.decide_approval import DecideApproval
from console.application.furnish import FurnishEntities, operators_from
from console.application.issue_local_credentials import IssueLocalCredentials
from console.application.job_desk import RequestRun, ScheduleJob, StartDueJobs
from console.application.open_entity import OpenEntity
from console.application.open_installation import OpenInstallation
from console.application.perform_run import PerformRun
from console.application.propose_parameter import ProposeParameter
from console.application.save_institution import SaveInstitution
from console.application.save_operator import CreateOperator, UpdateOperator
from console.application.save_role import SaveRole
from console.application.set_password import ChangeOwnPassword, ResetPassword
from console.application.sign_in import SignIn
from console.application.sign_out import SignOut
from console.domain.local_credentials import SERVICES, token_from
from console.domain.operators import Operator
from console.entrypoints.http import Calls, console_router
from console.entrypoints.http_access import AccessCalls, access_router
from console.entrypoints.http_desk import DeskCalls, desk_router
from console.entrypoints.http_jobs import JobCalls, jobs_router
from console.entrypoints.http_sessions import SessionCalls, sessions_router
from console.entrypoints.jobs import chores, own_jobs
from console.entrypoints.pages.router import pages_router
from console.metrics import CONSOLE_METRICS
from console.settings import Settings
from loyalty_shared.kernel.clock import Clock, SystemClock
from loyalty_shared.kernel.ids import new_id
from loyalty_shared.observability.metrics import Metrics, http_metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.dead_letters import DeadLetter, Rejected
from loyalty_shared.persistence.entity_dates import find_entity
from loyalty_shared.service import run_command
from loyalty_shared.serving import SERVICE_METRICS, Service
from loyalty_shared.web.app import AppParts, Check, create_app

NAME: Final = "console"
TOKEN_BYTES: Final = 32
MIGRATIONS: Final = Path(__file__).parents[2] / "migrations"


def prepare(settings: Settings, database: Database, clock: Clock) -> None:
    """Give a new installation its entities and every entity its local credentials, roles and operators. Safe at every start, and by two processes at once."""
    begin, seed = units_of_work(database), settings.credentials_seed.get_secret_value()
    OpenInstallation(begin=begin, clock=clock)()
    IssueLocalCredentials(begin=begin, clock=clock, seed=seed)()
    FurnishEntities(begin=begin, clock=clock, make_operators=operators_from(seed, Argon2Passwords(settings.password_memory_kib).hash))()


def routers(settings: Settings, database: Database, clock: Clock, metrics: Metrics) -> list[APIRouter]:
    """Return the console's own routes."""
    begin, seed = units_of_work(database), settings.credentials_seed.get_secret_value()
    passwords = Argon2Passwords(settings.password_memory_kib)

    def find_business_on(legal_entity: str) -> date | None:
        with database.transaction() as cursor:
            entity = find_entity(cursor, legal_entity)
        return entity.business_on if entity else None

    def find_operator(code: str) -> Operator | None:
        with begin() as work:
            return work.operators.find(code)

    sign_in = SignIn(begin=begin, clock=clock, passwords=passwords, new_token=lambda: f"nz_{token_urlsafe(TOKEN_BYTES)}")
    change_password = ChangeOwnPassword(begin=begin, clock=clock, passwords=passwords)
    return [
        sessions_router(
            SessionCalls(
                sign_in=sign_in,
                sign_out=SignOut(begin=begin, clock=clock),
                change_password=change_password,
                find_operator=find_operator,
                metrics=metrics,
            )
        ),
        console_router(
            Calls(
                open_entity=OpenEntity(begin=begin, clock=clock, seed=seed, make_operators=operators_from(seed, passwords.hash)),
                advance_business_date=AdvanceBusinessDate(begin=begin, clock=clock),
                find_business_on=find_business_on,
                list_followers=HttpFollowers(settings.followers).list_business_dates,
                seed=seed,
            )
        ),
        access_router(
            AccessCalls(
                create_operator=CreateOperator(begin=begin, clock=clock, passwords=passwords),
                update_operator=UpdateOperator(begin=begin, clock=clock),
                reset_password=ResetPassword(begin=begin, clock=clock, passwords=passwords),
                change_standing=ChangeStanding(begin=begin, clock=clock),
                save_role=SaveRole(begin=begin, clock=clock),
                save_institution=SaveInstitution(begin=begin, clock=clock),
                begin=begin,
                database=database,
                secret=seed,
            )
        ),
        desk_router(
            DeskCalls(
                propose_parameter=ProposeParameter(begin=begin, clock=clock),
                decide_approval=DecideApproval(begin=begin, clock=clock),
                begin=begin,
                database=database,
            )
        ),
        jobs_router(
            JobCalls(
                request_run=RequestRun(begin=begin, clock=clock),
                schedule_job=ScheduleJob(begin=begin, clock=clock, next_at=next_at),
                database=database,
            )
        ),
    ]


def make_app(
    settings: Settings, database: Database, clock: Clock, metrics: Metrics, checks: Mapping[str, Check], consumers: Callable[[], Sequence[Mapping[str, Any]]]
) -> FastAPI:
    """Return the console's HTTP side."""

    def refuse_again(letter: DeadLetter) -> Rejected | None:
        return letter.rejected  # the console reads no topic yet, so it has no dead letters to take again

    return create_app(
        AppParts(
            service=NAME,
            summary="Entities and institutions, operators and sessions, parameters and approvals, audit and jobs of the installation",
            routers=[*routers(settings, database, clock, metrics), pages_router(ServiceCalls(settings.services), settings.browser_packages)],
            database=database,
            metrics=metrics,
            checks=checks,
            consumers=consumers,
            retry_dead_letter=refuse_again,
            clock=clock,
            jobs=None,
        )
    )


def make_runner(settings: Settings, database: Database, clock: Clock, owner: str) -> PerformRun:
    """Return what does the next due run of a job."""
    begin = units_of_work(database)
    token = token_from(settings.credentials_seed.get_secret_value(), SERVICES, NAME)
    return PerformRun(begin=begin, clock=clock, perform=HttpJobs(settings.services, token, own_jobs(CloseDay(begin=begin, clock=clock))), owner=owner)


def build() -> Service:
    """Build the console from its environment."""
    settings = Settings()
    database, clock = Database(settings.database_url, application_name=NAME), SystemClock()
    metrics = Metrics((*http_metrics(NAME).all(), *SERVICE_METRICS, *CONSOLE_METRICS))
    begin = units_of_work(database)
    return Service(
        name=NAME,
        settings=settings,
        database=database,
        metrics=metrics,
        migrations=MIGRATIONS,
        make_app=lambda checks, consumers: make_app(settings, database, clock, metrics, checks, consumers),
        outgoing=(ParametersTopic(),),
        chores=chores(
            database,
            clock,
            metrics,
            make_runner(settings, database, clock, new_id()),
            StartDueJobs(begin=begin, clock=clock, next_at=next_at),
        ),
        jobs=own_jobs(CloseDay(begin=begin, clock=clock)),
        prepare=lambda: prepare(settings, database, clock),
    )


def main() -> None:
    """Run the command line: `console serve --roles api,consumer,relay | migrate | job close-day --entity 001 --on 2027-01-01`."""
    sys.exit(run_command(NAME, build))
