"""The files that operators deploy: valid by their own schemas, in step with one another and with what the runner on one machine does."""

import itertools
import json
import os
import re
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from nanzhu_local.credentials import credentials_from, operators_from, token_of
from nanzhu_local.services import SERVICES, Service, Surroundings, environment_of

DOCKER = Path("deploy/docker")
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
DOCKERFILE = (DOCKER / "Dockerfile").read_text()
PROMETHEUS = Path("deploy/prometheus/prometheus.yml")
GRAFANA = Path("deploy/grafana")
PANELS: list[dict[str, Any]] = json.loads((GRAFANA / "dashboards/flow.json").read_text())["panels"]
NAMES = [service.name for service in SERVICES]
AROUND = Surroundings(http=dict.fromkeys(NAMES, "http://somewhere"), credentials_seed="seed", browser_packages=Path("browser"))
#: The image sets the one, and the other's default is what the image exposes.
OF_THE_IMAGE = {"CONSOLE_BROWSER_PACKAGES", *(f"{service.prefix}_HTTP_PORT" for service in SERVICES)}


def test_the_compose_file_is_valid() -> None:
    schema = json.loads(Path("tests/contracts/compose-spec.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(COMPOSE)


@pytest.mark.parametrize("service", SERVICES, ids=NAMES)
def test_compose_gives_a_service_what_the_runner_gives_it(service: Service) -> None:
    part, step = COMPOSE["services"][service.name], COMPOSE["services"][f"{service.name}-migrate"]
    expected = environment_of(service, 8000, "postgresql://", "kafka:9092", AROUND).keys() - OF_THE_IMAGE

    assert part["environment"].keys() == expected
    assert step["environment"] == part["environment"]
    assert f"/{service.database}" in part["environment"][f"{service.prefix}_DATABASE_URL"]
    assert (part["command"], step["command"]) == ([service.name, "serve"], [service.name, "migrate"])
    assert part["depends_on"] == {"topics": COMPLETED, f"{service.name}-migrate": COMPLETED}


COMPLETED = {"condition": "service_completed_successfully"}


def test_compose_starts_every_service_and_nothing_unknown() -> None:
    around = {"kafka", "postgres", "topics", "prometheus", "grafana"}

    assert COMPOSE["services"].keys() == around | set(NAMES) | {f"{name}-migrate" for name in NAMES}


def test_every_port_is_on_the_loopback_address_and_used_once() -> None:
    ports = [port for part in COMPOSE["services"].values() for port in part.get("ports", [])]

    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert len({port.split(":")[1] for port in ports}) == len(ports)


def test_the_secrets_that_compose_asks_for_are_those_that_are_made() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (DOCKER / "compose.yaml").read_text()))
    script = runpy.run_path(str(DOCKER / "make_env.py"))
    made = script["environment"]()

    assert made.keys() == asked
    assert made["GIFT_ORDER_TOKEN"] == token_of(made["CREDENTIALS_SEED"], "services", "gift-order")
    assert len(set(made.values())) == len(made)


def test_the_first_tokens_and_passwords_are_those_of_the_runner() -> None:
    handles = runpy.run_path(str(DOCKER / "make_env.py"))["handles"]("seed")

    assert handles["credentials"] == credentials_from("seed")
    assert handles["passwords"] == {
        entity: {sign_in["operator"]: sign_in["password"] for sign_in in roles.values()} for entity, roles in operators_from("seed").items()
    }


def test_every_service_has_a_database_of_its_own() -> None:
    script = (DOCKER / "postgres/10-databases.sh").read_text()
    named = re.search(r"for service in ([a-z_ ]+);", script)

    assert named is not None
    assert set(named[1].split()) == {service.database for service in SERVICES}
    assert os.access(DOCKER / "postgres/10-databases.sh", os.X_OK)


def test_the_image_holds_every_service_and_the_uv_of_the_makefile() -> None:
    assert set(re.findall(r"--package ([a-z-]+)", DOCKERFILE)) == set(NAMES)
    assert re.findall(r"uv==([0-9.]+)", DOCKERFILE) == re.findall(r"^UV_VERSION := ([0-9.]+)$", Path("Makefile").read_text(), re.MULTILINE)
    assert re.search(r"^USER (?!root)", DOCKERFILE, re.MULTILINE)


def test_prometheus_scrapes_every_service() -> None:
    [job] = yaml.safe_load(PROMETHEUS.read_text())["scrape_configs"]
    scraped = {group["labels"]["service"]: group["targets"] for group in job["static_configs"]}

    assert scraped == {name: [f"{name}:8000"] for name in NAMES}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no `promtool` on the PATH: Debian has it in the package prometheus")
def test_promtool_accepts_the_configuration() -> None:
    done = subprocess.run(["promtool", "check", "config", str(PROMETHEUS)], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_panel_has_an_id_a_place_and_a_known_source_of_its_own() -> None:
    [source] = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yaml").read_text())["datasources"]
    cells = [cell for panel in PANELS for cell in cells_of(panel["gridPos"])]

    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    assert len(set(cells)) == len(cells)
    assert max(column for column, _ in cells) < 24
    assert {panel["datasource"]["uid"] for panel in PANELS if panel["type"] != "row"} == {source["uid"]}
    assert all(panel["description"] for panel in PANELS if panel["type"] != "row")


def cells_of(place: dict[str, int]) -> list[tuple[int, int]]:
    """Return the cells of the grid that a panel covers."""
    return list(itertools.product(range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])))
