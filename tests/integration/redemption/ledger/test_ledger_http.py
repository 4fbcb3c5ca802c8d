"""Reading the ledger over HTTP, on the app that the composition root makes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from fastapi.testclient import TestClient
from httpx import Response

import redemption.adapters.customer_tables
import redemption.adapters.expiry_tables
import redemption.adapters.online_tables
import redemption.adapters.pool_tables
import redemption.adapters.staff_tables  # noqa: F401 -- these define their tables on the same metadata
from loyalty_shared.contracts.core import CustomerChangedV1
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.migrations import drift
from loyalty_shared.web.credentials import token_sha256
from redemption.adapters.customers import SqlCustomersWork
from redemption.adapters.invariants import INVARIANTS
from redemption.adapters.tables import metadata
from redemption.adapters.unit_of_work import begin_on
from redemption.application.record_customers import RecordCustomers
from redemption.main import MIGRATIONS, build
from support.ledger import Ledger, clawed_back, earned
from support.platform import MakeDatabase

MARCH_2 = date(2026, 3, 2)


@dataclass
class Reader:
    """Reads the ledger with a credential."""

    http: TestClient

    def response(self, path: str, token: str = "channel", entity: str = "001") -> Response:
        answer: Response = self.http.get(f"/v1/entities/{entity}/{path}", headers={"Authorization": f"Bearer {token}"})
        return answer

    def get(self, path: str, token: str = "channel") -> Any:
        answer = self.response(path, token)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def reader(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """Return a reader of entity 001's ledger."""
    with ledger.database.transaction() as cursor:
        for token, functions, entity in (("channel", ["channel"], "001"), ("auditor", ["auditor"], "001"), ("other", ["channel", "auditor"], "002")):
            cursor.execute("insert into credential values (%s, %s, %s, %s, null, true)", (token, token_sha256(token), [entity], functions))
    monkeypatch.setenv("REDEMPTION_DATABASE_URL", ledger.database.url)
    monkeypatch.setenv("REDEMPTION_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")
    service = build()
    yield Reader(TestClient(service.make_app({}, list)))
    service.database.close()


def test_an_account_shows_its_balances_by_type_and_what_expires(ledger: Ledger, reader: Reader) -> None:
    ledger.credit(earned(100, expires_on=date(2026, 12, 31)), earned(30, available_on=MARCH_2), earned(5, point_type="bonus"))
    assert reader.get("accounts/C1") == {
        "customer_no": "C1", "status": "active", "available": 105,
        "balances": [
            {"point_type": "base", "available": 100, "held": 0, "frozen": 0, "pending": 30, "arrears": 0, "earned": 130, "used": 0, "expired": 0},
            {"point_type": "bonus", "available": 5, "held": 0, "frozen": 0, "pending": 0, "arrears": 0, "earned": 5, "used": 0, "expired": 0},
        ],
        "expiring": [{"expires_on": "2026-12-31", "points": 100}],
    }  # fmt: skip
    assert [(lot["points"], lot["available_on"], lot["expires_on"]) for lot in reader.get("accounts/C1/lots")["items"]] == [
        (100, None, "2026-12-31"), (5, None, None), (30, "2026-03-02", None),
    ]  # fmt: skip


def test_a_customer_without_an_account_and_another_entitys_are_not_there(ledger: Ledger, reader: Reader) -> None:
    ledger.credit(earned(100))
    for path in ("accounts/C9", "accounts/C9/lots", "accounts/C9/entries", "accounts/C9?as_of=2026-03-01"):
        assert (reader.response(path).status_code, reader.response(path).json()["code"]) == (404, "customer-unknown")
    assert reader.response("accounts/C1", token="other").status_code == 403
    assert reader.response("accounts/C1", token="other", entity="002").status_code == 404
    assert reader.response("accounts/C1", token="nobody").status_code == 401
    assert reader.response("trial-balance").status_code == 403


def test_an_account_is_shown_as_it_was(ledger: Ledger, reader: Reader) -> None:
    purchase = earned(100)
    ledger.credit(purchase, earned(40, available_on=MARCH_2))
    then = datetime.now(UTC).isoformat()  # noqa: TID251 -- the test is the edge here
    ledger.credit(earned(3))
    ledger.advance(MARCH_2)
    ledger.credit(clawed_back(30, purchase), earned(7))
    assert reader.get("accounts/C1")["available"] == 120
    for moment, available in (("2026-03-01", 103), (then, 100), (then.replace("+00:00", "Z"), 100), ("2026-03-02", 120)):
        shown = reader.get(f"accounts/C1?as_of={moment}")
        assert (shown["available"], shown["balances"][0]["pending"]) == (available, 0 if moment == "2026-03-02" else 40), moment
    assert reader.response("accounts/C1?as_of=2026-02-28").status_code == 404
    for nonsense in ("yesterday", "2026-03-01T10:00:00", "2026-02-30"):
        answer = reader.response(f"accounts/C1?as_of={nonsense}")
        assert (answer.status_code, answer.json()["reasons"][0]["path"]) == (422, "query.as_of")


def test_the_statement_is_newest_first_by_pages_by_kind_and_by_cause(ledger: Ledger, reader: Reader) -> None:
    purchases = [earned(points, no=f"T-{points}") for points in range(1, 6)]
    ledger.credit(*purchases, clawed_back(2, purchases[4]))
    first = reader.get("accounts/C1/entries?limit=4")
    assert [line["points"] for line in first["items"]] == [-2, 5, 4, 3]
    assert [line["points"] for line in reader.get(f"accounts/C1/entries?cursor={first['next_cursor']}")["items"]] == [2, 1]
    assert [line["points"] for line in reader.get("accounts/C1/entries?kind=clawed-back")["items"]] == [-2]
    for cause in ("T-3", "core:T-3", "core:T-3:1"):
        assert [line["points"] for line in reader.get(f"accounts/C1/entries?cause={cause}")["items"]] == [3]
    assert reader.get("accounts/C1/entries?cause=core:T-3:2")["items"] == []
    line = first["items"][1]
    assert line["cause"] == {"kind": "transaction", "source_system": "core", "no": "T-5", "leg": 1}
    assert (line["balance_after"], line["rule_code"], line["lots"][0]["lot_id"]) == (15, "debit-base", "base:never:retail:450100")
    assert reader.response("accounts/C1/entries?kind=nonsense").status_code == 422


def test_the_books_balance_and_are_checked(ledger: Ledger, reader: Reader) -> None:
    purchase = earned(100)
    ledger.credit(purchase, clawed_back(10, purchase), earned(5, expires_on=date(2026, 2, 1)), earned(5, point_type="bonus"))
    books = reader.get("trial-balance", "auditor")
    assert {item["account"]: item["net"] for item in books["items"]} == {"customer:base": 90, "customer:bonus": 5, "issued:retail": -100, "expired": 5}
    assert books["debit"] == books["credit"] == 125
    checked = reader.get("invariants", "auditor")["items"]
    assert {invariant["name"] for invariant in checked} == set(INVARIANTS)
    assert all(invariant["violations"] == 0 and invariant["checked_at"] for invariant in checked)


def test_the_migrated_database_is_what_the_code_says(database: MakeDatabase) -> None:
    assert drift(MIGRATIONS, database("redemption"), metadata) == []


def test_accounts_of_customers_of_other_institutions_are_beyond_a_branchs_scope(ledger: Ledger, reader: Reader) -> None:
    with ledger.database.transaction() as cursor:
        cursor.execute(
            "insert into credential (credential, token_sha256, entities, functions, channel, enabled, institutions, operator)"
            " values ('session.1', %s, '{001}', '{auditor}', null, true, '{450200}', 'wei')",
            (token_sha256("branch"),),
        )
    ledger.credit(*(earned(100, customer_no) for customer_no in ("C1", "C2", "C3", "C4")))
    announce(ledger, ("C1", 1, "450200"), ("C2", 2, "450100"), ("C3", 1, None))
    announce(ledger, ("C2", 1, "450200"))  # late
    for path in ("accounts/C1", "accounts/C1/entries", "accounts/C1/lots", "accounts/C1?as_of=2026-03-01"):
        assert reader.get(path, "branch") == reader.get(path)
    for customer_no in ("C2", "C3", "C4", "C9"):  # moved away, of no institution, never announced, without an account
        for path in ("", "/entries", "/lots", "?as_of=2026-03-01"):
            answer = reader.response(f"accounts/{customer_no}{path}", "branch")
            assert (answer.status_code, answer.json()["code"]) == (403, "beyond-your-scope"), answer.text
    announce(ledger, ("C1", 2, "450100"), ("C2", 3, "450200"))
    assert reader.response("accounts/C1", "branch").status_code == 403
    assert reader.get("accounts/C2", "branch")["available"] == 100


def announce(ledger: Ledger, *said: tuple[str, int, str | None]) -> None:
    """Have the ledger hear of customers: number, the day of March it is so from, institution."""
    events = [
        CustomerChangedV1(legal_entity="001", customer_no=customer_no, institution=institution, changed_at=datetime(2026, 3, day, tzinfo=UTC))
        for customer_no, day, institution in said
    ]
    batch = Batch(
        group="redemption.record-customers", topic="core.customers", partition=0, events=events, offsets=range(len(events)),
        traceparents=[None] * len(events), records=(),
    )  # fmt: skip
    RecordCustomers(begin_on(ledger.database, SqlCustomersWork), ledger.clock)(batch)


def test_what_will_lapse_is_forecast_by_month_and_type(ledger: Ledger, reader: Reader) -> None:
    sliding = msgspec.structs.replace(earned(40, "C3", expires_on=date(2026, 6, 1)), expiry_policy="sliding_months:3")
    ledger.credit(
        earned(100, "C1", expires_on=date(2026, 3, 31)), earned(30, "C2", expires_on=date(2026, 3, 31)), earned(7, "C1", expires_on=date(2026, 3, 1)),
        earned(5, "C1", point_type="bonus", expires_on=date(2026, 3, 31)), earned(9, "C1"), earned(11, "C1", expires_on=date(2027, 4, 1)), sliding,
    )  # fmt: skip
    forecast = reader.get("expiry-forecast", token="auditor")
    assert (forecast["business_on"], forecast["to"]) == ("2026-03-01", "2027-03-01")
    assert [tuple(month.values()) for month in forecast["items"]] == [("2026-03", "base", 137, 2), ("2026-03", "bonus", 5, 1), ("2026-06", "base", 40, 1)]
    assert len(reader.get("expiry-forecast?to=2027-04-01", token="auditor")["items"]) == 4
    assert reader.response("expiry-forecast?to=soon", token="auditor").status_code == 422
    assert reader.response("expiry-forecast", token="channel").status_code == 403
