"""Two customer numbers that become one, on a real database: what moves, what later calls and points by the old number do, and what undoing moves back."""

import itertools
from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from loyalty_shared.contracts.accrual import PointsEarnedV1
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.offsets import Position, Span
from redemption.adapters.crediting import SqlCreditingWork
from redemption.adapters.merges import MergesTopic
from redemption.adapters.unit_of_work import begin_on
from redemption.application.credit_earned_points import CreditEarnedPoints
from support.ledger import clawed_back, earned
from support.online_bank import Bank, done, refusal

from .test_online_at_once import at_once, outcomes

OLD, NEW, THIRD = "C0000002", "C0000001", "C0000003"
NEXT_YEAR = date(2027, 12, 31)

_offsets = itertools.count()


def credit(bank: Bank, *events: PointsEarnedV1) -> None:
    """Post events as the consumer does."""
    before = next(_offsets)
    span = Span(
        group=f"merges-{bank.entity}-{before}", topic="points", partition=0, before=None, after=Position(cluster_id="c", topic_id="t", next_offset=before + 1)
    )
    batch: Batch[PointsEarnedV1] = Batch(
        group=span.group, topic="points", partition=0, events=events, offsets=range(len(events)), traceparents=[None] * len(events), records=(), span=span
    )
    CreditEarnedPoints(begin_on(bank.service.database, SqlCreditingWork), bank.service.clock)(batch)


def earning(bank: Bank, points: int, customer_no: str, **others: Any) -> PointsEarnedV1:
    return earned(points, customer_no, legal_entity=bank.entity, **others)


def asking(bank: Bank, source: str = OLD, into: str = NEW) -> str:
    return str(done(bank.post("merges", {"from_customer_no": source, "into_customer_no": into, "reason": "one person"}, token="maker"), 201)["merge_id"])


def merge(bank: Bank, source: str = OLD, into: str = NEW) -> str:
    """Merge two numbers and return the merge's id."""
    merge_id = asking(bank, source, into)
    assert done(bank.post(f"merges/{merge_id}/approve", token="checker"))["status"] == "merged"
    bank.check()
    return merge_id


def undo(bank: Bank, merge_id: str) -> None:
    assert done(bank.post(f"merges/{merge_id}/undo", token="checker"))["status"] == "undone"
    bank.check()


def of(bank: Bank, customer_no: str, point_type: str = "base") -> tuple[int, int, int, int]:
    """Return (available, held, pending, arrears) of a number's account."""
    balance = bank.balance(point_type, customer_no)
    return balance.available, balance.held, balance.pending, balance.arrears


def rows(bank: Bank, statement: str) -> list[tuple[Any, ...]]:
    with bank.service.database.transaction() as cursor:
        cursor.execute(statement, (bank.entity,))
        return cursor.fetchall()


def lots(bank: Bank) -> list[tuple[Any, ...]]:
    """Return every lot of the entity, as it is stored."""
    columns = "customer_no, point_type, available_on, expires_on, points, held, lapsed, excused"
    return rows(bank, f"select {columns} from lot where legal_entity = %s order by 1, 2, 3, 4")


def totals(bank: Bank) -> list[tuple[Any, ...]]:
    """Return what every account keeps, without types whose totals are all 0."""
    kept = rows(bank, "select customer_no, totals, arrears::text, freezes::text, merged_into, merged from account where legal_entity = %s order by 1")
    return [(number, {point_type: sums for point_type, sums in totals.items() if any(sums)}, *more) for number, totals, *more in kept]


@pytest.fixture
def two(bank: Bank) -> Bank:
    """Return a bank where both numbers have points: what the old one has is spent, held, pending, lapsed, and of two types."""
    bank.grant(50, expires_on="2026-12-31")
    bank.redeem(10)
    credit(bank, earning(bank, 100, OLD, expires_on=NEXT_YEAR), earning(bank, 30, OLD, available_on=date(2026, 3, 5)))
    bank.grant(7, customer_no=OLD, point_type="bonus", expires_on="2026-02-01")  # lapsed on arrival
    bank.redeem(20, customer_no=OLD)
    return bank


def test_the_survivor_answers_for_both_and_everything_moves(two: Bank) -> None:
    reservation = two.reserve(15, customer_no=OLD)
    merge(two)
    assert of(two, NEW) == of(two, OLD) == (40 + 65, 15, 30, 0)
    assert two.balance(customer_no=NEW).earned == 50 + 130
    assert (two.balance().used, two.balance("bonus").expired) == (30, 7)
    assert {lot[0] for lot in lots(two)} == {NEW}
    assert done(two.post(f"reservations/{reservation}/capture"))["points"] == 15
    two.advance_to(date(2026, 3, 5))
    assert of(two, NEW) == (135, 0, 0, 0)
    assert [kind for kind, _ in two.entries()].count("transferred") > 0
    assert rows(two, "select sum(points) from entry where legal_entity = %s and kind = 'transferred'") == [(0,)]


def test_it_takes_two_people(two: Bank) -> None:
    merge_id = asking(two)
    assert of(two, OLD) == (80, 0, 30, 0)
    assert refusal(two.post(f"merges/{merge_id}/approve", token="maker")) == (403, "maker-cannot-approve")
    assert refusal(two.post(f"merges/{merge_id}/approve", token="maker2")) == (403, "function-not-granted")
    assert refusal(two.post(f"merges/{merge_id}/undo", token="checker")) == (409, "merge-not-in-force")
    assert done(two.post(f"merges/{merge_id}/reject", token="checker"))["status"] == "rejected"
    assert refusal(two.post(f"merges/{merge_id}/approve", token="checker")) == (409, "merge-not-pending")
    merge_id = merge(two)
    assert done(two.post(f"merges/{merge_id}/undo", token="maker"))["status"] == "undo-pending"
    assert refusal(two.post(f"merges/{merge_id}/approve", token="maker")) == (403, "maker-cannot-approve")
    assert done(two.post(f"merges/{merge_id}/reject", token="checker"))["status"] == "merged"
    done(two.post(f"merges/{merge_id}/undo", token="maker"))
    assert of(two, OLD) == of(two, NEW)
    assert done(two.post(f"merges/{merge_id}/approve", token="checker"))["status"] == "undone"
    assert of(two, OLD) == (80, 0, 30, 0)
    assert done(two.get(f"merges/{merge_id}", token="auditor"))["status"] == "undone"
    assert {item["status"] for item in done(two.get(f"merges?customer_no={OLD}", token="maker"))["items"]} == {"undone", "rejected"}


def test_what_is_not_a_merge_is_refused(two: Bank) -> None:
    def asked(source: str, into: str, **more: str) -> tuple[int, str]:
        return refusal(two.post("merges", {"from_customer_no": source, "into_customer_no": into, "reason": "r", **more}, token="maker"))

    assert asked(OLD, OLD) == (409, "same-customer")
    assert asked("C9", NEW) == asked(NEW, "C9") == (404, "customer-unknown")
    assert asked(OLD, NEW, other="x") == (422, "invalid-request")
    assert refusal(two.post("merges/none/approve", token="checker")) == (404, "merge-unknown")
    assert refusal(two.get("merges/none", token="maker")) == (404, "merge-unknown")
    assert refusal(two.post("merges/none/undo", token="checker")) == (404, "merge-unknown")
    both_ways = asking(two), asking(two, NEW, OLD)
    merge(two)
    two.know_customer("active", THIRD)
    assert asked(NEW, OLD) == asked(OLD, NEW) == asked(THIRD, OLD) == (409, "already-merged")
    assert [refusal(two.post(f"merges/{merge_id}/approve", token="checker")) for merge_id in both_ways] == [(409, "already-merged")] * 2


def test_calls_and_points_by_the_old_number_reach_the_survivor_and_keep_it(two: Bank) -> None:
    before = earning(two, 60, OLD, expires_on=date(2028, 12, 31))
    credit(two, before)
    merge(two)
    credit(two, earning(two, 5, OLD), earning(two, 6, NEW), clawed_back(60, before), earning(two, 1, "C0000009"))
    assert of(two, NEW) == (120 + 11, 0, 30, 0)
    redemption = two.redeem(11, customer_no=OLD)
    assert done(two.post(f"redemptions/{redemption}/refunds", {"points": 1, **two.serial()}), 201)["points"] == 1
    assert of(two, OLD) == (121, 0, 30, 0)
    by_number = "customer_no = 'C0000001' and came_by = 'C0000002' and kind <> 'transferred'"
    assert rows(two, f"select kind, points from entry where legal_entity = %s and {by_number} order by account_version") == [
        ("earned", 5), ("clawed-back", -60), ("redeemed", -11), ("restored", 1),
    ]  # fmt: skip
    assert rows(two, "select count(*) from lot where legal_entity = %s and customer_no = 'C0000002'") == [(0,)]
    assert refusal(two.post("redemptions", two.spending(122, customer_no=OLD))) == (409, "insufficient-points")
    grant = two.granting(3, customer_no=OLD)
    done(two.post("grants", grant), 201)
    done(two.post("reversals", two.reversing(grant)))
    assert of(two, NEW) == (121, 0, 30, 0)


def test_what_either_owes_is_repaid_from_what_both_have(two: Bank) -> None:
    gift = two.granting(40, customer_no=THIRD, point_type="base")
    done(two.post("grants", gift), 201)
    two.redeem(40, customer_no=THIRD)
    done(two.post("reversals", two.reversing(gift)))
    assert of(two, THIRD) == (0, 0, 0, 40)
    before = totals(two), lots(two)
    merge_id = merge(two, THIRD, OLD)
    assert of(two, OLD) == (40, 0, 30, 0)
    undo(two, merge_id)
    assert (totals(two), lots(two)) == before
    merge_id = merge(two, OLD, THIRD)
    assert of(two, THIRD) == (40, 0, 30, 0)
    undo(two, merge_id)
    assert (totals(two), lots(two)) == before


def test_a_merge_undone_at_once_leaves_everything_as_it_was(two: Bank) -> None:
    reservation = two.reserve(15, customer_no=OLD)
    two.reserve(5)
    freeze = done(two.post("freezes", {"customer_no": OLD, "points": 11, "reason": "r"}, token="maker"), 201)["freeze_id"]
    before = totals(two), lots(two)
    merge_id = merge(two)
    assert two.balance().frozen == 11
    undo(two, merge_id)
    assert (totals(two), lots(two)) == before
    assert done(two.get(f"freezes/{freeze}", token="maker"))["customer_no"] == OLD
    done(two.post(f"reservations/{reservation}/release"))
    assert of(two, OLD) == (80 - 11, 0, 30, 0)
    assert refusal(two.post(f"merges/{merge_id}/undo", token="checker")) == (409, "merge-not-in-force")


def test_undoing_moves_back_what_came_by_the_old_number_and_what_is_missing_is_owed(two: Bank) -> None:
    merge_id = merge(two)
    credit(two, earning(two, 25, OLD))
    two.redeem(100)  # the survivor spends: 40 of its own first, then 60 of what the old number brought
    undo(two, merge_id)
    assert of(two, OLD) == (80 + 25, 0, 30, 0)
    assert of(two, NEW) == (0, 0, 0, 60)
    two.grant(70)
    assert of(two, NEW) == (10, 0, 0, 0)


def test_what_the_old_number_spent_is_its_own_when_the_merge_is_undone(two: Bank) -> None:
    merge_id = merge(two)
    redemption = two.redeem(60, customer_no=OLD)
    undo(two, merge_id)
    assert (of(two, OLD), of(two, NEW)) == ((20, 0, 30, 0), (40, 0, 0, 0))
    assert two.balance(customer_no=OLD).used == 80
    done(two.post(f"redemptions/{redemption}/refunds", {"points": 60, **two.serial()}), 201)
    assert of(two, OLD)[0] == 80


def test_an_old_number_that_spent_more_than_it_brought_owes_the_rest(two: Bank) -> None:
    merge_id = merge(two)
    two.redeem(95, customer_no=OLD)  # of the 110 that came, of which 30 are pending, and of the 40 that were the survivor's
    undo(two, merge_id)
    assert (of(two, OLD), of(two, NEW)) == ((0, 0, 30, 15), (40, 0, 0, 0))
    merge_id = merge(two)
    two.redeem(25, customer_no=OLD)
    undo(two, merge_id)
    assert (of(two, OLD), of(two, NEW)) == ((0, 0, 30, 40), (40, 0, 0, 0))


def test_what_lapsed_meanwhile_is_gone_for_the_old_number(two: Bank) -> None:
    merge_id = merge(two)
    two.advance_to(date(2028, 1, 1))
    undo(two, merge_id)
    assert (of(two, OLD), of(two, NEW)) == ((30, 0, 0, 0), (0, 0, 0, 0))


def test_what_lapsed_meanwhile_was_never_used_and_is_not_owed_by_either(two: Bank) -> None:
    lapsing = earning(two, 40, OLD, expires_on=date(2026, 6, 30))
    credit(two, lapsing)
    merge_id = merge(two)
    two.advance_to(date(2026, 7, 1))
    credit(two, clawed_back(15, lapsing))
    undo(two, merge_id)
    expected = (110, 0, 0, 0), (40, 0, 0, 0)
    assert (of(two, OLD), of(two, NEW)) == expected
    credit(two, clawed_back(25, lapsing))
    assert (of(two, OLD), of(two, NEW)) == expected
    two.check()


def test_a_hold_by_the_old_number_made_while_merged_is_its_own_again(two: Bank) -> None:
    merge_id = merge(two)
    reservation = two.reserve(50, customer_no=OLD)
    ended = two.reserve(5, customer_no=OLD, expires_in_seconds=1)
    two.let_pass(timedelta(seconds=2))
    undo(two, merge_id)
    assert (of(two, OLD)[:2], of(two, NEW)) == ((30, 50), (40, 0, 0, 0))
    done(two.post(f"reservations/{reservation}/capture"))
    assert refusal(two.post(f"reservations/{ended}/capture")) == (409, "reservation-expired")


def test_a_survivor_is_merged_further_with_all_it_answers_for(two: Bank) -> None:
    two.grant(1000, customer_no=THIRD)
    before = totals(two), lots(two)
    first = merge(two)
    between = totals(two), lots(two)
    second = merge(two, NEW, THIRD)
    credit(two, earning(two, 9, OLD))
    assert of(two, OLD) == of(two, NEW) == of(two, THIRD) == (1000 + 40 + 80 + 9, 0, 30, 0)
    assert refusal(two.post(f"merges/{first}/undo", token="checker")) == (409, "merge-not-in-force")
    credit(two, clawed_back(9, earning(two, 9, OLD)))
    undo(two, second)
    assert (totals(two), lots(two)) == between
    undo(two, first)
    assert (totals(two), lots(two)) == before


def test_a_number_without_points_is_merged_and_what_it_earns_later_is_its_own_again(two: Bank) -> None:
    two.know_customer("closed", THIRD)
    merge_id = merge(two, THIRD, NEW)
    credit(two, earning(two, 12, THIRD))
    assert of(two, THIRD) == of(two, NEW) == (52, 0, 0, 0)
    assert refusal(two.post("redemptions", two.spending(53, customer_no=THIRD))) == (409, "insufficient-points")
    undo(two, merge_id)
    assert (of(two, THIRD), of(two, NEW)) == ((12, 0, 0, 0), (40, 0, 0, 0))


def test_a_transfer_between_the_two_is_not_reversed_once_they_are_one(two: Bank) -> None:
    rows(two, "insert into parameter values (%s, 'transfers-allowed', '2026-01-01', 'true') returning 1")
    body = {"from_customer_no": OLD, "to_customer_no": NEW, "points": 10, **two.serial()}
    done(two.post("transfers", body), 201)
    merge(two)
    assert refusal(two.post("transfers", body | two.serial())) == (409, "same-customer")
    done(two.post("reversals", two.reversing(body)))
    assert of(two, NEW)[0] == 120


def test_merges_are_told_to_the_other_services(two: Bank) -> None:
    merge_id = merge(two)
    undo(two, merge_id)
    batches = [row[0] for row in rows(two, "select batch_no from merge_outgoing where legal_entity = %s order by 1")]
    with two.service.database.transaction() as cursor:
        records = list(MergesTopic().read(cursor, batches))
    assert [record.type for record in records] == ["loyalty.redemption.customer.merged.v1", "loyalty.redemption.customer.merge_undone.v1"]
    fields = f'{{"merge_id":"{merge_id}","legal_entity":"{two.entity}","from_customer_no":"{OLD}","into_customer_no":"{NEW}"}}'
    assert [record.value for record in records] == [fields.encode()] * 2


def test_calls_by_both_numbers_at_the_moment_of_merging_and_undoing_lose_nothing(two: Bank) -> None:
    merge_id = asking(two)

    def redeems(numbers: Sequence[str]) -> list[Any]:
        return [partial(two.post, "redemptions", two.spending(1, customer_no=number)) for number in numbers]

    calls = [*redeems([OLD, NEW] * 8), partial(two.post, f"merges/{merge_id}/approve", token="checker"), *redeems([OLD, NEW] * 7)]
    assert outcomes(at_once(calls, 8)) == {"201": 30, "200": 1}
    assert of(two, NEW)[0] == 120 - 30
    calls = [*redeems([OLD, NEW] * 8), partial(two.post, f"merges/{merge_id}/undo", token="checker"), *redeems([OLD, NEW] * 7)]
    answers = outcomes(at_once(calls, 8))
    assert answers["200"] == 1
    assert of(two, OLD)[0] - of(two, OLD)[3] + of(two, NEW)[0] - of(two, NEW)[3] == 120 - 30 - answers["201"]
