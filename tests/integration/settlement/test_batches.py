"""Batches: what they come to, who may take them further, and what is refused."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel

from loyalty_shared.contracts.console import ParameterChangedV1
from loyalty_shared.service import TryAgain
from settlement.adapters.costs import keep_cost
from settlement.adapters.outgoing import BatchesTopic
from settlement.entrypoints.http_models import BatchHead, BatchShown, CheckShown, InvariantShown, LineShown, PartyShown, ReconciliationShown
from support.ledger_entries import MARCH_1, closes, earned, entry, redeemed, restored
from support.settlement_desk import MARCH_2, Desk, refusal

MARCH_3 = date(2026, 3, 3)


def test_a_batch_has_a_line_for_each_spend_that_the_party_paid_for_with_refunds_netted(desk: Desk) -> None:
    desk.post_day(
        earned(500), earned(300, "card"), redeemed(120, ("retail", 100), ("card", 20)), redeemed(50, ("card", 50)), restored(30, ("card", 20), ("retail", 10))
    )
    retail, card, mall = desk.make("retail"), desk.make("card"), desk.make("redeemed:mall")
    assert [(line["kind"], line["points"]) for line in retail["lines"]] == [("redeemed", 100), ("restored", -10)]
    assert (retail["points"], retail["amount_minor"], retail["currency"], retail["direction"]) == (90, 90, "CNY", "pays")
    assert retail["points_by_kind"] == {"earned": 500, "redeemed": -100, "restored": 10}
    assert [line["points"] for line in card["lines"]] == [20, 50, -20]
    assert (mall["points"], mall["direction"]) == (140, "receives")
    assert retail["points"] + card["points"] == mall["points"]
    assert desk.get(f"batches/{card['batch_id']}").json() == card
    assert desk.breaks() == {}


def test_several_bearers_of_one_lot_divide_each_line_to_the_point(desk: Desk) -> None:
    desk.post_day(earned(7, "card=40+retail=60"), redeemed(7, ("card=40+retail=60", 7)))
    card, retail = desk.make("card"), desk.make("retail")
    assert (card["points"], retail["points"]) == (3, 4)
    assert (card["points_by_kind"]["earned"], retail["points_by_kind"]["earned"]) == (3, 4)
    assert desk.breaks() == {}


def test_what_no_lot_paid_is_borne_by_arrears(desk: Desk) -> None:
    desk.post_day(
        earned(10), entry("clawed-back", -30, "issued:retail", ("retail", -10)), redeemed(5), restored(5), entry("repaid", 0, "customer:base", ("retail", -4))
    )
    assert desk.make("arrears")["points_by_kind"] == {"repaid": 4}
    assert desk.make("retail")["points_by_kind"] == {"earned": 10, "clawed-back": -30, "redeemed": -5, "restored": 5, "repaid": -4}
    desk.feed([])
    assert desk.breaks() == {}


def test_the_cost_of_a_point_is_the_one_in_force_on_the_date_and_halves_go_away_from_zero(desk: Desk) -> None:
    with desk.database.transaction() as cursor:
        for value, on in (("0.25", MARCH_1), (9, MARCH_2)):
            keep_cost(cursor, ParameterChangedV1(legal_entity="001", name="cost-per-point", value=value, effective_on=on))
    desk.post_day(redeemed(2), restored(2), redeemed(5))
    made = desk.make()
    assert [(line["points"], line["amount_minor"]) for line in made["lines"]] == [(2, 1), (-2, -1), (5, 1)]
    assert (made["points"], made["amount_minor"], made["cost_per_point_minor"]) == (5, 1, "0.25")


def test_what_two_bearers_pay_for_a_spend_is_what_its_application_receives(desk: Desk) -> None:
    with desk.database.transaction() as cursor:
        keep_cost(cursor, ParameterChangedV1(legal_entity="001", name="cost-per-point", value="0.25", effective_on=MARCH_1))
    desk.post_day(redeemed(2, ("card=50+retail=50", 2)))
    assert [desk.make(party)["amount_minor"] for party in ("card", "retail")] == [1, 0]
    assert "paid-equals-received" not in {check["name"] for check in desk.get("reconciliations/2026-03-01").json()["checks"]}, "one batch is missing"
    assert desk.make("redeemed:mall")["amount_minor"] == 1
    assert {"name": "paid-equals-received", "settlement": 1, "ledger": 1, "difference": 0} in desk.get("reconciliations/2026-03-01").json()["checks"]
    desk.execute(
        "update settlement_line set amount_minor = 2 where amount_minor = 1 and batch_id in (select batch_id from settlement_batch where party = 'card')"
    )
    assert desk.breaks()["paid-equals-received"] == 1


def test_a_known_party_of_which_nothing_was_used_has_an_empty_batch(desk: Desk) -> None:
    desk.post_day(earned(5), redeemed(5))
    desk.post_day(earned(5, "card", business_on=MARCH_2), on=MARCH_2)
    made = desk.make("retail", MARCH_2)
    assert (made["points"], made["amount_minor"], made["lines"], made["points_by_kind"]) == (0, 0, [], {})


def test_a_day_is_settled_only_when_its_close_has_come_on_every_partition_and_agrees(desk: Desk) -> None:
    entries = [earned(5), redeemed(5)]
    ends = closes(MARCH_1, entries)
    for partition in range(3):
        assert refusal(desk.post("batches", {"party": "retail", "business_on": "2026-03-01"}, key="the same")) == (409, "day-not-complete")
        assert refusal(desk.get("reconciliations/2026-03-01")) == (409, "day-not-complete")
        desk.feed([*(entries if partition == 0 else ()), ends[partition]], partition)
    with pytest.raises(TryAgain, match="day-not-complete"):
        desk.make_all()
    desk.feed([ends[3], redeemed(1, customer_no="LATE")], 3)
    answer = desk.post("batches", {"party": "retail", "business_on": "2026-03-01"}, key="the same")
    assert refusal(answer) == (409, "day-not-complete")
    assert "entries, points.redeemed" in answer.json()["reasons"][0]["fault"]
    assert answer.json()["retryable"]
    desk.execute("delete from ledger_spend where customer_no = 'LATE'; update ledger_day set entries = entries - 1 where partition = 3")
    assert desk.post("batches", {"party": "retail", "business_on": "2026-03-01"}, key="the same").status_code == 201


def test_a_batch_is_made_once_and_its_key_gives_the_first_answer_again(desk: Desk) -> None:
    desk.post_day(earned(5), redeemed(5))
    body = {"party": "retail", "business_on": "2026-03-01"}
    first = desk.post("batches", body, key="k1")
    assert (first.status_code, desk.post("batches", body, key="k1").json()) == (201, first.json())
    assert refusal(desk.post("batches", body, key="k2")) == (409, "batch-already-made")
    assert desk.make_all() == "1 batches made", "the application's"
    assert desk.make_all() == "0 batches made"
    assert [batch["party"] for batch in desk.get("batches").json()["items"]] == ["redeemed:mall", "retail"]
    assert desk.breaks() == {}


def test_a_batch_is_reviewed_and_released_by_others_than_its_maker(desk: Desk) -> None:
    desk.post_day(earned(5), redeemed(5))
    answer = desk.post("batches", {"party": "retail", "business_on": "2026-03-01"}, who="both")
    at = f"batches/{answer.json()['batch_id']}"
    assert refusal(desk.post(f"{at}/review", who="both")) == (403, "maker-cannot-approve")
    assert refusal(desk.post(f"{at}/review", who="maker")) == (403, "function-not-granted")
    assert refusal(desk.post(f"{at}/release", who="checker")) == (409, "batch-not-reviewed")
    reviewed = desk.post(f"{at}/review", who="checker", key="r")
    assert (reviewed.status_code, reviewed.json()["status"], reviewed.json()["reviewed_by"]) == (200, "reviewed", "checker")
    assert desk.post(f"{at}/review", who="checker", key="r").json() == reviewed.json()
    assert refusal(desk.post(f"{at}/review", who="checker")) == (409, "batch-already-reviewed")
    assert refusal(desk.post(f"{at}/release", who="both")) == (403, "maker-cannot-approve")
    assert desk.post(f"{at}/release", who="checker").json()["status"] == "released"
    assert refusal(desk.post(f"{at}/release", who="checker")) == (409, "batch-already-released")
    assert refusal(desk.post("batches/nonsense/review", who="checker")) == (404, "batch-unknown")
    with desk.database.transaction() as cursor:
        cursor.execute("select batch_no from outgoing_batch order by batch_no")
        records = list(BatchesTopic().read(cursor, [row[0] for row in cursor.fetchall()]))
    assert [record.type.split(".")[3] for record in records] == ["made", "reviewed", "released"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"party": "nobody", "business_on": "2026-03-01"}, (404, "party-unknown")),
        ({"party": "retail", "business_on": "2026-03-03"}, (422, "date-not-reached")),
        ({"party": "retail", "business_on": "2026-03-02"}, (409, "day-not-complete")),
        ({"party": "retail", "business_on": "1 March"}, (422, "invalid-request")),
        ({"party": "retail", "business_on": 20260301}, (422, "invalid-request")),
        ({"party": "", "business_on": "2026-03-01"}, (422, "invalid-request")),
        ({"business_on": "2026-03-01"}, (422, "invalid-request")),
        ({"party": "retail", "business_on": "2026-03-01", "points": 5}, (422, "invalid-request")),
        ([], (422, "invalid-request")),
    ],
)
def test_bad_input_is_refused_and_nothing_is_made(desk: Desk, body: object, expected: tuple[int, str]) -> None:
    desk.post_day(earned(5), redeemed(5))
    assert refusal(desk.post("batches", body)) == expected
    assert desk.rows("select count(*) from settlement_batch") == [(0,)]


def test_calls_are_kept_to_those_who_may(desk: Desk) -> None:
    desk.post_day(earned(5), redeemed(5))
    made = desk.make()
    body = {"party": "retail", "business_on": "2026-03-01"}
    for who in ("checker", "admin", "auditor", "channel"):
        assert refusal(desk.post("batches", body, who=who)) == (403, "function-not-granted")
    assert refusal(desk.post(f"batches/{made['batch_id']}/release", who="admin")) == (403, "function-not-granted")
    assert refusal(desk.get("batches", who="channel")) == (403, "function-not-granted")
    assert refusal(desk.get(f"batches/{made['batch_id']}", who="branch")) == (403, "beyond-your-scope")
    assert refusal(desk.post("batches", {"party": "redeemed:mall", "business_on": "2026-03-01"}, who="branch")) == (403, "beyond-your-scope")
    assert refusal(desk.get(f"batches/{made['batch_id']}", entity="002")) == (404, "batch-unknown")
    assert refusal(desk.get("reconciliations/yesterday")) == (422, "invalid-request")
    assert refusal(desk.get("reconciliations/2026-03-09")) == (422, "date-not-reached")
    assert refusal(desk.get(f"batches/{made['batch_id']}/statement?format=xls")) == (422, "invalid-request")


def test_lists_go_on_by_cursor(desk: Desk) -> None:
    desk.post_day(earned(50), *(redeemed(1, application=f"app-{number}") for number in range(5)))
    desk.make_all()
    batch = desk.get("batches?party=retail&business_on=2026-03-01").json()["items"][0]
    first = desk.get(f"batches/{batch['batch_id']}/lines?limit=3").json()
    rest = desk.get(f"batches/{batch['batch_id']}/lines?limit=3&cursor={first['next_cursor']}").json()
    assert [line["line_no"] for line in first["items"] + rest["items"]] == [1, 2, 3, 4, 5]
    page = desk.get("batches?limit=4").json()
    assert len(page["items"] + desk.get(f"batches?cursor={page['next_cursor']}").json()["items"]) == 6
    assert [item["party"] for item in desk.get("parties?limit=2").json()["items"]] == ["redeemed:app-0", "redeemed:app-1"]


def test_a_statement_comes_as_csv_and_as_pdf_and_names_no_customer(desk: Desk) -> None:
    desk.post_day(earned(500), *(redeemed(points, customer_no="C-SECRET") for points in range(1, 4)), restored(2, no="=cmd()"))
    made = desk.make()
    answer = desk.get(f"batches/{made['batch_id']}/statement")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert ["结算方 Party", "retail"] in rows
    start = next(index for index, row in enumerate(rows) if row and row[0].startswith("序号"))
    assert [row[6] for row in rows[start + 1 :]] == ["1", "2", "3", "-2", "4"]
    assert rows[-1][0] == "合计 Total"
    pdf = desk.get(f"batches/{made['batch_id']}/statement?format=pdf")
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    assert b"STSong-Light" in pdf.content
    assert "SECRET" not in answer.text


def test_a_date_that_the_business_date_passed_over_is_complete_and_empty(desk: Desk) -> None:
    desk.post_day(earned(5, business_on=MARCH_2), on=MARCH_2)
    assert desk.get("reconciliations/2026-03-01").json()["status"] == "tied"
    assert desk.make("retail", MARCH_1)["points"] == 0
    assert desk.make_all(MARCH_1) == "0 batches made"


def test_answers_have_the_fields_that_the_documents_say(desk: Desk) -> None:
    desk.post_day(earned(5), redeemed(5))
    made = desk.make()
    shown: dict[type[BaseModel], Any] = {
        BatchShown: made,
        BatchHead: desk.get("batches").json()["items"][0],
        LineShown: made["lines"][0],
        ReconciliationShown: desk.get("reconciliations/2026-03-01").json(),
        CheckShown: desk.get("reconciliations/2026-03-01").json()["checks"][0],
        InvariantShown: desk.get("invariants").json()["items"][0],
        PartyShown: desk.get("parties").json()["items"][0],
    }
    for model, answer in shown.items():
        assert set(answer) == set(model.model_fields)
        model.model_validate(answer)
    documented = desk.http.get("/openapi.json").json()["paths"]["/v1/entities/{legal_entity}/batches"]["post"]["responses"]
    assert set(documented["409"]["content"]["application/problem+json"]["examples"]) == {"day-not-complete", "batch-already-made"}


def test_two_who_make_the_same_batch_at_once_make_one(desk: Desk) -> None:
    desk.post_day(earned(5), redeemed(5))
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: desk.post("batches", {"party": "retail", "business_on": "2026-03-01"}), range(8)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]
    assert desk.breaks() == {}
