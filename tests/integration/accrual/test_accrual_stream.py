"""Transactions become decisions: what is given, what repeats change, what is set aside."""

from datetime import date, datetime, timedelta

import msgspec
import pytest

from accrual.adapters.outgoing import BatchesTopic
from loyalty_shared.persistence.offsets import Fenced
from support.accrual_desk import AT, SHANGHAI, Desk, facts, purchase, refund, reversal
from support.rules import rule

BASE = rule("base", {"per_minor": 2000, "points": 1})
TRANSACTIONS = 3


def test_each_event_gets_a_decision_and_each_earning_a_record(desk: Desk) -> None:
    desk.approve(BASE, rule("bonus", {"fixed": 7}, available={"after_days": 1}, expires={"end_of_year": True}, point_type="bonus"))
    assert desk.decide(purchase("1"), purchase("2", transaction_code="ATM"), purchase("3", 1_999)) == {"accrued": 2, "not-accrued": 1}

    assert desk.points("1", "2", "3") == [12, 0, 7]
    assert desk.decision("2")["reason"] == "conditions-not-met"
    records = desk.outgoing()
    assert [record.key for record in records] == [b"001:C1"] * 3
    assert desk.published()[0] == {
        "type": "loyalty.accrual.points.earned.v1", "legal_entity": "001", "customer_no": "C1", "points": 5, "point_type": "base", "rule_code": "base",
        "rule_version": 1, "cause": {"kind": "transaction", "source_system": "core", "no": "1", "leg": 1}, "transaction_on": "2026-03-01",
        "available_on": "2026-03-01", "expires_on": None, "expiry_policy": "never", "institution": "450100", "channel": "POS",
        "cost_bearers": [{"party": "retail", "percent": 100}], "campaign_code": None, "earning_id": "core:1:1:base",
    }  # fmt: skip
    assert [(body["rule_code"], body["points"], body["available_on"], body["expires_on"]) for body in desk.published()[1:]] == [
        ("bonus", 7, "2026-03-02", "2026-12-31"),
        ("bonus", 7, "2026-03-02", "2026-12-31"),
    ]


def test_bodies_are_the_same_bytes_each_time(desk: Desk) -> None:
    desk.approve(BASE)
    desk.decide(purchase("1"), purchase("2"), refund("3", purchase("1"), 50_00))
    assert desk.outgoing() == desk.outgoing()


def test_repeats_change_nothing_in_the_batch_later_and_in_other_partitions(desk: Desk) -> None:
    desk.approve(BASE)
    assert desk.decide(purchase("1"), purchase("1"), purchase("2")) == {"accrued": 2, "repeated": 1}
    assert desk.decide(purchase("2"), purchase("3")) == {"accrued": 1, "repeated": 1}
    assert desk.decide(purchase("1"), purchase("2"), purchase("3"), partition=3) == {"repeated": 3}
    assert len(desk.published()) == TRANSACTIONS
    assert desk.rows("select count(*) from decision") == [(TRANSACTIONS,)]


def test_other_content_under_a_key_is_set_aside(desk: Desk) -> None:
    desk.approve(BASE)
    desk.decide(purchase("1"))
    assert desk.decide(purchase("1", 200_00), purchase("2"), purchase("2", 1)) == {"accrued": 1, "conflicting-content": 2}
    assert desk.points("1", "2") == [5, 5]
    letters = desk.rows("select fault, record_offset, legal_entity, source_system from dead_letter order by position")
    assert letters == [("conflicting-content", 1, "001", "core"), ("conflicting-content", 3, "001", "core")]


def test_a_refund_and_a_reversal_of_one_number_conflict(desk: Desk) -> None:
    bought = purchase("1")
    desk.decide(bought, refund("2", bought, bought.amount_minor))
    assert desk.decide(reversal("2", bought)) == {"conflicting-content": 1}


def test_a_colon_in_a_number_does_not_make_two_keys_one(desk: Desk) -> None:
    desk.approve(BASE)
    assert desk.decide(purchase("c:1", source_system="a:b"), purchase("b:c:1", source_system="a")) == {"accrued": 2}


def test_unknown_entities_and_events_before_the_retention_are_set_aside(desk: Desk) -> None:
    desk.approve(BASE)
    oldest = datetime(2011, 3, 2, tzinfo=SHANGHAI)
    outcomes = desk.decide(purchase("1", legal_entity="999"), purchase("2", at=oldest), purchase("3", at=oldest - timedelta(seconds=1)), purchase("4"))
    assert outcomes == {"unknown-entity": 1, "too-old": 1, "not-accrued": 1, "accrued": 1}
    assert desk.rows("select fault, record_offset from dead_letter order by record_offset") == [("unknown-entity", 0), ("too-old", 2)]


def test_a_fenced_worker_leaves_nothing(desk: Desk) -> None:
    desk.approve(BASE)
    desk.decide(purchase("1"))
    late = desk.batch(purchase("2"))
    desk.decide(purchase("3"))
    with pytest.raises(Fenced):
        desk.take(late)
    assert desk.rows("select transaction_no from decision order by 1") == [("1",), ("3",)]
    assert desk.rows("select count(*) from business_key") == [(2,)]


def test_a_rule_decides_from_the_batch_after_its_approval(desk: Desk) -> None:
    desk.decide(purchase("1"))
    desk.approve(BASE)
    desk.decide(purchase("2"))
    desk.approve(rule("base", {"per_minor": 1000, "points": 1}))
    desk.decide(purchase("3"))
    assert desk.points("1", "2", "3") == [0, 5, 10]
    assert [body["rule_version"] for body in desk.published()] == [1, 2]
    assert desk.decision("1")["reason"] == "no-rule"
    assert desk.decision("2")["rules"][0]["version"] == 1


def test_entities_do_not_see_each_others_rules(desk: Desk) -> None:
    desk.approve(BASE, legal_entity="002")
    desk.decide(purchase("1"), purchase("1", legal_entity="002"))
    assert desk.rows("select legal_entity, points from decision order by 1") == [("001", 0), ("002", 5)]


def test_facts_are_those_of_the_transactions_time(desk: Desk) -> None:
    gold = {"all": [{"fact": "customer.level", "is": "gold"}]}
    desk.approve(rule("gold", {"fixed": 10}, when=gold))
    desk.announce(facts("C1", AT, level="gold"), facts("C1", AT + timedelta(days=2), level="basic"))
    early, at, after, other = (AT - timedelta(days=1), AT, AT + timedelta(days=3), AT)
    desk.decide(purchase("1", at=early), purchase("2", at=at), purchase("3", at=after), purchase("4", at=other, customer_no="C2"))
    assert desk.points("1", "2", "3", "4") == [10, 10, 0, 0]
    desk.announce(facts("C1", AT - timedelta(hours=1), level="basic"))
    assert desk.decision("2")["points"] == 10
    assert [one["applied"] for one in desk.decision("2")["rules"]] == [True]


def test_each_transaction_of_a_batch_sees_the_facts_of_its_own_moment(desk: Desk) -> None:
    desk.approve(rule("gold", {"fixed": 10}, when={"all": [{"fact": "customer.level", "is": "gold"}]}))
    hour = timedelta(hours=1)
    desk.announce(*(facts("C1", AT + number * hour, level="gold" if number % 2 else "basic") for number in range(12)))
    desk.announce(*(facts("C2", AT + number * hour, level="gold" if number == 5 else "basic") for number in (5, 9)))
    moments = [9, 3, 2, 4, 3]
    desk.decide(*(purchase(f"1-{at}-{order}", at=AT + at * hour) for order, at in enumerate(moments)), purchase("2", customer_no="C2"))
    assert desk.points(*(f"1-{at}-{order}" for order, at in enumerate(moments)), "2") == [10, 10, 0, 0, 10, 10]
    desk.decide(purchase("3", at=AT + 4 * hour - timedelta(microseconds=1)), purchase("4", customer_no="C2", at=AT + 8 * hour))
    assert desk.points("3", "4") == [10, 10]


def test_customer_changes_repeat_and_conflict_by_time(desk: Desk) -> None:
    assert desk.announce(facts("C1", AT, level="gold"), facts("C1", AT, level="gold"), facts("C2", AT)) == {"recorded": 2, "repeated": 1}
    assert desk.announce(facts("C1", AT, level="gold", tags=["vip"]), facts("C2", AT)) == {"conflicting-content": 1, "repeated": 1}
    assert desk.rows("select level, tags from customer_fact where customer_no = 'C1'") == [("gold", [])]


def test_texts_that_copy_must_escape_are_kept_as_they_came(desk: Desk) -> None:
    desk.approve(BASE)
    odd = purchase("1\t2", customer_no='C\\1"\n', merchant_no="\\N", attributes={"note": 'a\tb\\"c"'})
    desk.decide(odd, purchase("2"))
    assert desk.rows("select customer_no, merchant_no, transaction_no from decision order by position limit 1") == [('C\\1"\n', "\\N", "1\t2")]
    assert desk.decide(odd) == {"repeated": 1}


def test_the_limits_count_across_batches(desk: Desk) -> None:
    desk.approve(
        rule("base", {"per_minor": 100, "points": 1}, limits=[{"points": 250, "per": "day", "over": "trim"}, {"points": 400, "per": "month", "over": "trim"}])
    )
    desk.decide(purchase("1"), purchase("2"))
    desk.decide(purchase("3"), purchase("4", at=AT + timedelta(days=1)))
    desk.decide(purchase("5", at=AT + timedelta(days=1)), purchase("6", at=AT + timedelta(days=31)), partition=2)
    assert desk.points("1", "2", "3", "4", "5", "6") == [100, 100, 50, 100, 50, 100]
    limit = desk.decision("3")["rules"][0]["limits"][0]
    assert (limit["used"], limit["room"], limit["asked"], limit["allowed"]) == (200, 50, 100, 50)


def test_a_batch_is_summed_up(desk: Desk) -> None:
    desk.approve(BASE)
    desk.decide(purchase("1"), purchase("2"), purchase("3", transaction_code="ATM"))
    (summary,) = desk.rows("select groups::jsonb from batch_summary")[0]
    assert [(group["outcome"], group["events"], group["points"], group["amount_minor"]) for group in summary] == [
        ("accrued", 2, 10, 200_00),
        ("not-accrued", 1, 0, 100_00),
    ]
    with desk.database.transaction() as cursor:
        (record,) = BatchesTopic().read(cursor, [1])
    accrued, nothing = msgspec.json.decode(record.value or b"")["groups"]
    assert accrued["product_code"] == "DEBIT-CARD"
    assert accrued["rules"] == [{"rule_code": BASE["code"], "rule_version": 1, "events": 2, "points": 10}]
    assert nothing["rules"] == []


def test_a_batch_with_nothing_to_say_writes_no_batch(desk: Desk) -> None:
    assert desk.decide() == {}
    assert desk.rows("select count(*) from outgoing_batch") == [(0,)]
    assert date(2026, 3, 2) == desk.rows("select business_on from entity where legal_entity = '001'")[0][0]
