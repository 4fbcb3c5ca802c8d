"""`endpoints.json`: where everything is, and with which credentials. Its form is agreed with the systems around the platform."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from nanzhu_local.failures import PlatformFailure
from nanzhu_local.run_directory import read_json, write_json


@dataclass(frozen=True, slots=True)
class ServiceEndpoints:
    """One service's addresses: `http` is its base URL without a slash at the end, `database` a postgresql:// URL."""

    http: str
    metrics: str
    database: str


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Everything that a client of the running platform needs; tokens are in `credentials` by legal entity and role.

    `operators`: who may sign in at the console's pages, by legal entity and role, each `{operator, password}`.
    """

    kafka: str
    services: dict[str, ServiceEndpoints]
    credentials: dict[str, dict[str, str]]
    channels: dict[str, str]
    operators: dict[str, dict[str, dict[str, str]]]

    def write(self, path: Path) -> None:
        """Write them where clients look for them."""
        write_json(path, asdict(self))


def read_endpoints(path: Path) -> Endpoints:
    """Read them; raise PlatformFailure when the platform was never started there."""
    kept = read_json(path)
    if kept is None:
        raise PlatformFailure(f"{path} does not exist: the platform has not been started", "run `make up`")
    services = {name: ServiceEndpoints(**addresses) for name, addresses in kept["services"].items()}
    return Endpoints(kept["kafka"], services, kept["credentials"], kept["channels"], kept["operators"])
