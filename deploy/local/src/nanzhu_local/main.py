"""`nanzhu`: starts and stops the whole platform on this machine."""

from __future__ import annotations

import argparse
import errno
import signal
import sys
from collections.abc import Callable
from types import FrameType

import psycopg2
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nanzhu_local.failures import PlatformFailure
from nanzhu_local.platform import LocalPlatform

FAILED = 1
INTERRUPTED = 130


def main() -> None:
    """Run one command; exit code 0 done, 1 failed (with the reason and the remedy on stderr), 130 interrupted."""
    arguments = parser().parse_args()
    sys.exit(guarded(lambda: run(arguments), Console(stderr=True)))


def parser() -> argparse.ArgumentParser:
    """Describe the commands."""
    top = argparse.ArgumentParser(prog="nanzhu", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch", help="download what is missing")
    commands.add_parser("up", help="start what does not run and wait until it is ready")
    commands.add_parser("down", help="stop everything, keep the data")
    commands.add_parser("clean", help="stop everything and delete the data")
    commands.add_parser("status", help="show what runs, where, and its logs")
    for name, does in (("start", "start one process again"), ("stop", "stop one process"), ("kill9", "kill one process, as a crash would")):
        commands.add_parser(name, help=does).add_argument("name", help="kafka, postgres, or a service")
    return top


def run(arguments: argparse.Namespace) -> None:
    """Do what the command says."""
    platform = LocalPlatform()
    match arguments.command:
        case "up":
            platform.up()
            print(f"The platform is up; {platform.run.endpoints} has its addresses and credentials. Stop it with: make down")
        case "fetch":
            platform.fetch()
        case "down":
            platform.down()
        case "clean":
            platform.clean()
        case "status":
            show_status(platform)
        case "start" | "stop" | "kill9" as verb:
            getattr(platform, verb)(arguments.name)


def show_status(platform: LocalPlatform) -> None:
    """Print a table of the processes."""
    table = Table("process", "state", "pid", "address")
    for status in platform.status():
        table.add_row(status.name, "stopped" if status.pid is None else "running", str(status.pid or ""), status.address)
    Console().print(table)
    print(f"Logs: {platform.run.path / 'logs'}")


def guarded(work: Callable[[], None], console: Console) -> int:
    """Do the work and return the exit code; what the machine refuses is told in words instead of a traceback. SIGTERM counts as ctrl-C."""
    signal.signal(signal.SIGTERM, interrupt)
    try:
        work()
    except PlatformFailure as failure:
        return tell(console, failure.fault, failure.remedy)
    except KeyboardInterrupt:
        return tell(console, "interrupted", "`nanzhu status` shows what runs, `make down` stops it", INTERRUPTED)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return tell(console, f"the disk is full: {error}", "free some space (`make clean` deletes the data of earlier runs), then run the command again")
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return tell(console, f"not permitted: {error}", "make the project's directory writable for this user, or use a checkout of your own")
        raise
    except psycopg2.Error as error:
        return tell(console, f"PostgreSQL refused: {error}", "its log is .run/logs/postgres.log; `make clean` starts over without the data")
    return 0


def interrupt(number: int, frame: FrameType | None) -> None:
    """Turn a signal into the exception that ctrl-C raises, so that both undo what was begun."""
    raise KeyboardInterrupt


def tell(console: Console, fault: str, remedy: str, exit_code: int = FAILED) -> int:
    """Print what is wrong and what to do; return the exit code."""
    console.print(f"[bold red]nanzhu:[/] {escape(fault)}", highlight=False, soft_wrap=True)
    console.print(f"[bold]what to do:[/] {escape(remedy)}", highlight=False, soft_wrap=True)
    return exit_code
