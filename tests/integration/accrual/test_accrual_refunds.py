"""Refunds and reversals in the stream: of the same batch, of an earlier one, and before their purchase."""

from datetime import timedelta

from support.accrual_desk import AT, Desk, facts, purchase, refund, reversal
from support.rules import rule

BASE = rule("base", {"per_minor": 2000, "points": 1})
CLAWED_BACK = "loyalty.accrual.points.clawed_back.v1"


def test_a_refund_takes_from_a_purchase_of_its_own_batch(desk: Desk) -> None:
    desk.approve(BASE)
    bought = purchase("1")
    assert desk.decide(bought, refund("2", bought, 50_00)) == {"accrued": 1, "clawed-back": 1}
    assert desk.points("1", "2") == [5, -3]
    assert desk.published()[1] | {"type": ""} == desk.published()[0] | {
        "type": "", "points": 3, "cause": {"kind": "refund", "source_system": "core", "no": "2", "leg": 1},
    }  # fmt: skip


def test_parts_sum_to_the_whole_over_batches_and_partitions(desk: Desk) -> None:
    desk.approve(BASE)
    bought = purchase("1")
    desk.decide(bought)
    desk.decide(refund("2", bought, 30_00), partition=1)
    desk.decide(refund("3", bought, 30_00), refund("4", bought, 40_00), partition=2)
    assert sum(desk.points("1", "2", "3", "4")) == 0
    assert desk.decide(refund("5", bought, 1)) == {"nothing-to-take": 1}
    assert desk.decide(reversal("6", bought), reversal("7", bought)) == {"nothing-to-take": 2}
    assert desk.decision("7")["reason"] == "already-reversed"


def test_a_reversal_undoes_what_a_refund_left(desk: Desk) -> None:
    desk.approve(BASE)
    bought = purchase("1")
    desk.decide(bought, refund("2", bought, 50_00))
    desk.decide(reversal("3", bought))
    assert desk.points("1", "2", "3") == [5, -3, -2]
    assert desk.decision("3")["original"] == {"source_system": "core", "transaction_no": "1", "leg": 1}


def test_points_are_taken_from_the_customer_who_earned_them(desk: Desk) -> None:
    desk.approve(BASE)
    bought = purchase("1", institution="450199", channel="MOBILE")
    desk.decide(bought)
    desk.decide(refund("2", bought, 100_00, customer_no="C2", institution="1", channel="X"))
    taken = desk.outgoing()[1]
    assert (taken.type, taken.key) == (CLAWED_BACK, b"001:C1")
    assert [(body["customer_no"], body["institution"], body["channel"], body["earning_id"]) for body in desk.published()] == [
        ("C1", "450199", "MOBILE", "core:1:1:base"),
        ("C1", "450199", "MOBILE", "core:1:1:base"),
    ]


def test_a_refund_gives_the_limits_their_room_back_in_the_originals_period(desk: Desk) -> None:
    desk.approve(rule("base", {"per_minor": 100, "points": 1}, limits=[{"points": 150, "per": "day", "over": "trim"}]))
    bought = purchase("1")
    desk.decide(bought, purchase("2"))
    desk.decide(refund("3", bought, 100_00, transaction_at=AT + timedelta(days=40)))
    desk.decide(purchase("4", 300_00))
    assert desk.points("1", "2", "3", "4") == [100, 50, -100, 100]


def test_a_refund_is_decided_with_the_rules_and_facts_of_its_purchase(desk: Desk) -> None:
    gold = rule("gold", {"per_minor": 1000, "points": 1}, when={"all": [{"fact": "customer.level", "is": "gold"}]})
    desk.approve(gold)
    desk.announce(facts("C1", AT - timedelta(days=1), level="gold"))
    bought = purchase("1")
    desk.decide(bought)
    desk.announce(facts("C1", AT - timedelta(hours=1), level="basic"))
    desk.approve(rule("gold", {"per_minor": 10, "points": 1}))
    desk.decide(refund("2", bought, 50_00))
    assert desk.points("1", "2") == [10, -5]
    assert desk.decision("2")["rules"][0]["version"] == 1


def test_a_refund_before_its_purchase_waits_and_is_matched_in_the_purchases_batch(desk: Desk) -> None:
    desk.approve(BASE)
    bought = purchase("1")
    assert desk.decide(refund("2", bought, 50_00), refund("3", bought, 50_00)) == {"waiting": 2}
    assert desk.decision("2")["outcome"] == "waiting"
    assert desk.decide(purchase("9"), bought) == {"accrued": 2, "clawed-back": 2}
    assert desk.points("1", "2", "3") == [5, -3, -2]
    assert [body["type"] for body in desk.published()][-2:] == [CLAWED_BACK] * 2
    assert desk.rows("select count(*) from waiting_refund") == [(0,)]
    assert desk.rows("select count(*) from decision") == [(4,)]
    assert desk.decide(refund("2", bought, 50_00), bought) == {"repeated": 2}


def test_a_refund_before_its_purchase_in_one_batch_is_published_after_it(desk: Desk) -> None:
    desk.approve(BASE)
    bought = purchase("1")
    assert desk.decide(refund("2", bought, 50_00), purchase("9"), bought, refund("3", bought, 50_00)) == {"accrued": 2, "clawed-back": 2}
    assert [body["cause"]["no"] for body in desk.published()] == ["9", "1", "3", "2"]
    assert sum(desk.points("1", "2", "3")) == 0
    assert desk.rows("select count(*) from waiting_refund") == [(0,)]
    assert desk.decide(refund("2", bought, 50_00)) == {"repeated": 1}


def test_the_sweeper_matches_what_overlapping_transactions_could_not_see(desk: Desk) -> None:
    desk.approve(rule("base", {"per_minor": 100, "points": 1}, limits=[{"points": 150, "per": "month", "over": "trim"}]))
    bought = purchase("1")
    desk.decide(bought)
    desk.decide(refund("2", bought, 50_00))
    # The state that two overlapping batches leave: the refund waits though its purchase is there.
    place = desk.rows("select batch_no, position from business_key where key = '001:core:2:1'")[0]
    with desk.database.transaction() as cursor:
        cursor.execute("delete from original_left")
        cursor.execute('update usage set counters = \'{"base":100,"base#01":100}\'')
        cursor.execute("update decision set outcome = 'waiting', points = 0, applied = null, rule_set = 0 where (batch_no, position) = (%s, %s)", place)
        cursor.execute("insert into waiting_refund values ('001:core:1:1', %s, %s, now())", place)
    assert desk.match() == {"clawed-back": 1}
    assert desk.match() == {}
    assert desk.points("1", "2") == [100, -50]
    assert desk.published()[-1]["type"] == CLAWED_BACK
    desk.decide(purchase("3"))
    assert desk.points("3") == [100]


def test_an_original_of_a_later_batch_is_not_taken_from_before_it_is_published(desk: Desk) -> None:
    desk.approve(BASE)
    bought = purchase("1")
    desk.decide(bought)
    with desk.begin() as work:
        batch_no = desk.rows("select max(batch_no) from outgoing_batch")[0][0]
        assert not work.originals.hold({("001", "core", "1", 1)}, before_batch=batch_no)
        assert work.originals.hold({("001", "core", "1", 1)}, before_batch=batch_no + 1)


def test_a_refund_of_a_refund_takes_nothing(desk: Desk) -> None:
    desk.approve(BASE)
    bought = purchase("1")
    taken = refund("2", bought, 50_00)
    desk.decide(bought, taken)
    assert desk.decide(refund("3", taken, 10_00)) == {"nothing-to-take": 1}
    assert desk.decision("3")["reason"] == "original-earned-nothing"


def test_a_refund_finds_a_purchase_of_another_source_system(desk: Desk) -> None:
    desk.approve(BASE)
    bought = purchase("1", source_system="cards")
    desk.decide(bought)
    assert desk.decide(refund("1", bought, 100_00, source_system="core")) == {"clawed-back": 1}
    assert desk.decide(refund("2", bought, 1, source_system="core", original_source_system=None)) == {"nothing-to-take": 1}
