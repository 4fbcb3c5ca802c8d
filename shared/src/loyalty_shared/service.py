"""The command line that the `main.py` of every service has alike.

accrual serve --roles api,consumer,relay | migrate | job NAME --entity 001 --on 2027-01-01
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from datetime import date
from enum import IntEnum

import pydantic
import uvloop

from loyalty_shared.observability.logs import configure_logs, logger
from loyalty_shared.persistence.connections import is_transient
from loyalty_shared.serving import ROLES, Service, serve

log = logger(__name__)


class ExitCode(IntEnum):
    """What a scheduler is told."""

    DONE = 0
    FAILED = 1
    TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h


class TryAgain(Exception):
    """A job cannot be done yet: what it waits for has not come, or the database turned it away."""


def run_command(name: str, build: Callable[[], Service], arguments: Sequence[str] | None = None) -> int:
    """Run the service's command line and return the exit code. `build` makes the service from its settings, when the command is known to be one."""
    command = _parser(name).parse_args(arguments)
    try:
        service = build()
    except pydantic.ValidationError as error:
        for fault in error.errors():
            print(f"{name}: setting {name.upper().replace('-', '_')}_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}", file=sys.stderr)
        return ExitCode.FAILED
    configure_logs(name, service.settings.log_level)
    try:
        match command.command:
            case "serve":
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:  # a third less processor time for each record than asyncio's own
                    return ExitCode.DONE if loop.run(serve(service, command.roles)) else ExitCode.FAILED
            case "migrate":
                return _run_once(service, f"{name} migrate", lambda: _migrate(service))
            case _:
                return _run_job(service, command)
    finally:
        service.database.close()


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=name, description=f"The {name} service.")
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="run until SIGTERM; HTTP is served in every role, for health and metrics are there")
    serving.add_argument("--roles", type=_roles, default=frozenset(ROLES), help=f"what this process does, comma-separated (default: {','.join(ROLES)})")
    commands.add_parser("migrate", help="bring the database up to date; safe to run twice")
    job = commands.add_parser("job", help="do a job for one entity's business date; exit code 0 done, 1 failed, 75 try again")
    job.add_argument("name")
    job.add_argument("--entity", required=True, help="legal entity, such as 001")
    job.add_argument("--on", required=True, type=date.fromisoformat, help="business date, YYYY-MM-DD")
    return parser


def _roles(text: str) -> frozenset[str]:
    roles = frozenset(role.strip() for role in text.split(","))
    if not roles <= set(ROLES):
        raise argparse.ArgumentTypeError(f"{text!r}: each must be one of {', '.join(ROLES)}")
    return roles


def _migrate(service: Service) -> str:
    from loyalty_shared.persistence.migrations import migrate  # alembic takes longer to import than all the rest, and only this command needs it

    migrate(service.migrations, service.settings.database_url)
    service.prepare()
    return "the database is up to date"


def _run_job(service: Service, command: argparse.Namespace) -> int:
    job = service.jobs.get(command.name)
    if job is None:
        print(f"{service.name}: no job {command.name!r}; there are: {', '.join(sorted(service.jobs)) or 'none'}", file=sys.stderr)
        return ExitCode.FAILED
    return _run_once(service, f"{service.name} job {command.name}", lambda: job(command.entity, command.on))


def _run_once(service: Service, what: str, work: Callable[[], str]) -> int:
    try:
        print(f"{what}: {work()}")
    except Exception as error:
        if isinstance(error, TryAgain) or is_transient(error):
            print(f"{what}: try again: {error}", file=sys.stderr)
            return ExitCode.TRY_AGAIN
        log.exception("failed", command=what)
        print(f"{what}: failed: {type(error).__name__}: {error}", file=sys.stderr)
        return ExitCode.FAILED
    return ExitCode.DONE
