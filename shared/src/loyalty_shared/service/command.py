"""The command line that all services share: `<service> serve | migrate | job NAME`. Exit codes: 0 done, 1 failed, 75 try again."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import date
from typing import Final

import structlog
from pydantic import ValidationError

from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.messaging.metrics import MESSAGING_METRICS
from loyalty_shared.observability.logs import configure_logs
from loyalty_shared.observability.metrics import Metrics, http_metrics
from loyalty_shared.persistence.connections import Database, is_transient
from loyalty_shared.persistence.entity_dates import UnknownEntity
from loyalty_shared.persistence.migrations import migrate
from loyalty_shared.service.parts import Blueprint, Foundation, ServiceSettings
from loyalty_shared.service.running import ROLES, run

DONE: Final = 0
FAILED: Final = 1
TRY_AGAIN: Final = 75  # EX_TEMPFAIL of sysexits.h: what schedulers take as "later"
#: Connections of one process: enough for its API's threads to wait for one another's locks, few enough for many processes.
CONNECTIONS_MAX: Final = 24

log = structlog.get_logger()


def main(blueprint: Blueprint, arguments: Sequence[str] | None = None) -> None:
    """Be a service's command; ends the process with its exit code."""
    sys.exit(_main(blueprint, arguments))


def _main(blueprint: Blueprint, arguments: Sequence[str] | None) -> int:
    chosen = _parser(blueprint).parse_args(arguments)
    try:
        settings = blueprint.settings()  # type: ignore[call-arg]  # from the environment
    except ValidationError as error:
        prefix = blueprint.settings.model_config.get("env_prefix", "")
        for fault in error.errors():
            print(f"{prefix}{'.'.join(map(str, fault['loc'])).upper()}: {fault['msg']}. Set it in the environment.", file=sys.stderr)
        return FAILED
    configure_logs(blueprint.name, settings.log_level)
    try:
        match chosen.command:
            case "migrate":
                migrate(blueprint.migrations, settings.database_url)
            case "serve":
                return _serve(blueprint, settings, frozenset(chosen.roles))
            case "job":
                _do_job(blueprint, settings, chosen)
    except UnknownEntity as error:
        print(error, file=sys.stderr)
        return FAILED
    except Exception as error:
        log.exception("failed", command=chosen.command)
        return TRY_AGAIN if is_transient(error) else FAILED
    return DONE


def _serve(blueprint: Blueprint, settings: ServiceSettings, roles: frozenset[str]) -> int:
    foundation = _foundation(blueprint, settings)
    try:
        return asyncio.run(run(blueprint.name, settings, foundation, blueprint.build(settings, foundation), roles))
    finally:
        foundation.database.close()


def _do_job(blueprint: Blueprint, settings: ServiceSettings, chosen: argparse.Namespace) -> None:
    foundation = _foundation(blueprint, settings)
    jobs = blueprint.build(settings, foundation).jobs
    if chosen.name not in jobs:
        raise SystemExit(f"{blueprint.name} has no job {chosen.name!r}; its jobs: {', '.join(sorted(jobs)) or 'none'}")
    jobs[chosen.name](chosen.entity, chosen.on)


def _foundation(blueprint: Blueprint, settings: ServiceSettings) -> Foundation:
    return Foundation(
        database=Database(settings.database_url, application_name=blueprint.name, pool_max=CONNECTIONS_MAX),
        clock=SystemClock(),
        metrics=Metrics([*http_metrics(blueprint.name).all(), *MESSAGING_METRICS, *blueprint.metrics]),
    )


def _parser(blueprint: Blueprint) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=blueprint.name)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="run until SIGTERM")
    serve.add_argument("--roles", type=_roles, default=list(ROLES), help=f"comma-separated, of {', '.join(ROLES)}; all by default")
    commands.add_parser("migrate", help="bring the database to this version; safe at every start")
    job = commands.add_parser("job", help="do one job and end; 75 means try again")
    job.add_argument("name")
    job.add_argument("--entity", required=True, help="legal entity, e.g. 001")
    job.add_argument("--on", required=True, type=date.fromisoformat, help="business date, e.g. 2027-01-01")
    return parser


def _roles(text: str) -> list[str]:
    roles = [role.strip() for role in text.split(",")]
    if unknown := set(roles) - set(ROLES):
        raise argparse.ArgumentTypeError(f"no role {', '.join(sorted(unknown))}; choose of {', '.join(ROLES)}")
    return roles
