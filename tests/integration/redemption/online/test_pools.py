"""Family pools on a real database: who may spend an owner's points and how many, what that keeps, and where what is given back goes."""

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from loyalty_shared.web.credentials import token_sha256
from redemption.adapters.account_queries import Cause, list_statement
from support.online_bank import Bank, done, refusal

from .test_applications import put
from .test_merges import merge, undo
from .test_online_at_once import at_once, outcomes

OWNER, MEMBER, OTHER, STRANGER = "C0000001", "C0000002", "C0000003", "C0000009"
TOMORROW, NEXT_MONTH = date(2026, 3, 2), date(2026, 4, 1)


def asking(owner: str = OWNER, limit: int | None = 100, **others: Any) -> dict[str, Any]:
    return {"owner_customer_no": owner, "members": [{"customer_no": MEMBER, "limit_points_per_month": limit}, {"customer_no": OTHER}], **others}


def open_pool(bank: Bank, **asked: Any) -> str:
    """Open a pool, approved, and return its id."""
    pool_id = str(done(bank.post("pools", asking(**asked), token="maker"), 201)["pool_id"])
    assert done(bank.post(f"pools/{pool_id}/approve", token="checker"))["status"] == "active"
    return pool_id


def paying(bank: Bank, points: int, member: str = MEMBER, owner: str = OWNER, **others: Any) -> dict[str, Any]:
    return bank.spending(points, customer_no=member, pay_from=owner, **others)


def refused(bank: Bank, points: int, **others: Any) -> tuple[int, str]:
    """Return what a member's reservation and redemption are both refused for."""
    first, second = (refusal(bank.post(path, paying(bank, points, **others))) for path in ("reservations", "redemptions"))
    assert first == second
    return first


@pytest.fixture
def rich(bank: Bank) -> Bank:
    """Return a bank whose owner has 1000 points and a pool, of which one member may spend 100 a month and the other without a limit."""
    bank.grant(1000)
    open_pool(bank)
    return bank


def test_a_pool_is_asked_for_by_one_person_and_approved_by_another(bank: Bank) -> None:
    bank.grant(10)
    asked = done(bank.post("pools", asking(reason="family"), token="maker", key="once"), 201)
    pool_id = asked["pool_id"]
    assert done(bank.post("pools", asking(reason="family"), token="maker", key="once"), 201) == asked
    assert (asked["status"], asked["owner_customer_no"], asked["reason"], asked["checked_by"]) == ("pending", OWNER, "family", None)
    assert asked["members"] == [{"customer_no": MEMBER, "limit_points_per_month": 100}, {"customer_no": OTHER, "limit_points_per_month": None}]
    assert refused(bank, 1) == (409, "not-a-pool-member")
    assert refusal(bank.post(f"pools/{pool_id}/close", token="maker")) == (409, "pool-not-active")
    for step in ("approve", "reject"):
        assert refusal(bank.post(f"pools/{pool_id}/{step}", token="maker")) == (403, "maker-cannot-approve")
        assert refusal(bank.post(f"pools/{pool_id}/{step}", token="maker2")) == (403, "function-not-granted")
        assert refusal(bank.post(f"pools/none/{step}", token="checker")) == (404, "pool-unknown")
    assert refusal(bank.post("pools/none/close", token="checker")) == (404, "pool-unknown")
    approved = done(bank.post(f"pools/{pool_id}/approve", token="checker"))
    assert (approved["status"], approved["checked_by"]) == ("active", f"{bank.entity}-checker")
    assert done(bank.get(f"pools/{pool_id}")) == done(bank.get(f"pools/{pool_id}", token="auditor")) == approved
    for step in ("approve", "reject"):
        assert refusal(bank.post(f"pools/{pool_id}/{step}", token="checker")) == (409, "pool-not-pending")
    bank.let_pass(timedelta(seconds=1))  # ids grow with time, by which lists are ordered
    rejected = done(bank.post("pools", asking(), token="maker"), 201)["pool_id"]
    assert done(bank.post(f"pools/{rejected}/reject", token="checker"))["status"] == "rejected"
    for customer_no in (OWNER, MEMBER, OTHER):
        items = done(bank.get(f"pools?customer_no={customer_no}"))["items"]
        assert [(item["pool_id"], item["status"]) for item in items] == [(rejected, "rejected"), (pool_id, "active")]
    assert len(done(bank.get("pools?limit=1", token="checker"))["items"]) == 1
    assert done(bank.get(f"pools?customer_no={STRANGER}"))["items"] == []
    assert refusal(bank.get("pools/none")) == (404, "pool-unknown")
    done(bank.post("redemptions", paying(bank, 1)), 201)
    closed = done(bank.post(f"pools/{pool_id}/close", token="maker"))
    assert (closed["status"], closed["closed_by"]) == ("closed", f"{bank.entity}-maker")
    assert refused(bank, 1) == (409, "not-a-pool-member")
    assert refusal(bank.post(f"pools/{pool_id}/close", token="checker")) == (409, "pool-not-active")


def test_a_pool_that_makes_no_sense_is_refused(bank: Bank) -> None:
    assert refusal(bank.post("pools", asking(STRANGER), token="maker")) == (404, "customer-unknown")
    bank.grant(10)
    assert refusal(bank.post("pools", asking(token="x"), token="maker")) == (422, "invalid-request")
    assert refusal(bank.post("pools", asking(), token="channel")) == (403, "function-not-granted")
    member = {"customer_no": MEMBER}
    for members in ([], [member, member], [{**member, "limit_points_per_month": 0}], [{"customer_no": f"M{n}"} for n in range(51)]):
        assert refusal(bank.post("pools", asking(members=members), token="maker")) == (422, "invalid-request")
    assert refusal(bank.post("pools", asking(members=[{"customer_no": OWNER}]), token="maker")) == (409, "same-customer")


def test_the_owners_account_pays_what_a_member_spends_and_it_is_kept_who_did(rich: Bank) -> None:
    redeemed = done(rich.post("redemptions", paying(rich, 30)), 201)
    assert redeemed["spent_by"] == MEMBER
    reserved = done(rich.post("reservations", paying(rich, 40)), 201)
    assert reserved["spent_by"] == MEMBER
    held = done(rich.get(f"reservations/{reserved['reservation_id']}"))
    assert (held["customer_no"], held["spent_by"]) == (OWNER, MEMBER)
    assert (rich.balance().available, rich.balance().held) == (930, 40)
    captured = done(rich.post(f"reservations/{reserved['reservation_id']}/capture", {"points": 10}))
    assert captured["spent_by"] == MEMBER
    assert rich.available() == 960
    assert "spent_by" not in done(rich.post("redemptions", rich.spending(1)), 201)
    own = done(rich.post("redemptions", paying(rich, 1, OWNER)), 201)  # an owner who names himself
    assert "spent_by" not in own
    done(rich.post(f"redemptions/{redeemed['redemption_id']}/void"))
    with rich.service.database.transaction() as cursor:
        lines = list_statement(cursor, rich.entity, OWNER, before=None, limit=10, kind=None, cause=Cause())
    assert [(line.kind, line.points, line.spent_by) for line in lines] == [
        ("restored", 30, MEMBER), ("redeemed", -1, None), ("redeemed", -1, None), ("redeemed", -10, MEMBER), ("redeemed", -30, MEMBER),
        ("granted", 1000, None),
    ]  # fmt: skip


def test_only_members_of_an_active_pool_of_that_owner_spend(rich: Bank) -> None:
    rich.grant(50, customer_no=STRANGER)
    assert refused(rich, 1, member=STRANGER) == (409, "not-a-pool-member")
    assert refused(rich, 1, owner=STRANGER) == (409, "not-a-pool-member")
    assert refused(rich, 1, owner="C7777777") == (409, "not-a-pool-member")
    assert refused(rich, 1, member=OWNER, owner=STRANGER) == (409, "not-a-pool-member")
    assert refusal(rich.post("grants", rich.granting(1, pay_from=OWNER))) == (422, "invalid-request")


def test_all_rules_of_the_owners_account_hold(rich: Bank) -> None:
    assert refused(rich, 1001, member=OTHER) == (409, "insufficient-points")
    done(put(rich, eligible={"customers": [MEMBER]}))
    assert refused(rich, 1) == (409, "customer-not-eligible")
    done(put(rich, limits={"per_day": 50}))
    rich.redeem(45)
    assert refused(rich, 6) == (409, "limit-exceeded")
    done(put(rich))
    freeze = done(rich.post("freezes", {"customer_no": OWNER, "points": None, "reason": "court"}, token="maker"), 201)["freeze_id"]
    assert refused(rich, 1) == (409, "account-frozen")
    done(rich.post(f"freezes/{freeze}/lift", token="maker"))
    for customer_no in (OWNER, MEMBER):
        for status, code in (("blacklisted", "customer-blacklisted"), ("closed", "account-closed")):
            rich.know_customer(status, customer_no)
            assert refused(rich, 1) == (409, code)
        rich.know_customer("active", customer_no)
    done(rich.post("redemptions", paying(rich, 1)), 201)


def test_a_members_limit_counts_by_month_what_he_holds_or_has_spent_of_the_owners_points_and_gives_back_what_was_given_back(rich: Bank) -> None:
    rich.redeem(500)  # the owner's own
    done(rich.post("redemptions", paying(rich, 200, OTHER)), 201)  # another member's
    done(rich.post("redemptions", paying(rich, 60)), 201)
    assert refused(rich, 41) == (409, "limit-exceeded")
    reservation = done(rich.post("reservations", paying(rich, 40, application="donation")), 201)["reservation_id"]
    assert refused(rich, 1) == (409, "limit-exceeded")
    captured = done(rich.post(f"reservations/{reservation}/capture", {"points": 30}))["redemption_id"]
    assert refused(rich, 11) == (409, "limit-exceeded")
    done(rich.post(f"redemptions/{captured}/refunds", {"points": 10, **rich.serial()}), 201)
    assert refused(rich, 21) == (409, "limit-exceeded")
    done(rich.post(f"redemptions/{captured}/refunds", {"points": 20, **rich.serial()}), 201)
    voided = done(rich.post("redemptions", paying(rich, 40)), 201)["redemption_id"]
    done(rich.post(f"redemptions/{voided}/void"))
    reversed_body = paying(rich, 40)
    done(rich.post("redemptions", reversed_body), 201)
    done(rich.post("reversals", rich.reversing(reversed_body)))
    released = done(rich.post("reservations", paying(rich, 40)), 201)["reservation_id"]
    done(rich.post(f"reservations/{released}/release"))
    done(rich.post("reservations", paying(rich, 40, expires_in_seconds=1)), 201)
    rich.let_pass(timedelta(seconds=2))
    assert rich.available() == 1000 - 500 - 200 - 60
    assert refused(rich, 41) == (409, "limit-exceeded")
    rich.advance_to(TOMORROW)
    assert refused(rich, 41) == (409, "limit-exceeded")
    overnight = done(rich.post("reservations", paying(rich, 40)), 201)["reservation_id"]
    rich.advance_to(NEXT_MONTH)
    done(rich.post(f"reservations/{overnight}/capture"))  # counts in the month it was reserved in
    assert refused(rich, 101) == (409, "limit-exceeded")
    done(rich.post("redemptions", paying(rich, 100)), 201)


def test_what_a_member_spent_goes_back_to_the_owners_lots(rich: Bank) -> None:
    before = done_lots(rich)
    for path in ("reservations", "redemptions"):
        body = paying(rich, 50)
        done(rich.post(path, body), 201)
        assert done(rich.post("reversals", rich.reversing(body)))["status"] == "reversed"
    redeemed = done(rich.post("redemptions", paying(rich, 70)), 201)["redemption_id"]
    done(rich.post(f"redemptions/{redeemed}/refunds", {"points": 70, **rich.serial()}), 201)
    assert done_lots(rich) == before


def done_lots(bank: Bank) -> list[tuple[Any, ...]]:
    with bank.service.database.transaction() as cursor:
        cursor.execute("select customer_no, point_type, points, held from lot where legal_entity = %s and points > 0 order by 1, 2", (bank.entity,))
        return cursor.fetchall()


def test_of_32_calls_at_the_same_moment_a_members_limit_lets_exactly_so_many_pass(rich: Bank) -> None:
    paths = ["reservations", "redemptions"] * 16
    answers = at_once([partial(rich.post, path, paying(rich, 7)) for path in paths], 32)
    assert outcomes(answers) == {"201": 14, "limit-exceeded": 18}
    assert rich.available() == 1000 - 98


def test_of_several_pools_of_an_owner_the_widest_limit_holds_and_each_counts_what_the_others_did(rich: Bank) -> None:
    done(rich.post("redemptions", paying(rich, 100)), 201)
    wider = open_pool(rich, limit=150)
    assert refused(rich, 51) == (409, "limit-exceeded")
    done(rich.post("redemptions", paying(rich, 50)), 201)
    unlimited = open_pool(rich, limit=None)
    done(rich.post("redemptions", paying(rich, 300)), 201)
    for pool_id in (wider, unlimited):
        done(rich.post(f"pools/{pool_id}/close", token="checker"))
    assert refused(rich, 1) == (409, "limit-exceeded")


def test_a_pool_follows_owners_and_members_whose_numbers_became_one(rich: Bank) -> None:
    for customer_no in (MEMBER, STRANGER, "C0000008"):
        rich.grant(1, customer_no=customer_no)
    done(rich.post("redemptions", paying(rich, 60)), 201)
    of_member = merge(rich, MEMBER, STRANGER)
    for member in (MEMBER, STRANGER):
        assert refused(rich, 41, member=member) == (409, "limit-exceeded")
    done(rich.post("redemptions", paying(rich, 10, STRANGER)), 201)
    assert refused(rich, 31) == (409, "limit-exceeded")
    of_owner = merge(rich, OWNER, "C0000008")
    for owner in (OWNER, "C0000008"):
        assert refused(rich, 31, owner=owner) == (409, "limit-exceeded")
    spent = done(rich.post("redemptions", paying(rich, 10, owner="C0000008")), 201)["redemption_id"]
    assert refused(rich, 21) == (409, "limit-exceeded")
    done(rich.post(f"redemptions/{spent}/void"))
    done(rich.post("redemptions", paying(rich, 10)), 201)
    undo(rich, of_owner)
    assert refused(rich, 1, owner="C0000008") == (409, "not-a-pool-member")
    undo(rich, of_member)
    assert refused(rich, 1, member=STRANGER) == (409, "not-a-pool-member")
    assert refused(rich, 31) == (409, "limit-exceeded")  # what the other number spent is that number's again
    done(rich.post("redemptions", paying(rich, 30)), 201)
    assert rich.available() == 1000 - 60 - 10 - 10 - 30


def test_a_quote_at_which_a_member_spends_is_the_owners(rich: Bank) -> None:
    done(put(rich, rate={"points": 10, "amount_minor": 1, "currency": "CNY"}))

    def quoted(customer_no: str) -> str:
        asked = {"customer_no": customer_no, "application": "mall", "amount_minor": 100, "points": 50}
        return str(done(rich.post("quotes", asked), 201)["quote_id"])

    rich.grant(100, customer_no=MEMBER)
    assert refused(rich, 50, quote_id=quoted(MEMBER)) == (409, "quote-differs")
    done(rich.post("reservations", paying(rich, 50, quote_id=quoted(OWNER))), 201)


def test_pools_of_customers_of_other_institutions_are_beyond_a_branchs_scope(rich: Bank) -> None:
    name = f"{rich.entity}-branch"
    with rich.service.database.transaction() as cursor:
        cursor.execute(
            "insert into credential (credential, token_sha256, entities, functions, channel, enabled, institutions, operator)"
            " values (%s, %s, %s, '{maker,checker}', null, true, '{450200}', 'wei')",
            (name, token_sha256(name), [rich.entity]),
        )
    pool_id = done(rich.post("pools", asking(), token="maker"), 201)["pool_id"]
    rich.know_customer("active")
    beyond = (403, "beyond-your-scope")

    def everything() -> list[tuple[int, str]]:
        writes = [rich.post(f"pools/{pool_id}/{step}", token="branch") for step in ("reject", "approve", "close")]
        return [refusal(one) for one in (*writes, rich.get(f"pools/{pool_id}", token="branch"), rich.get(f"pools?customer_no={OWNER}", token="branch"))]

    assert everything() == [beyond] * 5
    assert refusal(rich.get("pools", token="branch")) == beyond
    with rich.service.database.transaction() as cursor:
        cursor.execute("update customer set home_institution = '450200' where legal_entity = %s", (rich.entity,))
    assert refusal(rich.post("pools", asking(), token="branch")) == beyond  # a member is another branch's
    assert done(rich.get(f"pools/{pool_id}", token="branch"))["pool_id"] == pool_id
    assert done(rich.post(f"pools/{pool_id}/approve", token="branch"))["status"] == "active"
