"""The platform's gift-order, started so that it reaches redemption through a gate."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from nanzhu_local.credentials import token_of
from nanzhu_local.platform import LocalPlatform
from support.eventually import eventually
from support.redemption_gate import Gate, open_gate

NAME = "gift-order"


@dataclass
class GatedGiftOrder:
    """Gift-order on its own port and database, in a process of the test's."""

    platform: LocalPlatform
    gate: Gate
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def http(self) -> str:
        return self.platform.endpoints.services[NAME].http

    def start(self) -> None:
        """Start it, and return when it is ready."""
        endpoints = self.platform.endpoints.services[NAME]
        environment = os.environ | {
            "GIFT_ORDER_DATABASE_URL": endpoints.database,
            "GIFT_ORDER_KAFKA_BOOTSTRAP_SERVERS": self.platform.kafka,
            "GIFT_ORDER_HTTP_PORT": str(urlsplit(endpoints.http).port),
            "GIFT_ORDER_REDEMPTION_URL": self.gate.url,
            "GIFT_ORDER_REDEMPTION_TOKEN": token_of(self.platform.run.secret("credentials"), "services", NAME),
        }
        self._process = subprocess.Popen([str(Path(sys.prefix) / "bin" / NAME), "serve"], env=environment)
        eventually(lambda: httpx.get(f"{self.http}/health/ready", trust_env=False).status_code == httpx.codes.OK)

    def kill9(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def gated_gift_order(platform: LocalPlatform) -> Iterator[GatedGiftOrder]:
    """Put a gate between the platform's gift-order and its redemption, for as long as the block lasts."""
    with open_gate(platform.endpoints.services["redemption"].http) as gate:
        platform.stop(NAME)
        gated = GatedGiftOrder(platform, gate)
        try:
            gated.start()
            yield gated
        finally:
            gated.kill9()
            platform.start(NAME)
