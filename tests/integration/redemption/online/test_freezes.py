"""Freezes and their lifting over HTTP, on a real database."""

from datetime import date, timedelta
from typing import Any

import pytest

from loyalty_shared.web.credentials import token_sha256
from redemption.adapters.account_queries import find_account_as_of, moment_of
from redemption.adapters.staff_unit_of_work import SqlStaffWork
from redemption.adapters.unit_of_work import begin_on
from redemption.application.end_freezes import EndFreezes
from redemption.domain.balances import balances_of
from redemption.domain.freezing import FREEZES_MAX
from support.online_bank import NOON, TODAY, Bank, done, open_entity, refusal


def freezing(bank: Bank, points: int | None = None, **others: Any) -> dict[str, Any]:
    return {"customer_no": bank.customer_no, "points": points, "reason": "disputed", **others}


def freeze(bank: Bank, points: int | None = None, **others: Any) -> str:
    return str(done(bank.post("freezes", freezing(bank, points, **others), token="maker"), 201)["freeze_id"])


def test_a_whole_freeze_keeps_everything_from_being_spent_until_it_is_lifted(bank: Bank) -> None:
    bank.grant(100)
    made = done(bank.post("freezes", freezing(bank), token="maker"), 201)
    assert (made["status"], made["points"], made["until"], made["frozen_by"]) == ("frozen", None, None, f"{bank.entity}-maker")
    for call in ("reservations", "redemptions"):
        assert refusal(bank.post(call, bank.spending(1))) == (409, "account-frozen")
    bank.grant(20)
    assert (bank.balance().available, bank.balance().frozen) == (0, 120)
    assert done(bank.post(f"freezes/{made['freeze_id']}/lift", token="checker"))["status"] == "lifted"
    assert (bank.balance().available, bank.balance().frozen) == (120, 0)
    bank.redeem(120)


def test_a_freeze_of_all_is_meant_when_no_number_is_given(bank: Bank) -> None:
    bank.grant(100)
    done(bank.post("freezes", {"customer_no": bank.customer_no, "reason": "disputed"}, token="admin"), 201)
    assert bank.available() == 0


def test_partial_freezes_add_up(bank: Bank) -> None:
    bank.grant(100)
    first = freeze(bank, 30)
    freeze(bank, 50)
    assert (bank.balance().available, bank.balance().frozen) == (20, 80)
    assert refusal(bank.post("redemptions", bank.spending(21))) == (409, "insufficient-points")
    bank.redeem(20)
    done(bank.post(f"freezes/{first}/lift", token="maker"))
    assert (bank.balance().available, bank.balance().frozen) == (30, 50)


def test_what_was_held_before_is_captured_and_points_lapse_and_are_taken_back_all_the_same(bank: Bank) -> None:
    lapsing = bank.granting(40, expires_on="2026-03-01")
    granted = bank.granting(100, point_type="bonus")
    done(bank.post("grants", lapsing), 201)
    done(bank.post("grants", granted), 201)
    reservation = bank.reserve(60, point_types=["bonus"])
    freeze(bank)
    assert (bank.balance().frozen, bank.balance("bonus").frozen, bank.balance("bonus").held) == (40, 40, 60)
    done(bank.post(f"reservations/{reservation}/capture", {"points": 50}))
    done(bank.post("reversals", bank.reversing(granted)))
    assert (bank.balance("bonus").frozen, bank.balance("bonus").arrears) == (0, 50)
    bank.advance_to(date(2026, 3, 2))
    assert (bank.balance().frozen, bank.balance().expired) == (0, 40)


def test_a_freeze_ends_by_itself_after_its_last_date(bank: Bank) -> None:
    bank.grant(100)
    until = date(2026, 3, 5)
    freeze_id = freeze(bank, until=until.isoformat())
    bank.advance_to(until)
    assert refusal(bank.post("redemptions", bank.spending(1))) == (409, "account-frozen")
    bank.advance_to(date(2026, 3, 6))
    assert done(bank.get(f"freezes/{freeze_id}"))["status"] == "ended"
    bank.redeem(1)
    end = EndFreezes(begin_on(bank.service.database, SqlStaffWork), bank.service.clock)
    assert (end(bank.entity), end(bank.entity)) == (1, 0)
    shown = done(bank.get(f"freezes/{freeze_id}"))
    assert (shown["status"], shown["ended_by"]) == ("ended", None)
    assert done(bank.post(f"freezes/{freeze_id}/lift", token="maker"))["status"] == "lifted"
    assert done(bank.get(f"freezes/{freeze_id}"))["status"] == "ended", "there was nothing left to lift"


def test_lifting_twice_changes_nothing_and_a_repeat_is_answered_as_before(bank: Bank) -> None:
    bank.grant(100)
    first = bank.post("freezes", freezing(bank), token="maker", key="freeze-once")
    again = bank.post("freezes", freezing(bank), token="maker", key="freeze-once")
    assert (first.json(), again.headers["Idempotency-Replayed"]) == (again.json(), "true")
    assert refusal(bank.post("freezes", freezing(bank, 5), token="maker", key="freeze-once")) == (422, "idempotency-key-reused")
    freeze_id = first.json()["freeze_id"]
    lifted = done(bank.post(f"freezes/{freeze_id}/lift", token="maker"))
    assert done(bank.post(f"freezes/{freeze_id}/lift", token="checker")) == lifted
    assert (lifted["status"], lifted["ended_by"]) == ("lifted", f"{bank.entity}-maker")


def test_freezes_are_listed_by_customer_newest_first(bank: Bank) -> None:
    bank.grant(100)
    bank.grant(100, customer_no="C0000002")
    made = []
    for points in (1, 2, 3):
        bank.let_pass(timedelta(seconds=1))
        made.append(freeze(bank, points))
    freeze(bank, customer_no="C0000002")
    page = done(bank.get(f"freezes?customer_no={bank.customer_no}&limit=2"))
    assert [each["freeze_id"] for each in page["items"]] == [made[2], made[1]]
    rest = done(bank.get(f"freezes?customer_no={bank.customer_no}&limit=2&cursor={page['next_cursor']}"))
    assert ([each["freeze_id"] for each in rest["items"]], rest["next_cursor"]) == ([made[0]], None)
    assert len(done(bank.get("freezes"))["items"]) == 4


def test_what_cannot_be_frozen(bank: Bank) -> None:
    assert refusal(bank.post("freezes", freezing(bank), token="maker")) == (404, "customer-unknown")
    bank.know_customer("active")
    assert refusal(bank.post("freezes", freezing(bank), token="maker")) == (404, "customer-unknown"), "known, and never had an account"
    bank.grant(100)
    assert refusal(bank.post("freezes", freezing(bank, until="2026-02-28"), token="maker")) == (409, "until-has-passed")
    done(bank.post("freezes", freezing(bank, 1, until=TODAY.isoformat()), token="maker"), 201)
    for _ in range(FREEZES_MAX - 1):
        freeze(bank, 1)
    assert refusal(bank.post("freezes", freezing(bank), token="maker")) == (409, "too-many-freezes")
    for points in (0, -1, 2**53, 1.5, "1", True):
        assert refusal(bank.post("freezes", freezing(bank, points), token="maker"))[0] == 422  # type: ignore[arg-type]  # not a number of points
    assert refusal(bank.post("freezes", {"customer_no": bank.customer_no}, token="maker"))[0] == 422
    assert refusal(bank.post("freezes/unknown/lift", token="maker")) == (404, "freeze-unknown")
    assert refusal(bank.get("freezes/unknown")) == (404, "freeze-unknown")


@pytest.mark.parametrize("token", ["channel", "auditor"])
def test_channels_and_auditors_freeze_nothing(bank: Bank, token: str) -> None:
    bank.grant(100)
    assert refusal(bank.post("freezes", freezing(bank), token=token)) == (403, "function-not-granted")
    assert refusal(bank.post(f"freezes/{freeze(bank)}/lift", token=token)) == (403, "function-not-granted")


def test_another_entity_sees_nothing_of_a_freeze(bank: Bank) -> None:
    bank.grant(100)
    freeze_id = freeze(bank)
    other = open_entity(bank.service)
    assert refusal(other.get(f"freezes/{freeze_id}")) == (404, "freeze-unknown")
    assert refusal(other.post(f"freezes/{freeze_id}/lift", token="maker")) == (404, "freeze-unknown")
    assert done(other.get("freezes"))["items"] == []
    assert bank.available() == 0


def test_an_operator_sees_and_freezes_only_their_institutions_customers(bank: Bank) -> None:
    bank.grant(100)
    freeze_id = freeze(bank)
    with bank.service.database.transaction() as cursor:
        cursor.execute(
            "insert into credential (credential, token_sha256, entities, functions, enabled, institutions) values (%s, %s, %s, '{maker}', true, '{450100}')",
            (f"{bank.entity}-scoped", token_sha256(f"{bank.entity}-scoped"), [bank.entity]),
        )
    for response in (
        bank.post("freezes", freezing(bank), token="scoped"),
        bank.post(f"freezes/{freeze_id}/lift", token="scoped"),
        bank.get(f"freezes/{freeze_id}", token="scoped"),
        bank.get(f"freezes?customer_no={bank.customer_no}", token="scoped"),
        bank.get("freezes", token="scoped"),
    ):
        assert refusal(response) == (403, "beyond-your-scope")


def test_an_account_as_it_was_shows_what_was_frozen_then(bank: Bank) -> None:
    bank.grant(100)
    bank.service.clock.at = NOON.replace(second=10)
    freeze_id = freeze(bank, 30)
    bank.service.clock.at = NOON.replace(second=20)
    done(bank.post(f"freezes/{freeze_id}/lift", token="maker"))
    frozen = []
    with bank.service.database.transaction() as cursor:
        for second in (5, 15, 25):
            at = NOON.replace(second=second)
            moment = moment_of(cursor, bank.entity, at, at.tzinfo, TODAY)  # type: ignore[arg-type]  # an instant needs no zone
            account = find_account_as_of(cursor, bank.entity, bank.customer_no, moment)
            assert account is not None
            frozen.append(balances_of(account)[0].frozen)
    assert frozen == [0, 30, 0]
