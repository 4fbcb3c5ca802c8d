"""The parts that no Python package brings: Kafka's jars, fetched once by the committed lock file and checked by their SHA-256."""

from __future__ import annotations

import hashlib
from pathlib import Path

import requests
from jgo.env import LockFile
from jgo.maven import Artifact, MavenContext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from nanzhu_local.failures import PlatformFailure

LOCK = Path(__file__).parent / "kafka_jars" / "jgo.lock.toml"
TIMEOUT_SECONDS = 60
TRIES_MAX = 3


def kafka_class_path(cache: Path, console: Console) -> str:
    """Return the class path of the broker and its tools; downloads what `cache` lacks (54 MB the first time)."""
    wanted = LockFile.load(LOCK).dependencies
    context = MavenContext(repo_cache=cache / "maven", timeout=TIMEOUT_SECONDS)
    jars = {context.project(jar.groupId, jar.artifactId).at_version(jar.version).artifact(): str(jar.sha256) for jar in wanted}
    paths = [path_of(artifact) for artifact in jars]
    verified = cache / "maven" / "verified"
    lock_digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if verified.exists() and verified.read_text() == lock_digest and all(path.exists() for path in paths):
        return ":".join(map(str, paths))
    verified.parent.mkdir(parents=True, exist_ok=True)
    missing = {artifact: sha256 for artifact, sha256 in jars.items() if not has_digest(path_of(artifact), sha256)}
    if missing:
        fetch(missing, console)
    verified.write_text(lock_digest)
    return ":".join(map(str, paths))


def fetch(missing: dict[Artifact, str], console: Console) -> None:
    """Download the jars with one progress line; raise PlatformFailure naming the jar that cannot be had."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("jars"), TextColumn("{task.fields[jar]}"))
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Downloading Kafka", total=len(missing), jar="")
        for artifact, sha256 in missing.items():
            progress.update(task, jar=artifact.filename)
            fetch_one(artifact, sha256)
            progress.advance(task)
        progress.update(task, jar="")


def fetch_one(artifact: Artifact, sha256: str) -> None:
    """Download one jar and check it, a few times over when the line is bad."""
    fault: object = None
    for _ in range(TRIES_MAX):
        path_of(artifact).unlink(missing_ok=True)  # what an interrupted download left
        try:
            path = artifact.resolve()
        except (requests.RequestException, RuntimeError) as error:
            fault = error
            continue
        if has_digest(path, sha256):
            return
        path.unlink()
        fault = "its SHA-256 is not the one of the lock file"
    raise PlatformFailure(
        f"{artifact.filename} could not be downloaded: {fault}",
        "check the network and the proxy settings (HTTPS_PROXY); what is already there is kept, so just run the command again",
    )


def path_of(artifact: Artifact) -> Path:
    """Return where the jar is, or will be."""
    path = artifact.cached_path
    assert path is not None, "the context has a repository cache"
    return Path(path)


def has_digest(path: Path, sha256: str) -> bool:
    """Tell whether the file is there and whole."""
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return False
