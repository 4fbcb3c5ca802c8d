"""A bank with one entity of its own per test, on a real database, called over HTTP as channels call it."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response

from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import hold_date_exclusively
from loyalty_shared.web.credentials import token_sha256
from redemption.adapters.account_queries import find_account
from redemption.adapters.invariants import check_invariants
from redemption.adapters.online_applications import open_first_applications
from redemption.application.end_expired_holds import EndExpiredHolds
from redemption.domain.balances import Balance, balances_of

TODAY = date(2026, 3, 1)
NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)

_numbers = itertools.count(1)


@dataclass
class SettableClock:
    """A clock that stands still until it is set."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


@dataclass
class Service:
    """The online half of the redemption service, in this process."""

    database: Database
    clock: SettableClock
    http: TestClient
    end_expired_holds: EndExpiredHolds


@dataclass
class Bank:
    """One entity, its channels, and a customer."""

    service: Service
    entity: str
    customer_no: str = "C0000001"
    serials: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    # ---- calls

    def post(self, path: str, body: dict[str, Any] | None = None, *, key: str | None = None, token: str = "channel", entity: str | None = None) -> Response:
        response: Response = self.service.http.post(
            f"/v1/entities/{entity or self.entity}/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.entity}-{token}", "Idempotency-Key": key or f"key-{next(_numbers)}"},
        )
        return response

    def get(self, path: str, *, token: str = "channel", entity: str | None = None) -> Response:
        response: Response = self.service.http.get(f"/v1/entities/{entity or self.entity}/{path}", headers={"Authorization": f"Bearer {self.entity}-{token}"})
        return response

    def serial(self, number: int | None = None) -> dict[str, str]:
        return {"channel_serial": f"{number or next(self.serials):06d}", "channel_date": "2026-03-01"}

    def granting(self, points: int = 100, **others: Any) -> dict[str, Any]:
        return {"customer_no": self.customer_no, "points": points, "point_type": "base", "reason": "test", **self.serial(), **others}

    def spending(self, points: int = 10, **others: Any) -> dict[str, Any]:
        return {"customer_no": self.customer_no, "points": points, "application": "mall", **self.serial(), **others}

    def reversing(self, original: dict[str, Any], **others: Any) -> dict[str, Any]:
        return {"original_channel_serial": original["channel_serial"], "original_channel_date": original["channel_date"], **self.serial(), **others}

    def grant(self, points: int = 100, **others: Any) -> dict[str, Any]:
        return done(self.post("grants", self.granting(points, **others)), 201)

    def reserve(self, points: int = 10, **others: Any) -> str:
        return str(done(self.post("reservations", self.spending(points, **others)), 201)["reservation_id"])

    def redeem(self, points: int = 10, **others: Any) -> str:
        return str(done(self.post("redemptions", self.spending(points, **others)), 201)["redemption_id"])

    # ---- the world around

    def know_customer(self, status: str, customer_no: str | None = None) -> None:
        with self.service.database.transaction() as cursor:
            cursor.execute(
                "insert into customer (legal_entity, customer_no, status, changed_at) values (%s, %s, %s, %s)"
                " on conflict (legal_entity, customer_no) do update set status = excluded.status",
                (self.entity, customer_no or self.customer_no, status, NOON),
            )

    def advance_to(self, on: date) -> None:
        with self.service.database.transaction() as cursor:
            hold_date_exclusively(cursor, self.entity)
            cursor.execute("update entity set business_on = %s where legal_entity = %s", (on, self.entity))

    def let_pass(self, time: timedelta) -> None:
        self.service.clock.at += time

    # ---- what is so

    def business_on(self) -> date:
        with self.service.database.transaction() as cursor:
            cursor.execute("select business_on from entity where legal_entity = %s", (self.entity,))
            on: date = cursor.fetchone()[0]  # type: ignore[index]
            return on

    def balance(self, point_type: str = "base", customer_no: str | None = None) -> Balance:
        """Return the customer's balance of a point type as it is shown."""
        with self.service.database.transaction() as cursor:
            account = find_account(cursor, self.entity, customer_no or self.customer_no, self.business_on(), self.service.clock.at)
        assert account is not None
        return next(balance for balance in balances_of(account) if balance.point_type == point_type)

    def available(self, point_type: str = "base") -> int:
        return self.balance(point_type).available

    def entries(self) -> list[tuple[str, int]]:
        with self.service.database.transaction() as cursor:
            cursor.execute("select kind, points from entry where legal_entity = %s order by batch_no, position", (self.entity,))
            return cursor.fetchall()

    def check(self) -> None:
        """Check every invariant of the entity's ledger."""
        with self.service.database.transaction() as cursor:
            checked = check_invariants(cursor, self.entity, self.service.clock.at)
        assert [invariant for invariant in checked if invariant.violations] == []


def done(response: Response, status: int = 200) -> dict[str, Any]:
    """Return a call's answer, after checking that it was done."""
    assert response.status_code == status, response.text
    answer: dict[str, Any] = response.json()
    return answer


def refusal(response: Response) -> tuple[int, str]:
    """Return a refused call's status and code."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.status_code, response.json()["code"]


def open_entity(service: Service) -> Bank:
    """Open an entity with two channels, staff (two makers, two checkers, an admin) and an auditor."""
    entity = f"{next(_numbers):03d}"
    staff = (("maker", "maker"), ("maker2", "maker"), ("checker", "checker"), ("checker2", "checker"), ("admin", "admin"), ("auditor", "auditor"))
    callers = (("channel", "channel", "MOBILE"), ("channel2", "channel", "POS"), *((name, function, None) for name, function in staff))
    with service.database.transaction() as cursor:
        cursor.execute("insert into entity values (%s, '{}', 'Asia/Shanghai', %s, 15)", (entity, TODAY))
        open_first_applications(cursor, entity)
        for name, function, channel in callers:
            cursor.execute(
                "insert into credential (credential, token_sha256, entities, functions, channel, enabled) values (%s, %s, %s, %s, %s, true)",
                (f"{entity}-{name}", token_sha256(f"{entity}-{name}"), [entity], [function], channel),
            )
    return Bank(service, entity)
