"""Staff let points lapse later: asked for by one, approved by another, carried out customer by customer, all of it in the entries."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from loyalty_shared.web.credentials import token_sha256
from redemption.adapters.extensions import SqlExtendingWork
from redemption.adapters.rebuilding import begin_comparing_on
from redemption.adapters.unit_of_work import begin_on
from redemption.application import carry_out_extensions
from redemption.application.carry_out_extensions import CarryOutExtensions
from redemption.application.rebuild_balances import RebuildBalances
from redemption.domain.balances import expiring_of
from redemption.main import build
from support.ledger import Ledger, earned

DECEMBER, MARCH = date(2026, 12, 31), date(2027, 3, 31)

Post = Callable[..., Response]


@pytest.fixture
def post(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """Return what calls the service as somebody: `post("maker", path, body)`."""
    with ledger.database.transaction() as cursor:
        for token in ("maker", "checker"):
            cursor.execute("insert into credential values (%s, %s, %s, %s, null, true)", (token, token_sha256(token), ["001"], [token]))
    monkeypatch.setenv("REDEMPTION_DATABASE_URL", ledger.database.url)
    monkeypatch.setenv("REDEMPTION_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")
    service = build()
    client = TestClient(service.make_app({}, list))
    keys = iter(range(1_000))

    def call(token: str, path: str = "", body: dict[str, Any] | None = None) -> Response:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"k{next(keys)}"}
        url = f"/v1/entities/001/expiry-extensions{path}"
        answer: Response = client.get(url, headers=headers) if body is None else client.post(url, json=body, headers=headers)
        return answer

    yield call
    service.database.close()


def last_dates(ledger: Ledger, customer_no: str) -> list[tuple[date, int]]:
    return [(shown.expires_on, shown.points) for shown in expiring_of(ledger.account(customer_no))]


def carry_out(ledger: Ledger) -> CarryOutExtensions:
    return CarryOutExtensions(begin=begin_on(ledger.database, SqlExtendingWork), clock=ledger.clock)


def test_all_points_of_a_date_lapse_later_once_another_has_approved(ledger: Ledger, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carry_out_extensions, "ACCOUNTS_PER_TRANSACTION", 2)
    ledger.credit(*(earned(10, f"C{number}", expires_on=DECEMBER) for number in range(5)), earned(7, "C1"), earned(3, "C1", expires_on=date(2026, 6, 30)))
    asked = post("maker", "", {"expires_on": "2026-12-31", "to": "2027-03-31", "reason": "the branch was closed"})
    assert (asked.status_code, asked.json()["status"]) == (201, "pending")
    path = f"/{asked.json()['extension_id']}"
    assert not carry_out(ledger)("001"), "nothing happens before it is approved"
    assert post("maker", f"{path}/approve", {}).json()["code"] == "maker-cannot-approve"
    assert post("checker", f"{path}/approve", {}).json()["status"] == "approved"
    assert carry_out(ledger)("001")
    assert last_dates(ledger, "C0") == [(MARCH, 10)]
    assert last_dates(ledger, "C4") == [(DECEMBER, 10)], "two customers at a time; a worker that is stopped here goes on after them"
    while carry_out(ledger)("001"):
        pass
    assert [last_dates(ledger, f"C{number}") for number in (1, 4)] == [[(date(2026, 6, 30), 3), (MARCH, 10)], [(MARCH, 10)]]
    shown = post("checker", path).json()
    assert (shown["status"], shown["accounts"], shown["points"], shown["decided_by"]) == ("done", 5, 50, "checker")
    assert list(ledger.entries("C0")) == [("earned", 10), ("extended", 0)]
    assert post("checker", f"{path}/approve", {}).json()["code"] == "extension-not-pending"
    RebuildBalances(begin_comparing_on(ledger.database), ledger.clock)("001", repair=False)
    ledger.advance(date(2027, 3, 31))
    assert ledger.balance("C0").available == 10
    ledger.advance(date(2027, 4, 1))
    assert (ledger.balance("C0").available, ledger.balance("C0").expired) == (0, 10)
    assert not ledger.violations()


def test_an_extension_is_for_one_customer_or_one_institution(ledger: Ledger, post: Post) -> None:
    ledger.credit(earned(10, "C1", expires_on=DECEMBER), earned(20, "C2", expires_on=DECEMBER), earned(5, "C1", expires_on=date(2028, 1, 1)))
    for body in ({"customer_no": "C1"}, {"institution": "450199"}):
        asked = post("maker", "", {**body, "to": "2027-03-31", "reason": "asked for"}).json()
        assert post("checker", f"/{asked['extension_id']}/approve", {}).status_code == 200
    while carry_out(ledger)("001"):
        pass
    assert last_dates(ledger, "C1") == [(MARCH, 10), (date(2028, 1, 1), 5)], "what lapses later anyway stays"
    assert last_dates(ledger, "C2") == [(DECEMBER, 20)]
    assert [shown["points"] for shown in post("maker").json()["items"]] == [0, 10]


def test_what_cannot_be_extended_is_refused(ledger: Ledger, post: Post) -> None:
    ledger.credit(earned(10, "C1", expires_on=DECEMBER))
    body = {"customer_no": "C1", "to": "2027-03-31", "reason": "r"}
    assert post("maker", "", {**body, "to": "2026-02-28"}).json()["code"] == "extension-in-the-past"
    assert post("maker", "", {**body, "customer_no": "C9"}).json()["code"] == "customer-unknown"
    assert post("maker", "", {"to": "2027-03-31", "reason": "r"}).status_code == 422
    assert post("maker", "", {**body, "from": "2026-01-01"}).status_code == 422
    assert post("checker", "/none/approve", {}).json()["code"] == "extension-unknown"
    asked = post("maker", "", body).json()
    assert post("checker", f"/{asked['extension_id']}/reject", {}).json()["status"] == "rejected"
    assert not carry_out(ledger)("001")
    assert last_dates(ledger, "C1") == [(DECEMBER, 10)]
