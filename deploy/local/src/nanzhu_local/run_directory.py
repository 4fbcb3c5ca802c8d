"""Where one running platform keeps everything it has: ports, secrets, data, logs and the ids of its processes."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nanzhu_local.failures import PlatformFailure

FREE_BYTES_MIN = 1 << 30
"""Below this Kafka and PostgreSQL would soon stop in the middle of a write."""


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """One platform's directory (`.run` of the project, or a test's own)."""

    path: Path

    @property
    def ports(self) -> Path:
        return self.path / "ports.json"

    @property
    def endpoints(self) -> Path:
        return self.path / "endpoints.json"

    def log(self, name: str) -> Path:
        return self.path / "logs" / f"{name}.log"

    def pid(self, name: str) -> Path:
        return self.path / "pids" / f"{name}.json"

    def data(self, name: str) -> Path:
        return self.path / "data" / name

    def create(self) -> None:
        """Make the directories; raise PlatformFailure when the disk is nearly full."""
        for child in ("logs", "pids", "data", "tmp"):
            (self.path / child).mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.path).free
        if free < FREE_BYTES_MIN:
            raise PlatformFailure(
                f"the disk of {self.path} has {free >> 20} MiB free, at least {FREE_BYTES_MIN >> 20} MiB are needed",
                "free some space (`make clean` deletes the data of earlier runs), then run the command again",
            )

    def secret(self, name: str) -> str:
        """Return the secret of that name, made once and readable by the owner only."""
        path = self.path / "secret.json"
        kept: dict[str, str] = read_json(path) or {}
        if name not in kept:
            kept[name] = secrets.token_urlsafe(32)
            write_json(path, kept)
        return kept[name]

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other `nanzhu` command out of this directory for the while."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise PlatformFailure(
                    f"another command is starting or stopping the platform in {self.path}", "wait until it is done, then run this again"
                ) from None
            yield


def read_json(path: Path) -> Any:
    """Return what the file holds, None when there is no file."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except json.JSONDecodeError as error:
        raise PlatformFailure(f"{path} cannot be read: {error}", "`make clean` deletes it together with the data of earlier runs") from error


def write_json(path: Path, value: object) -> None:
    """Replace the file in one step, readable by the owner only (it may hold credentials)."""
    draft = path.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        json.dump(value, handle, indent=1)
    draft.replace(path)
