"""One legal entity of the running platform, as the systems around it see it: events in over Kafka, everything else over HTTP."""

import asyncio
import itertools
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import msgspec
import psycopg2
from aiokafka import AIOKafkaProducer

from loyalty_shared.kernel.ids import new_id
from nanzhu_local.platform import LocalPlatform
from support.eventually import eventually

TODAY = date(2026, 3, 2)
TIMEOUT_SECONDS = 30.0
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as it goes on the wire; `partition` None: the client's own choice by key."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    partition: int | None = None


@dataclass(slots=True)
class Bank:
    """A legal entity with its credentials by role, on a platform."""

    platform: LocalPlatform
    legal_entity: str
    tokens: Mapping[str, str]
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False))

    def call(
        self, method: str, service: str, path: str, *, role: str = "auditor", key: str | None = None, token: str | None = None, **request: Any
    ) -> httpx.Response:
        """Call `/v1/entities/{entity}/{path}` and return the answer, whatever it is. Writes get an Idempotency-Key of their own unless one is given."""
        headers = {"Authorization": f"Bearer {token or self.tokens[role]}"}
        if method != "GET":
            headers["Idempotency-Key"] = key or new_id()
        url = f"{self.platform.endpoints.services[service].http}/v1/entities/{self.legal_entity}/{path}"
        return self.http.request(method, url, headers=headers, **request)

    def get(self, service: str, path: str, *, role: str = "auditor", **parameters: str | int) -> Any:
        """Return the answer of a GET that must succeed."""
        return self.call("GET", service, path, role=role, params=parameters).raise_for_status().json()

    def post(self, service: str, path: str, body: object = None, *, role: str = "channel", key: str | None = None) -> Any:
        """Return the answer of a POST that must succeed."""
        answer = self.call("POST", service, path, role=role, key=key, json=body)
        assert answer.is_success, f"POST {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def refused(self, path: str, body: object = None, *, role: str = "channel", key: str | None = None, service: str = "redemption") -> tuple[int, str]:
        """Return status and code of a POST that must be refused."""
        answer = self.call("POST", service, path, role=role, key=key, json=body)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        return answer.status_code, answer.json()["code"]

    def approve(self, *rules: Mapping[str, Any]) -> None:
        """Put rules in force."""
        for rule in rules:
            draft = self.post("accrual", "rules", rule, role="maker")
            version = f"rules/{draft['code']}/versions/{draft['version']}"
            self.post("accrual", f"{version}/submit", role="maker")
            self.post("accrual", f"{version}/approve", role="checker")

    def advance(self, business_on: date) -> None:
        """Move the business date, and return when every service has it."""
        self.post("console", "business-date", {"business_on": business_on.isoformat()}, role="admin")
        eventually(lambda: set(self.get("console", "business-date")["followed_by"].values()) == {business_on.isoformat()})

    def account(self, customer_no: str) -> Any:
        """Return the customer's account."""
        return self.get("redemption", f"accounts/{customer_no}")

    def balances(self, customers: Iterable[str]) -> dict[str, Any]:
        """Return each customer's balances, None for one without an account."""
        found = {}
        for customer_no in customers:
            answer = self.call("GET", "redemption", f"accounts/{customer_no}")
            found[customer_no] = answer.json()["balances"] if answer.is_success else None
        return found

    def violations(self) -> dict[str, int]:
        """Return the invariants of redemption that do not hold, with how often."""
        return {item["name"]: item["violations"] for item in self.get("redemption", "invariants")["items"] if item["violations"]}

    def serial(self, on: date = TODAY) -> dict[str, str]:
        """Return a channel serial that was never used."""
        return {"channel_serial": f"S{next(_numbers):08d}-{new_id()[:8]}", "channel_date": on.isoformat()}

    def spend(self, customer_no: str, points: int, **more: Any) -> dict[str, Any]:
        """Return the body of a reservation or redemption with a serial of its own."""
        return {"customer_no": customer_no, "points": points, "application": "mall", **self.serial(), **more}

    def purchase(self, no: str, customer_no: str, yuan: str = "100.00", **more: Any) -> dict[str, Any]:
        """Return a posted card purchase."""
        return {
            "legal_entity": self.legal_entity, "source_system": "core", "transaction_no": no, "leg": 1,
            "customer_no": customer_no, "account_no": f"A{customer_no}",
            "card_type": "debit", "product_code": "DEBIT-CARD", "transaction_code": "POS", "channel": "POS", "institution": "450100", "direction": "debit",
            "amount_minor": int(yuan.replace(".", "")), "currency": "CNY", "merchant_no": "M0001", "store_no": None, "terminal_no": None, "mcc": "5411",
            "transaction_at": "2026-03-01T09:30:00+08:00", "posted_on": "2026-03-01", "attributes": {}, **more,
        }  # fmt: skip

    def refund(self, no: str, original: Mapping[str, Any], yuan: str, **more: Any) -> dict[str, Any]:
        """Return the refund of a part of a purchase."""
        amount = int(yuan.replace(".", ""))
        return {**original, "transaction_no": no, "amount_minor": amount, "original_transaction_no": original["transaction_no"], "original_leg": 1, **more}

    def record(self, data: Mapping[str, Any], ce_type: str | None = None, *, ce_id: str | None = None, partition: int | None = None) -> RawRecord:
        """Return an event as the core would publish it: binary-mode CloudEvent, keyed by entity and customer."""
        kind = ce_type or ("core.transaction.refunded.v1" if "original_transaction_no" in data else "core.transaction.posted.v1")
        headers = {"ce_specversion": "1.0", "ce_id": ce_id or new_id(), "ce_source": "/core", "ce_type": kind, "ce_time": "2026-03-01T01:30:00Z"}
        encoded = tuple((name, value.encode()) for name, value in {**headers, "content-type": "application/json"}.items())
        return RawRecord(f"{self.legal_entity}:{data.get('customer_no')}".encode(), msgspec.json.encode(data), encoded, partition)

    def publish(self, *records: RawRecord | Mapping[str, Any], topic: str = "core.transactions") -> None:
        """Publish in order; returns when the broker has all of them."""
        asyncio.run(_publish(self.platform.kafka, topic, [one if isinstance(one, RawRecord) else self.record(one) for one in records]))

    def announce(self, customer_no: str, **facts: Any) -> None:
        """Publish a customer's facts, and return when accrual and redemption have them."""
        data = {
            "legal_entity": self.legal_entity, "customer_no": customer_no, "name": None, "level": None, "tags": [], "born_on": None, "joined_on": None,
            "institution": "450100", "status": "active", "changed_at": "2026-01-01T00:00:00+08:00", **facts,
        }  # fmt: skip
        self.publish(self.record(data, "core.customer.changed.v1"), topic="core.customers")
        self.drained()

    def drained(self, timeout_seconds: float = 60.0) -> None:
        """Return when accrual and redemption have read everything, and what accrual published of it has reached the ledger."""
        eventually(self._is_drained, timeout_seconds)

    def _is_drained(self) -> bool:
        return self.has_read("accrual") and self.has_published("accrual") and self.has_read("redemption")

    def has_published(self, service: str) -> bool:
        """Tell whether the service's relay has published all that is committed."""
        with closing(psycopg2.connect(self.platform.endpoints.services[service].database)) as database, database.cursor() as cursor:
            cursor.execute("select count(*) from outgoing_batch where xid >= (select coalesce(min(bound_xid), 0)::text::xid8 from relay_partition)")
            return bool(cursor.fetchone() == (0,))

    def has_read(self, service: str) -> bool:
        """Tell whether the service has read all there is for it now."""
        headers = {"Authorization": f"Bearer {self.tokens['auditor']}"}
        answer = self.http.get(f"{self.platform.endpoints.services[service].http}/v1/consumers", headers=headers).raise_for_status().json()
        return all(row["next_offset"] == row["end_offset"] for row in answer["items"])


def open_bank(platform: LocalPlatform, business_on: date = TODAY, code: str | None = None) -> Bank:
    """Open a legal entity of its own for a test module: no rule, no customer, its own business date."""
    code = code or f"T{next(_numbers)}{new_id()[:6]}"
    sponsor = platform.endpoints.credentials["001"]["admin"]
    body = {"legal_entity": code, "names": {"zh": "测试银行", "en": "Test Bank"}, "zone": "Asia/Shanghai", "business_on": business_on.isoformat()}
    headers = {"Authorization": f"Bearer {sponsor}", "Idempotency-Key": new_id()}
    answer = httpx.post(f"{platform.endpoints.services['console'].http}/v1/entities", json=body, headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False)
    bank = Bank(platform, code, answer.raise_for_status().json()["credentials"])
    eventually(lambda: set(bank.get("console", "business-date")["followed_by"].values()) == {business_on.isoformat()})
    return bank


def at(on: date, hour: int = 9) -> str:
    """Return an instant of that date in Shanghai, as text."""
    return (datetime(on.year, on.month, on.day, tzinfo=ZoneInfo("Asia/Shanghai")) + timedelta(hours=hour)).isoformat()


async def _publish(bootstrap_servers: str, topic: str, records: list[RawRecord]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap_servers, enable_idempotence=True, linger_ms=5, max_request_size=4 << 20) as producer:
        sent = [await producer.send(topic, one.value, key=one.key, headers=list(one.headers), partition=one.partition) for one in records]
        await asyncio.gather(*sent)
