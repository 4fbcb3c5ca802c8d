"""Behaviours become decisions: by the rules on them, under their own numbers, once."""

from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from accrual.adapters.outgoing import BatchesTopic
from accrual.domain.trigger import Trigger
from loyalty_shared.contracts.core import BehaviourOccurredV1
from support.accrual_desk import AT, SHANGHAI, Desk, facts, purchase, refund
from support.occasion_desk import behave, behaviour, shown
from support.rules import rule


def on_behaviour(code: str, earn: dict[str, Any], behaviour_code: str, **more: Any) -> dict[str, Any]:
    return rule(code, earn, **{"on": "behaviour", "when": {"fact": "behaviour.behaviour_code", "is": behaviour_code}} | more)


SIGN_IN = on_behaviour("sign-in", {"fixed": 5}, "SIGN-IN", limits=[{"points": 5, "per": "day", "over": "trim"}, {"points": 12, "per": "month", "over": "trim"}])


def points(desk: Desk, *numbers: str) -> list[int]:
    return [shown(desk, Trigger.BEHAVIOUR, number, "app")["points"] for number in numbers]


def test_a_behaviour_is_published_as_points_of_its_own_cause(desk: Desk) -> None:
    desk.approve(SIGN_IN)
    assert behave(desk, behaviour("1", channel="APP", institution="450100"), behaviour("2", "SURVEY")) == {"accrued": 1, "not-accrued": 1}
    [earned] = desk.published()
    assert earned["cause"] == {"kind": "behaviour", "source_system": "app", "no": "1", "leg": 1}
    assert (earned["points"], earned["rule_code"], earned["institution"], earned["channel"]) == (5, "sign-in", "450100", "APP")
    assert earned["transaction_on"] == earned["available_on"] == "2026-03-01"


def test_a_behaviour_is_shown_and_listed_with_its_reasons(desk: Desk) -> None:
    desk.approve(SIGN_IN, rule("base", {"fixed": 1}))
    behave(desk, behaviour("1"), behaviour("2", "SURVEY"))
    found = shown(desk, Trigger.BEHAVIOUR, "2", "app")
    assert (found["kind"], found["behaviour_code"], found["outcome"], found["reason"]) == ("behaviour", "SURVEY", "not-accrued", "conditions-not-met")
    assert [one["code"] for one in found["rules"]] == ["sign-in"]  # rules on transactions are no part of it
    assert shown(desk, Trigger.BEHAVIOUR, "1", "app")["rules"][0]["limits"][0]["room"] == 5


def test_a_behaviour_and_a_transaction_may_have_the_same_number(desk: Desk) -> None:
    desk.approve(SIGN_IN, rule("base", {"fixed": 1}))
    bought = purchase("1", source_system="app")
    desk.decide(bought)
    assert behave(desk, behaviour("1")) == {"accrued": 1}
    assert (desk.decision("1", "app")["points"], shown(desk, Trigger.BEHAVIOUR, "1", "app")["points"]) == (1, 5)
    assert len({body["earning_id"] for body in desk.published()}) == 2
    assert desk.decide(refund("2", bought, bought.amount_minor)) == {"clawed-back": 1}


def test_a_refund_that_waits_is_not_matched_by_a_behaviour(desk: Desk) -> None:
    desk.approve(SIGN_IN, rule("base", {"fixed": 1}))
    bought = purchase("1", source_system="app")
    assert desk.decide(refund("2", bought, bought.amount_minor, source_system="app")) == {"waiting": 1}
    behave(desk, behaviour("1"))
    assert desk.match() == {}
    desk.decide(bought)
    assert desk.decision("2", "app")["points"] == -1


def test_repeats_conflicts_and_what_cannot_be_taken(desk: Desk) -> None:
    desk.approve(SIGN_IN)
    old = datetime(2011, 3, 1, 23, 59, tzinfo=SHANGHAI)
    assert behave(desk, behaviour("1"), behaviour("1")) == {"accrued": 1, "repeated": 1}
    assert behave(desk, behaviour("1"), behaviour("1", "OTHER")) == {"repeated": 1, "conflicting-content": 1}
    assert behave(desk, behaviour("2", legal_entity="999"), behaviour("3", at=old)) == {"unknown-entity": 1, "too-old": 1}
    assert behave(desk, behaviour("1", source_system="web")) == {"not-accrued": 1}  # a number of another source; the day's limit is reached
    assert desk.rows("select fault from dead_letter order by batch_no, position") == [("conflicting-content",), ("unknown-entity",), ("too-old",)]


def test_limits_by_day_and_month_hold_over_batches(desk: Desk) -> None:
    desk.approve(SIGN_IN)
    behave(desk, *(behaviour(f"{day}-{turn}", at=AT + timedelta(days=day)) for day in range(4) for turn in range(2)))
    assert points(desk, *(f"{day}-{turn}" for day in range(4) for turn in range(2))) == [5, 0, 5, 0, 2, 0, 0, 0]
    behave(desk, behaviour("april", at=AT + timedelta(days=31)), behaviour("late", at=AT + timedelta(days=9)))
    assert points(desk, "april", "late") == [5, 0]


def test_behaviours_are_counted(desk: Desk) -> None:
    third = {"nth": 3, "of": "count.month", "fixed": 30}
    first_of_day = {"all": [{"fact": "behaviour.behaviour_code", "is": "SIGN-IN"}, {"fact": "count.day", "is": 1}]}
    desk.approve(on_behaviour("third", third, "SIGN-IN"), on_behaviour("first", {"fixed": 1}, "SIGN-IN", when=first_of_day), rule("base", {"fixed": 7}))
    desk.decide(purchase("1"))  # is no behaviour and counts for none
    behave(desk, *(behaviour(f"{day}-{turn}", at=AT + timedelta(days=day)) for day in range(2) for turn in range(2)), behaviour("other", "SURVEY"))
    assert points(desk, "0-0", "0-1", "1-0", "1-1", "other") == [1, 0, 31, 0, 0]


def test_a_birthday_a_referral_and_a_survey(desk: Desk) -> None:
    desk.announce(facts("C1", AT - timedelta(days=1), born_on=date(1990, 3, 1), institution="4501"))
    desk.approve(
        on_behaviour("birthday", {"fixed": 100}, "SIGN-IN", when={"all": [{"fact": "customer.birthday", "matches_day": True}]}),
        on_behaviour("referral", {"fixed": 50}, "REFERRAL", point_type="bonus", expires={"days": 30}),
        on_behaviour("survey", {"fixed": 3}, "SURVEY", when={"all": [{"fact": "behaviour.attributes.score", "at_least": 4}]}, available={"after_days": 2}),
    )
    behave(
        desk,
        behaviour("birthday"), behaviour("day-after", at=AT + timedelta(days=1)), behaviour("referral", "REFERRAL", customer_no="C2"),
        behaviour("survey", "SURVEY", customer_no="C3", score=5), behaviour("low", "SURVEY", customer_no="C3", score=3),
    )  # fmt: skip
    assert points(desk, "birthday", "day-after", "referral", "survey", "low") == [100, 0, 50, 3, 0]
    published = {body["cause"]["no"]: body for body in desk.published()}
    assert published["birthday"]["institution"] == "4501"
    assert (published["referral"]["point_type"], published["referral"]["expires_on"]) == ("bonus", "2026-03-31")
    assert published["survey"]["available_on"] == "2026-03-03"


def test_a_batch_of_behaviours_is_told_by_its_code(desk: Desk) -> None:
    desk.approve(SIGN_IN)
    behave(desk, behaviour("1"))
    with desk.database.transaction() as cursor:
        [record] = BatchesTopic().read(cursor, [batch_no for (batch_no,) in desk.rows("select batch_no from outgoing_batch")])
    [group] = msgspec.json.decode(record.value or b"")["groups"]
    assert (group["product_code"], group["channel"], group["events"], group["points"], group["amount_minor"]) == ("SIGN-IN", "app", 1, 5, 0)


def test_texts_that_copy_must_escape_are_kept(desk: Desk) -> None:
    desk.approve(SIGN_IN)
    odd: BehaviourOccurredV1 = behaviour("1\t2", note='a\tb\\"c"', customer_no='C\\1"\n')
    assert behave(desk, odd) == {"accrued": 1}
    assert shown(desk, Trigger.BEHAVIOUR, "1\t2", "app")["customer_no"] == 'C\\1"\n'
