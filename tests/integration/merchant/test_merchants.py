"""Merchants over HTTP on a real database: their way, their terms, and what is published of them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from loyalty_shared.persistence.migrations import drift
from loyalty_shared.web.credentials import token_sha256
from merchant.adapters.merchants import count_by_status
from merchant.adapters.tables import METADATA
from merchant.main import MIGRATIONS
from support.platform import MakeDatabase

from .conftest import Desk

WHOLE = {
    "merchant_no": "M0001", "names": {"zh": "南珠咖啡", "en": "Nanzhu Coffee"}, "merchant_type": "points-accepting", "mcc": "5814", "institution": "450100",
    "licence_no": "91450100MA5K", "settlement_account": "6222000011112222", "settlement_cycle_days": 2, "fee_bps": 60,
    "ratio": {"points": 100, "amount_minor": 100, "currency": "CNY"}, "contract_from": "2026-01-01", "contract_to": "2027-01-01",
    "contacts": [{"name": "李娜", "role": "manager", "phone": "13800000000", "email": "li@example.com"}],
}  # fmt: skip


def test_the_migrations_make_the_tables_in_code(database: MakeDatabase) -> None:
    assert drift(MIGRATIONS, database("merchant"), METADATA) == []


def test_a_merchant_registers_is_approved_and_can_be_looked_up(desk: Desk) -> None:
    registered = desk.post("merchants", WHOLE, status=201)
    assert {name: registered[name] for name in WHOLE} == WHOLE
    assert (registered["status"], registered["version"], registered["made_by"], registered["checked_by"]) == ("applied", 1, f"{desk.entity}-maker", None)
    assert desk.get("merchants/M0001") == registered
    assert desk.published() == []

    approved = desk.post("merchants/M0001/approve", role="checker")
    assert (approved["status"], approved["version"], approved["checked_by"]) == ("active", 2, f"{desk.entity}-checker")
    for role in ("channel", "maker", "checker", "admin", "auditor"):
        assert desk.get("merchants/M0001", role) == approved
    (published,) = desk.published()
    assert (published.merchant_no, published.names, published.merchant_type) == ("M0001", WHOLE["names"], "points-accepting")
    assert (published.mcc, published.institution, published.status, published.version) == ("5814", "450100", "active", 2)
    assert published.changed_at.isoformat().replace("+00:00", "Z") == approved["changed_at"]


def test_a_name_is_enough_and_the_service_makes_numbers_that_nobody_has(desk: Desk) -> None:
    first = desk.register()
    taken = f"M{int(first[1:]) + 1:08d}"
    assert desk.register(merchant_no=taken) == taken
    third = desk.register()
    assert third not in (first, taken)
    shown = desk.get(f"merchants/{third}")
    assert (shown["merchant_type"], shown["settlement_cycle_days"], shown["mcc"], shown["contacts"]) == ("points-accepting", 1, None, [])


def test_a_number_is_registered_once_and_a_repeat_gets_the_first_answer(desk: Desk) -> None:
    first, again = (desk.call("POST", "merchants", "maker", WHOLE, key="once") for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert desk.refused("merchants", WHOLE) == (409, "merchant-already-registered")
    assert desk.call("POST", "merchants", "maker", {**WHOLE, "mcc": "5411"}, key="once").json()["code"] == "idempotency-key-reused"
    assert len(desk.get("merchants")["items"]) == 1


def test_ten_who_register_one_number_at_once_make_one_merchant(desk: Desk) -> None:
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda _: desk.call("POST", "merchants", "maker", WHOLE).status_code, range(10)))
    assert sorted(answers) == [201, *[409] * 9]


def test_who_registered_never_approves_and_who_may_not_check_does_not(desk: Desk) -> None:
    merchant_no = desk.register()
    assert desk.refused(f"merchants/{merchant_no}/approve") == (403, "maker-cannot-approve")
    both = str(desk.post("merchants", {"names": {"en": "Own"}}, role="both", status=201)["merchant_no"])
    assert desk.refused(f"merchants/{both}/approve", role="both") == (403, "maker-cannot-approve")
    assert desk.refused(f"merchants/{both}/approve", role="maker") == (403, "function-not-granted")
    for role in ("channel", "admin", "auditor"):
        assert desk.refused(f"merchants/{merchant_no}/approve", role=role) == (403, "function-not-granted")
        assert desk.refused("merchants", {"names": {"en": "X"}}, role=role) == (403, "function-not-granted")
    assert desk.published() == []
    assert {item["status"] for item in desk.get("merchants")["items"]} == {"applied"}


def test_a_merchant_is_suspended_resumed_and_terminated_for_good(desk: Desk) -> None:
    merchant_no = desk.active()
    at = f"merchants/{merchant_no}"
    assert desk.refused(f"{at}/approve", role="checker") == (409, "merchant-not-applied")
    assert desk.refused(f"{at}/resume", role="checker") == (409, "merchant-not-suspended")
    suspended = desk.post(f"{at}/suspend", {"reason": "complaints"}, role="maker")
    assert (suspended["status"], suspended["reason"]) == ("suspended", "complaints")
    assert desk.refused(f"{at}/suspend", role="checker") == (409, "merchant-not-active")
    assert desk.refused(f"{at}/resume", role="maker") == (403, "function-not-granted")
    assert desk.post(f"{at}/resume", role="checker")["status"] == "active"
    assert desk.post(f"{at}/terminate", role="checker")["status"] == "terminated"
    for step in ("approve", "suspend", "resume", "terminate"):
        assert desk.refused(f"{at}/{step}", role="checker") == (409, "merchant-terminated")
    assert [(change.status, change.version) for change in desk.published()] == [
        ("active", 2), ("suspended", 3), ("active", 4), ("terminated", 5),
    ]  # fmt: skip


def test_an_unknown_merchant_is_merchant_unknown_wherever_it_is_asked_for(desk: Desk) -> None:
    desk.register(merchant_no="M0001")
    for path in ("merchants/M9", "merchants/M9/stores", "merchants/M9/contracts"):
        assert desk.refused(path, method="GET", role="channel") == (404, "merchant-unknown")
    for step in ("approve", "suspend", "resume", "terminate"):
        assert desk.refused(f"merchants/M9/{step}", role="checker") == (404, "merchant-unknown")
    assert desk.refused("merchants/M9/stores", {"store_no": "S1", "names": {"en": "A"}}) == (404, "merchant-unknown")
    assert desk.refused("merchants/M9/contracts", {"effective_from": "2026-01-01"}) == (404, "merchant-unknown")


def test_another_entitys_merchant_is_not_there(desk: Desk, service: Any) -> None:
    desk.register(merchant_no="M0001")
    other = Desk(desk.database, desk.http, "999")
    with desk.database.transaction() as cursor:
        cursor.execute("insert into entity values ('999', '{}', 'Asia/Shanghai', '2026-03-01', 15) on conflict do nothing")
        cursor.execute("update credential set entities = entities || '{999}'::text[] where credential = %s", (f"{desk.entity}-maker",))
    headers = {"Authorization": f"Bearer {desk.entity}-maker", "Idempotency-Key": "there"}
    assert other.http.get("/v1/entities/999/merchants/M0001", headers=headers).status_code == 404
    assert other.http.post("/v1/entities/999/merchants", json={**WHOLE}, headers=headers).status_code == 201
    assert other.http.get("/v1/entities/998/merchants", headers=headers).json()["code"] == "not-your-entity"


WRONG: list[tuple[dict[str, Any], str]] = [
    *[({"names": wrong}, "body.names") for wrong in ({}, None, "Cafe", {"english!": "X"}, {"en": ""})],
    *[({"mcc": wrong}, "body.mcc") for wrong in ("581", "58140", "58a4", 5814)],
    *[({"merchant_type": wrong}, "body.merchant_type") for wrong in ("shop", 1, None)],
    *[({"merchant_no": wrong}, "body.merchant_no") for wrong in ("", "M 1", 7, "x" * 65)],
    *[({"fee_bps": wrong}, "body.fee_bps") for wrong in (-1, 10_001, "60", 0.5)],
    *[({"settlement_cycle_days": wrong}, "body.settlement_cycle_days") for wrong in (-1, 366, True)],
    ({"ratio": {"points": 0, "amount_minor": 1}}, "body.ratio.points"),
    ({"ratio": {"points": 1, "amount_minor": 1, "currency": "XXX"}}, "body.ratio.currency"),
    ({"contract_from": "2026-13-01"}, "body.contract_from"),
    ({"contract_from": "2026-01-01", "contract_to": "2026-01-01"}, "body"),
    ({"contacts": [{"phone": "1"}]}, "body.contacts.0.name"),
    ({"nickname": "X"}, "body.nickname"),
]


@pytest.mark.parametrize(("wrong", "path"), WRONG)
def test_a_merchant_that_does_not_fit_is_refused_naming_the_field(desk: Desk, wrong: dict[str, Any], path: str) -> None:
    answer = desk.call("POST", "merchants", "maker", WHOLE | wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert all(reason["path"].startswith(path) for reason in answer.json()["reasons"]), answer.text
    assert desk.get("merchants")["items"] == []


def test_merchants_are_listed_by_number_page_by_page_and_by_filter(desk: Desk) -> None:
    for number in range(5):
        desk.register(merchant_no=f"M{number}", institution="450100" if number % 2 else "450200")
    desk.register(merchant_no="S1", merchant_type="gift-supplier")
    desk.post("merchants/M2/approve", role="checker")
    seen, cursor = [], ""
    while True:
        page = desk.get(f"merchants?limit=4{cursor}")
        seen += [item["merchant_no"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ["M0", "M1", "M2", "M3", "M4", "S1"]
    for query, found in (
        ("status=active", ["M2"]), ("type=gift-supplier", ["S1"]), ("institution=450100", ["M1", "M3"]), ("status=applied&institution=450200", ["M0", "M4"]),
    ):  # fmt: skip
        assert [item["merchant_no"] for item in desk.get(f"merchants?{query}")["items"]] == found, query
    assert desk.refused("merchants?status=closed", method="GET", role="channel") == (422, "invalid-request")
    with desk.database.transaction() as opened:
        counted = {status.value: number for (entity, status), number in count_by_status(opened).items() if entity == desk.entity}
    assert counted == {"applied": 5, "active": 1, "suspended": 0, "terminated": 0}


def test_a_merchant_has_stores_with_terminals(desk: Desk) -> None:
    at = f"merchants/{desk.active()}/stores"
    store = {"store_no": "S1", "names": {"zh": "朝阳路店"}, "address": "朝阳路 8 号", "terminals": [{"terminal_no": "T1"}, {"terminal_no": "T2"}]}
    made = desk.post(at, store, status=201)
    assert (made["status"], [terminal["status"] for terminal in made["terminals"]]) == ("open", ["in-service"] * 2)
    assert desk.refused(at, store) == (409, "store-already-registered")
    changed = {"names": {"zh": "朝阳路店"}, "status": "closed", "terminals": [{"terminal_no": "T1", "status": "out-of-service"}]}
    assert desk.call("PUT", f"{at}/S1", "maker", changed).status_code == 200
    assert desk.get(at) == {"items": [{"store_no": "S1", "address": None, **changed}], "next_cursor": None}
    assert desk.refused(f"{at}/S9", changed, method="PUT") == (404, "store-unknown")
    twice = {**store, "store_no": "S2", "terminals": [{"terminal_no": "T1"}] * 2}
    assert desk.refused(at, twice) == (422, "invalid-request")
    assert desk.refused(at, {**store, "store_no": "S2"}, role="channel") == (403, "function-not-granted")


def test_rates_are_in_force_once_approved_and_one_at_a_time(desk: Desk) -> None:
    at = f"merchants/{desk.active()}/contracts"
    shares = [{"party": "retail", "percent": 60}, {"party": "M1", "percent": 40}]
    first = desk.post(at, {"contract_no": "K1", "effective_from": "2026-01-01", "effective_to": "2026-07-01", "fee_bps": 50, "shares": shares}, status=201)
    assert (first["status"], first["shares"]) == ("applied", shares)
    assert desk.get(f"{at}?on=2026-03-01")["items"] == []
    assert desk.refused(f"{at}/K1/approve") == (403, "maker-cannot-approve")
    assert desk.post(f"{at}/K1/approve", role="checker")["status"] == "active"
    assert desk.refused(f"{at}/K1/approve", role="checker") == (409, "contract-not-applied")
    desk.post(at, {"contract_no": "K2", "effective_from": "2026-06-30", "fee_bps": 40}, status=201)
    assert desk.refused(f"{at}/K2/approve", role="checker") == (409, "contract-overlaps")
    desk.post(at, {"contract_no": "K3", "effective_from": "2026-07-01", "fee_bps": 40}, status=201)
    assert desk.post(f"{at}/K3/approve", role="checker")["effective_to"] is None
    in_force = {day: [item["contract_no"] for item in desk.get(f"{at}?on={day}")["items"]] for day in ("2025-12-31", "2026-06-30", "2026-07-01", "2030-01-01")}
    assert in_force == {"2025-12-31": [], "2026-06-30": ["K1"], "2026-07-01": ["K3"], "2030-01-01": ["K3"]}
    assert [item["contract_no"] for item in desk.get(at)["items"]] == ["K1", "K2", "K3"]
    assert desk.refused(at, {"contract_no": "K1", "effective_from": "2026-01-01"}) == (409, "contract-already-registered")
    assert desk.refused(f"{at}/K9/approve", role="checker") == (404, "contract-unknown")
    for wrong in ({"shares": shares[:1]}, {"shares": [shares[0], {"party": "retail", "percent": 40}]}, {"effective_to": "2026-01-01"}):
        assert desk.refused(at, {"effective_from": "2026-01-01", **wrong}) == (422, "invalid-request")


def test_a_terminated_merchant_takes_no_stores_and_no_rates(desk: Desk) -> None:
    merchant_no = desk.active()
    desk.post(f"merchants/{merchant_no}/contracts", {"contract_no": "K1", "effective_from": "2026-01-01"}, status=201)
    desk.post(f"merchants/{merchant_no}/terminate", role="checker")
    assert desk.refused(f"merchants/{merchant_no}/stores", {"store_no": "S1", "names": {"en": "A"}}) == (409, "merchant-terminated")
    assert desk.refused(f"merchants/{merchant_no}/contracts", {"effective_from": "2026-01-01"}) == (409, "merchant-terminated")
    assert desk.refused(f"merchants/{merchant_no}/contracts/K1/approve", role="checker") == (409, "merchant-terminated")
    assert desk.get(f"merchants/{merchant_no}/stores")["items"] == []


def test_ten_who_suspend_at_once_suspend_once(desk: Desk) -> None:
    merchant_no = desk.active()
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda _: desk.call("POST", f"merchants/{merchant_no}/suspend", "checker").status_code, range(10)))
    assert sorted(answers) == [200, *[409] * 9]
    assert [change.version for change in desk.published()] == [2, 3]


def test_every_call_is_in_the_documents_with_its_refusals(desk: Desk) -> None:
    paths = desk.http.get("/openapi.json").json()["paths"]
    at = "/v1/entities/{legal_entity}/merchants"
    assert set(paths[at]) == {"get", "post"}
    assert all(f"{at}/{{merchant_no}}/{call}" in paths for call in ("approve", "suspend", "resume", "terminate", "stores", "contracts"))
    refusals = paths[f"{at}/{{merchant_no}}/approve"]["post"]["responses"]
    assert "`merchant-not-applied`" in refusals["409"]["description"]
    assert "`maker-cannot-approve`" in refusals["403"]["description"]


def test_merchants_of_other_institutions_are_beyond_a_branchs_scope(desk: Desk) -> None:
    with desk.database.transaction() as cursor:
        name = f"{desk.entity}-branch"
        cursor.execute(
            "insert into credential (credential, token_sha256, entities, functions, channel, enabled, institutions, operator)"
            " values (%s, %s, %s, '{auditor}', null, true, '{450200}', 'wei')",
            (name, token_sha256(name), [desk.entity]),
        )
    for merchant_no, institution in (("M1", "450100"), ("M2", "450200"), ("M3", None), ("M4", "450200")):
        desk.register(merchant_no=merchant_no, institution=institution)
    first = desk.get("merchants?limit=1", "branch")
    rest = desk.get(f"merchants?limit=1&cursor={first['next_cursor']}", "branch")
    assert [item["merchant_no"] for item in first["items"] + rest["items"]] == ["M2", "M4"]
    assert rest["next_cursor"] is None
    for path in ("merchants/M2", "merchants/M2/stores", "merchants/M2/contracts", "merchants?institution=450200"):
        desk.get(path, "branch")
    for path in ("merchants/M1", "merchants/M1/stores", "merchants/M1/contracts", "merchants/M3", "merchants?institution=450100"):
        assert desk.refused(path, method="GET", role="branch") == (403, "beyond-your-scope"), path
    assert desk.refused("merchants/M9", method="GET", role="branch") == (404, "merchant-unknown")
