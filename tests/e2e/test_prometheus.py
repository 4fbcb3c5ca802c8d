"""A real Prometheus scrapes every service by the configuration that is deployed, and every query of the dashboard returns data."""

import json
import math
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from nanzhu_local.endpoints import Endpoints
from nanzhu_local.platform import LocalPlatform
from nanzhu_local.ports import Ports
from nanzhu_local.run_directory import RunDirectory
from support.bank import Bank, RawRecord
from support.eventually import eventually
from support.rules import rule

CONFIGURATION = Path("deploy/prometheus/prometheus.yml")
DASHBOARD = json.loads(Path("deploy/grafana/dashboards/flow.json").read_text())
QUERIES = {f"{panel['title']} {target['refId']}": target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])}
PROGRAM = shutil.which("prometheus")
HOUSEHOLD = re.compile(r"\b(?:loyalty|process)_[a-z_]+")

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no `prometheus` on the PATH: Debian has it in the package of that name")


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A Prometheus of this test's own."""

    url: str
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=10, trust_env=False))

    def get(self, path: str, **parameters: str) -> Any:
        """Return the data of a call of its API."""
        return self.http.get(f"{self.url}/api/v1/{path}", params=parameters).raise_for_status().json()["data"]

    def values(self, expression: str) -> list[float]:
        """Return the numbers that a query gives now."""
        return [float(series["value"][1]) for series in self.get("query", query=expression)["result"]]


@pytest.fixture(scope="module")
def prometheus(platform: LocalPlatform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Return a Prometheus that scrapes the running services."""
    directory = tmp_path_factory.mktemp("prometheus")
    run = RunDirectory(directory)
    address = f"127.0.0.1:{Ports(run).port_of('prometheus')}"
    configuration = directory / "prometheus.yml"
    configuration.write_text(yaml.safe_dump(here(yaml.safe_load(CONFIGURATION.read_text()), platform.endpoints)))
    arguments = [str(PROGRAM), f"--config.file={configuration}", f"--storage.tsdb.path={directory / 'data'}", f"--web.listen-address={address}"]
    with ExitStack() as stack:
        log = stack.enter_context((directory / "log").open("wb"))
        process = subprocess.Popen(arguments, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        stack.callback(process.wait, 30)
        stack.callback(process.terminate)
        started = Prometheus(f"http://{address}")
        eventually(lambda: started.http.get(f"{started.url}/-/ready").raise_for_status())
        yield started


def here(configuration: dict[str, Any], endpoints: Endpoints) -> dict[str, Any]:
    """Return the deployed configuration with the addresses of this platform, and scraping more often."""
    configuration["global"] |= {"scrape_interval": "1s", "scrape_timeout": "1s"}
    for group in configuration["scrape_configs"][0]["static_configs"]:
        group["targets"] = [
            endpoints.services[target.removesuffix(":8000")].metrics.removeprefix("http://").removesuffix("/metrics") for target in group["targets"]
        ]
    return configuration


@pytest.fixture(scope="module")
def flow(bank: Bank) -> Bank:
    """Let some of everything happen: purchases, a refund, a spend, a record that is malformed, a call that is refused."""
    bank.approve(rule("base", {"per_minor": 100, "points": 1}))
    purchases = [bank.purchase(f"P{number}", f"C{number % 5}") for number in range(50)]
    malformed = bank.record({**purchases[0], "amount_minor": "many"})
    bank.publish(*purchases, bank.refund("F1", purchases[1], "10.00"), RawRecord(malformed.key, malformed.value, malformed.headers))
    bank.drained()
    bank.post("redemption", "redemptions", bank.spend("C1", 10))
    assert bank.refused("redemptions", bank.spend("C1", 1_000_000))[0] == 409
    return bank


def test_every_service_is_scraped(prometheus: Prometheus, platform: LocalPlatform) -> None:
    def states() -> dict[str, str]:
        return {target["labels"]["service"]: target["health"] for target in prometheus.get("targets")["activeTargets"]}

    assert eventually(lambda: (found := states()) and set(found.values()) == {"up"} and found) == dict.fromkeys(platform.endpoints.services, "up")


@pytest.mark.parametrize("panel", QUERIES)
def test_a_query_of_the_dashboard_returns_data(prometheus: Prometheus, flow: Bank, panel: str) -> None:
    expression = QUERIES[panel].replace("$__rate_interval", "1m")
    assert eventually(lambda: [value for value in prometheus.values(expression) if math.isfinite(value)], 60)


def test_the_dashboard_names_only_metrics_that_some_service_has(platform: LocalPlatform) -> None:
    texts = [httpx.get(service.metrics, trust_env=False).text for service in platform.endpoints.services.values()]
    kinds = dict(line.split()[2:4] for text in texts for line in text.splitlines() if line.startswith("# TYPE "))
    series = {name + suffix for name, kind in kinds.items() for suffix in (("_bucket", "_count", "_sum") if kind == "histogram" else ("",))}
    named = {name for expression in QUERIES.values() for name in HOUSEHOLD.findall(re.sub(r'"[^"]*"', "", expression))}
    assert named
    assert named <= series


def test_what_is_malformed_is_seen_as_a_dead_letter(prometheus: Prometheus, flow: Bank) -> None:
    assert eventually(lambda: prometheus.values(QUERIES["Dead letters A"])) >= [1.0]
    assert max(eventually(lambda: prometheus.values(QUERIES["Invariants violated A"]), 60)) == 0
