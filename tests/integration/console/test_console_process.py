"""The console as a process, and its announcements on a real Kafka.

The process runs without its relay, and the relay on a topic of the test's own: the session's Kafka may carry a whole platform, whose services
follow `loyalty.console.parameters`.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from console.adapters.announcements import ParametersTopic
from console.main import MIGRATIONS, prepare
from console.settings import Settings
from loyalty_shared.contracts.topics import CONSOLE_PARAMETERS, Topic
from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.messaging.relay import Relay
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.migrations import migrate
from loyalty_shared.serving import SERVICE_METRICS
from nanzhu_local.credentials import credentials_from
from support.eventually import eventually
from support.platform import MakeDatabase, MakeTopic

SEED = "a seed of sixteen or more"
TOKENS = credentials_from(SEED)
PROGRAM = str(Path(sys.prefix) / "bin" / "console")
RECORDS_WAIT_SECONDS = 30


@pytest.fixture
def running_console(kafka: str, database: MakeDatabase) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "CONSOLE_DATABASE_URL": database("console"),
        "CONSOLE_KAFKA_BOOTSTRAP_SERVERS": kafka,
        "CONSOLE_HTTP_PORT": str(port),
        "CONSOLE_CREDENTIALS_SEED": SEED,
    }
    subprocess.run([PROGRAM, "migrate"], env=environment, check=True, timeout=60)
    process = subprocess.Popen([PROGRAM, "serve", "--roles", "api,consumer"], env=environment)
    try:
        eventually(lambda: httpx.get(f"http://127.0.0.1:{port}/health/ready", trust_env=False).status_code == 200)
        yield f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


def test_the_process_serves_and_ends_when_told(running_console: str) -> None:
    at = f"{running_console}/v1/entities/001/business-date"
    headers = {"Authorization": f"Bearer {TOKENS['001']['admin']}", "Idempotency-Key": "k"}
    assert httpx.post(at, json={"business_on": "2050-01-01"}, headers=headers, trust_env=False).json() == {"business_on": "2050-01-01"}
    assert httpx.get(at, headers=headers, trust_env=False).json() == {"business_on": "2050-01-01", "followed_by": {}}
    shown = httpx.get(f"{running_console}/metrics", trust_env=False).text
    assert 'loyalty_console_http_requests_total{method="POST",route="/v1/entities/{legal_entity}/business-date",status="200"} 1.0' in shown


def test_a_setting_that_is_missing_is_named() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONSOLE_")}
    failed = subprocess.run([PROGRAM, "migrate"], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert failed.returncode == 1
    assert "CONSOLE_CREDENTIALS_SEED" in failed.stderr


class RenamedTopic(ParametersTopic):
    """The announcements, on a topic of the test's own."""

    def __init__(self, name: str) -> None:
        self._topic = replace(CONSOLE_PARAMETERS, name=name)

    @property
    def topic(self) -> Topic:
        return self._topic


def test_announcements_are_published_in_order_and_numbered(kafka: str, database: MakeDatabase, topic: MakeTopic) -> None:
    url, name = database("console"), topic("parameters")
    migrate(MIGRATIONS, url)
    opened = Database(url, application_name="console-test")
    prepare(Settings(database_url=url, kafka_bootstrap_servers=kafka, credentials_seed=SEED), opened, SystemClock())
    records = asyncio.run(relay_and_read(kafka, opened, name, count=18))
    opened.close()
    kinds = [kind.removeprefix("loyalty.console.") for kind, _, _, _ in records]
    assert kinds == ["entity.opened.v1"] * 2 + ["credential.issued.v1"] * 14 + ["institution.changed.v1"] * 2
    assert [sequence for _, sequence, _, _ in records] == [f"1.{number}" for number in range(1, 19)]
    assert [key for _, _, key, _ in records[:3]] == ["001", "002", "001-channel"]
    assert records[0][3]["names"] == {"zh": "主发起行", "en": "Sponsor bank"}


async def relay_and_read(kafka: str, opened: Database, name: str, count: int) -> list[tuple[str, str, str, Any]]:
    """Return (type, sequence, key, data) of the first records that the relay publishes."""
    relay = Relay(kafka, opened, [RenamedTopic(name)], source="/loyalty/console", inputs=(), metrics=Metrics(SERVICE_METRICS))
    running = asyncio.create_task(relay.run())
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    records: list[tuple[str, str, str, Any]] = []
    try:
        partition = TopicPartition(name, 0)
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        async with asyncio.timeout(RECORDS_WAIT_SECONDS):
            while len(records) < count:
                for record in (await consumer.getmany(timeout_ms=500)).get(partition, []):
                    headers = {header: value.decode() for header, value in record.headers}
                    records.append((headers["ce_type"], headers["ce_sequence"], record.key.decode(), json.loads(record.value)))
    finally:
        await consumer.stop()
        relay.stop()
        await running
    return records
