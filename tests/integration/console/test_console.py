"""The console on a real database: entities, business dates and credentials, and what is announced of them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Barrier, Thread
from typing import Any

from psycopg2.extensions import cursor as Cursor

from console.adapters.tables import METADATA
from console.main import MIGRATIONS, prepare
from loyalty_shared.contracts.console import BusinessDateAdvancedV1, CredentialIssuedV1, EntityOpenedV1
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import hold_date
from loyalty_shared.persistence.migrations import drift, migrate
from support.console_desk import TOKENS, Console, FixedClock, bearer, client_of, problem_of, settings_for
from support.eventually import eventually
from support.platform import MakeDatabase

THIRD = {"legal_entity": "003", "names": {"zh": "江南村镇银行", "en": "Jiangnan"}, "zone": "Asia/Urumqi", "business_on": "2026-02-01"}


def test_the_migrations_make_the_tables_in_code(database: MakeDatabase) -> None:
    assert drift(MIGRATIONS, database("console"), METADATA) == []


def test_a_new_installation_has_two_entities_on_todays_date_in_shanghai_and_their_credentials(console: Console) -> None:
    opened = [event for event in console.announced() if isinstance(event, EntityOpenedV1)]
    assert [(event.legal_entity, event.business_on, event.zone) for event in opened] == [
        ("001", date(2026, 3, 2), "Asia/Shanghai"),
        ("002", date(2026, 3, 2), "Asia/Shanghai"),
    ]
    issued = [event for event in console.announced() if isinstance(event, CredentialIssuedV1)]
    assert len(issued) == 14
    assert all(token not in repr(issued) for tokens in TOKENS.values() for token in tokens.values())
    for entity, tokens in TOKENS.items():
        for role in tokens:
            assert console.read(f"/v1/entities/{entity}/business-date", f"{entity}:{role}").json() == {"business_on": "2026-03-02", "followed_by": {}}


def test_entities_are_heard_before_the_credentials_that_name_them(console: Console) -> None:
    assert console.write("/v1/entities", THIRD).status_code == 201
    known: set[str] = set()
    for event in console.announced():
        if isinstance(event, EntityOpenedV1):
            known.add(event.legal_entity)
        elif isinstance(event, CredentialIssuedV1):
            assert set(event.entities) <= known


def test_preparing_again_changes_nothing_and_another_seed_changes_tokens_only(console: Console) -> None:
    before = console.announced()
    prepare(console.settings, console.database, FixedClock(datetime(2027, 1, 1, tzinfo=UTC)))
    assert console.announced() == before
    prepare(settings_for(console.settings.database_url, credentials_seed="another seed, as long"), console.database, FixedClock())
    renewed = console.announced()[len(before) :]
    assert {event.credential for event in renewed} == {event.credential for event in before if isinstance(event, CredentialIssuedV1)}
    eventually(lambda: problem_of(console.read("/v1/entities/001/business-date"), 401, "unauthenticated"), timeout_seconds=5)


def test_two_processes_that_start_at_once_prepare_once(database: MakeDatabase) -> None:
    url = database("console")
    migrate(MIGRATIONS, url)
    opened, together = Database(url, application_name="console-test"), Barrier(4)

    def start() -> None:
        together.wait()
        prepare(settings_for(url), opened, FixedClock())

    with ThreadPoolExecutor(4) as threads:
        for started in [threads.submit(start) for _ in range(4)]:
            started.result()
    with client_of(settings_for(url), opened) as client:
        assert len(Console(opened, settings_for(url), client).announced()) == 18
    opened.close()


def test_the_sponsors_admin_opens_an_entity_and_may_administer_it_at_once(console: Console) -> None:
    answer = console.write("/v1/entities", THIRD)
    assert answer.status_code == 201
    body = answer.json()
    credentials = body.pop("credentials")
    assert body == {**THIRD, "channels": {"channel": "MOBILE", "channel2": "POS"}}
    assert sorted(credentials) == ["admin", "auditor", "channel", "channel2", "checker", "maker"]
    at = "/v1/entities/003/business-date"
    for token in credentials.values():
        assert console.read(at, token).json()["business_on"] == "2026-02-01"
        problem_of(console.read("/v1/entities/001/business-date", token), 403, "not-your-entity")
    assert console.write(at, {"business_on": "2026-02-02"}).json() == {"business_on": "2026-02-02"}
    assert console.write(at, {"business_on": "2026-02-03"}, credentials["admin"]).json() == {"business_on": "2026-02-03"}
    problem_of(console.write("/v1/entities", {**THIRD, "legal_entity": "004"}, credentials["admin"]), 403, "not-your-entity")
    bound = [event for event in console.announced() if isinstance(event, CredentialIssuedV1) and event.credential == "001-admin"]
    assert [event.entities for event in bound] == [("001",), ("001", "003")]


def test_an_opening_sent_again_gets_the_same_answer_and_no_token_is_kept(console: Console) -> None:
    first, again = console.write("/v1/entities", THIRD, key="k"), console.write("/v1/entities", THIRD, key="k")
    assert (again.status_code, again.json()) == (201, first.json())
    problem_of(console.write("/v1/entities", {**THIRD, "zone": "Asia/Tokyo"}, key="k"), 422, "idempotency-key-reused")
    with console.database.transaction() as cursor:
        cursor.execute("select body::text from idempotency union all select body from announcement")
        kept = repr(cursor.fetchall())
    assert all(token not in kept for token in first.json()["credentials"].values())
    assert len([event for event in console.announced() if isinstance(event, EntityOpenedV1)]) == 3


def test_an_entity_is_opened_once(console: Console) -> None:
    first = console.write("/v1/entities", THIRD)
    refused = problem_of(console.write("/v1/entities", THIRD), 409, "entity-exists")
    assert (first.status_code, refused["reasons"][0]["path"]) == (201, "body.legal_entity")


def test_entities_opened_at_once_are_opened_once_and_no_binding_is_lost(console: Console) -> None:
    codes = ["003", "003", "004", "005", "005", "006"]
    together = Barrier(len(codes))

    def open_entity(number: int) -> int:
        together.wait()
        status: int = console.write("/v1/entities", {**THIRD, "legal_entity": codes[number]}, key=f"open-{number}").status_code
        return status

    with ThreadPoolExecutor(len(codes)) as threads:
        assert sorted(threads.map(open_entity, range(len(codes)))) == [201, 201, 201, 201, 409, 409]
    last = [event for event in console.announced() if isinstance(event, CredentialIssuedV1) and event.credential == "001-admin"][-1]
    assert sorted(last.entities) == ["001", "003", "004", "005", "006"]


def test_only_an_admin_opens_entities_and_moves_the_date(console: Console) -> None:
    for who in ("001:maker", "001:checker", "001:auditor", "001:channel", "001:channel2"):
        problem_of(console.write("/v1/entities", THIRD, who), 403, "function-not-granted")
        problem_of(console.write("/v1/entities/001/business-date", {"business_on": "2026-04-01"}, who), 403, "function-not-granted")


def test_another_entitys_admin_is_kept_out(console: Console) -> None:
    problem_of(console.write("/v1/entities", THIRD, "002:admin"), 403, "not-your-entity")
    problem_of(console.write("/v1/entities/001/business-date", {"business_on": "2026-04-01"}, "002:admin"), 403, "not-your-entity")
    problem_of(console.write("/v1/entities/002/business-date", {"business_on": "2026-04-01"}, "001:admin"), 403, "not-your-entity")
    problem_of(console.read("/v1/entities/001/business-date", "002:auditor"), 403, "not-your-entity")
    problem_of(console.read("/v1/entities/009/business-date"), 403, "not-your-entity")


NOT_NAMES: tuple[Any, ...] = ({}, [], None, "Third", {"en": ""}, {"en": 5}, {"english!": "Third"})
WRONG_IN_ENTITY: list[tuple[dict[str, Any], str]] = [
    *[({"legal_entity": wrong}, "body.legal_entity") for wrong in ("", "0 3", "x" * 17, 3, None, "三")],
    *[({"names": wrong}, "body.names") for wrong in NOT_NAMES],
    *[({"zone": wrong}, "body.zone") for wrong in ("Asia/Nowhere", "", "../../etc/passwd", 8, None)],
    *[({"business_on": wrong}, "body.business_on") for wrong in ("2026-02-30", "", 20260301, None)],
    ({"sponsor": True}, "body.sponsor"),
]


def test_an_entity_that_does_not_fit_is_refused_naming_the_field(console: Console) -> None:
    for wrong, path in WRONG_IN_ENTITY:
        refused = problem_of(console.write("/v1/entities", THIRD | wrong), 422, "invalid-request")
        assert all(reason["path"].startswith(path) for reason in refused["reasons"]), (wrong, refused)
    assert len([event for event in console.announced() if isinstance(event, EntityOpenedV1)]) == 2


def test_the_business_date_moves_forward_and_is_announced(console: Console) -> None:
    at = "/v1/entities/001/business-date"
    assert console.write(at, {"business_on": "2026-03-05"}).json() == {"business_on": "2026-03-05"}
    assert console.read(at).json()["business_on"] == "2026-03-05"
    assert console.read("/v1/entities/002/business-date", "002:auditor").json()["business_on"] == "2026-03-02"
    assert console.announced()[-1] == BusinessDateAdvancedV1(legal_entity="001", previous_on=date(2026, 3, 2), business_on=date(2026, 3, 5))
    with console.database.transaction() as cursor:
        cursor.execute("select business_on, previous_on, opened_by from business_date where legal_entity = '001' order by business_on")
        assert cursor.fetchall() == [(date(2026, 3, 2), None, "installation"), (date(2026, 3, 5), date(2026, 3, 2), "001-admin")]


def test_the_business_date_never_moves_back_and_the_present_one_changes_nothing(console: Console) -> None:
    at, before = "/v1/entities/001/business-date", console.announced()
    refused = problem_of(console.write(at, {"business_on": "2026-03-01"}, key="back"), 409, "business-date-moves-back")
    assert refused["retryable"] is False
    assert refused["reasons"][0]["path"] == "body.business_on"
    assert console.write(at, {"business_on": "2026-03-02"}).json() == {"business_on": "2026-03-02"}
    assert console.announced() == before
    assert console.write(at, {"business_on": "2026-03-09"}, key="on").status_code == 200
    assert console.write(at, {"business_on": "2026-03-20"}).status_code == 200
    assert console.write(at, {"business_on": "2026-03-09"}, key="on").json() == {"business_on": "2026-03-09"}
    problem_of(console.write(at, {"business_on": "2026-03-01"}, key="back"), 409, "business-date-moves-back")
    assert console.read(at).json()["business_on"] == "2026-03-20"


def test_a_business_date_that_is_none_is_refused(console: Console) -> None:
    wrong: tuple[Any, ...] = ({}, {"business_on": "tomorrow"}, {"business_on": 1}, {"business_on": None}, {"date": "2026-04-01"}, [])
    for body in wrong:
        problem_of(console.write("/v1/entities/001/business-date", body), 422, "invalid-request")


def test_dates_advanced_at_once_are_announced_in_order(console: Console) -> None:
    days = [f"2026-04-{day:02}" for day in range(1, 9)]
    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(lambda day: console.write("/v1/entities/001/business-date", {"business_on": day}, key=day).status_code, days))
    advanced = [event for event in console.announced() if isinstance(event, BusinessDateAdvancedV1)]
    assert [event.previous_on for event in advanced] == [date(2026, 3, 2), *[event.business_on for event in advanced[:-1]]]
    assert len(advanced) == statuses.count(200)
    assert set(statuses) <= {200, 409}
    assert console.read("/v1/entities/001/business-date").json()["business_on"] == "2026-04-08"


def test_an_advance_waits_for_what_holds_the_date(console: Console) -> None:
    with ThreadPoolExecutor(1) as threads:
        with console.database.transaction() as cursor:
            hold_date(cursor, "001")
            advance = threads.submit(console.write, "/v1/entities/001/business-date", {"business_on": "2026-03-05"})
            eventually(lambda: waits_for_a_date(console))
            assert not advance.done()
        assert advance.result().status_code == 200


def waits_for_a_date(console: Console) -> bool:
    with console.database.transaction() as cursor:
        return count_waiting(cursor) > 0


def count_waiting(cursor: Cursor) -> int:
    cursor.execute("select count(*) from pg_locks join pg_database on pg_database.oid = database where datname = current_database() and not granted")
    row = cursor.fetchone()
    assert row is not None
    number: int = row[0]
    return number


class Follower(BaseHTTPRequestHandler):
    """A service that follows 001 and no other, and notes who asked."""

    asked_by: list[str]

    def do_GET(self) -> None:
        self.asked_by.append(self.headers["Authorization"])
        known = self.path == "/v1/entities/001/business-date"
        body = json.dumps({"business_on": "2026-03-01"} if known else {"code": "entity-unknown"}).encode()
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_who_has_followed_is_shown_with_null_for_those_that_do_not_answer(console: Console) -> None:
    asked_by: list[str] = []
    server = HTTPServer(("127.0.0.1", 0), type("Follower1", (Follower,), {"asked_by": asked_by}))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        followers = {"accrual": f"http://127.0.0.1:{server.server_port}", "redemption": "http://127.0.0.1:1"}
        with client_of(settings_for(console.settings.database_url, followers=followers), console.database) as client:
            shown = {entity: client.get(f"/v1/entities/{entity}/business-date", headers=bearer(f"{entity}:auditor")).json() for entity in ("001", "002")}
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert shown["001"] == {"business_on": "2026-03-02", "followed_by": {"accrual": "2026-03-01", "redemption": None}}
    assert shown["002"]["followed_by"] == {"accrual": None, "redemption": None}
    assert asked_by == [bearer("001:auditor")["Authorization"], bearer("002:auditor")["Authorization"]]
