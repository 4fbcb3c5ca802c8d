"""Points that wait for a behaviour of the customer: published when it has occurred, taken by refunds before that."""

from datetime import timedelta
from typing import Any

from accrual.application.release_waiting_earnings import OVERLAP, ReleaseWaitingEarnings
from accrual.domain.trigger import Trigger
from support.accrual_desk import AT, Desk, purchase, refund, reversal
from support.occasion_desk import Later, behave, behaviour, shown
from support.rules import rule

from .test_accrual_merges import merged, tell, undone

DAY = timedelta(days=1)
GIFT = rule("gift", {"per_minor": 1_00, "points": 1}, available={"on_event": "ACTIVATED"}, expires={"days": 30})


def released(desk: Desk, after: timedelta = OVERLAP) -> int:
    return ReleaseWaitingEarnings(desk.begin, Later(desk.clock, after))()


def gift_of(desk: Desk, number: str) -> dict[str, Any]:
    [found] = [one for one in desk.decision(number)["rules"] if one["code"] == "gift"]
    return dict(found)


def test_points_are_published_when_the_behaviour_has_occurred(desk: Desk) -> None:
    desk.approve(GIFT, rule("base", {"fixed": 3}))
    desk.decide(purchase("1"))
    assert [body["rule_code"] for body in desk.published()] == ["base"]
    assert (desk.decision("1")["points"], gift_of(desk, "1")["available_on"], gift_of(desk, "1")["awaits"]) == (103, None, "ACTIVATED")
    behave(desk, behaviour("a", "OTHER", at=AT + DAY), behaviour("b", "ACTIVATED", customer_no="C2", at=AT + DAY))
    assert len(desk.published()) == 1
    behave(desk, behaviour("c", "ACTIVATED", at=AT + 2 * DAY))
    [earned] = [body for body in desk.published() if body["rule_code"] == "gift"]
    assert (earned["points"], earned["available_on"], earned["transaction_on"], earned["expires_on"]) == (100, "2026-03-03", "2026-03-01", "2026-03-31")
    assert earned["cause"] == {"kind": "transaction", "source_system": "core", "no": "1", "leg": 1}
    assert (gift_of(desk, "1")["available_on"], gift_of(desk, "1")["awaits"]) == ("2026-03-03", None)
    behave(desk, behaviour("d", "ACTIVATED", at=AT + 3 * DAY))
    assert len(desk.published()) == 2


def test_a_behaviour_before_the_transaction_releases_nothing_and_the_first_after_it_does(desk: Desk) -> None:
    desk.approve(GIFT)
    desk.decide(purchase("1"), purchase("2", at=AT + 2 * DAY))
    behave(desk, behaviour("late", "ACTIVATED", at=AT + 5 * DAY), behaviour("first", "ACTIVATED", at=AT + DAY), behaviour("before", "ACTIVATED", at=AT - DAY))
    assert {body["cause"]["no"]: body["available_on"] for body in desk.published()} == {"1": "2026-03-02", "2": "2026-03-06"}


def test_a_behaviour_at_the_very_moment_counts(desk: Desk) -> None:
    desk.approve(GIFT)
    desk.decide(purchase("1"))
    behave(desk, behaviour("1", "ACTIVATED"))
    assert [body["available_on"] for body in desk.published()] == ["2026-03-01"]


def test_a_refund_takes_what_waits_and_nothing_is_published_of_it(desk: Desk) -> None:
    desk.approve(GIFT)
    bought, other = purchase("1"), purchase("3")
    desk.decide(bought, refund("2", bought, 30_00))  # in one batch
    desk.decide(other)
    assert desk.decide(refund("4", other, 25_00), reversal("5", bought)) == {"clawed-back": 2}
    assert desk.points("2", "4", "5") == [-30, -25, -70]
    assert desk.published() == []
    behave(desk, behaviour("1", "ACTIVATED", at=AT + DAY))
    assert [(body["cause"]["no"], body["points"]) for body in desk.published()] == [("3", 75)]


def test_a_refund_after_the_release_takes_published_points_back(desk: Desk) -> None:
    desk.approve(GIFT)
    bought = purchase("1")
    desk.decide(bought)
    desk.decide(refund("2", bought, 30_00))
    behave(desk, behaviour("1", "ACTIVATED", at=AT + DAY))
    desk.decide(refund("3", bought, 20_00))
    assert [(body["type"].split(".")[-2], body["points"], body["available_on"]) for body in desk.published()] == [
        ("earned", 70, "2026-03-02"), ("clawed_back", 20, "2026-03-02"),
    ]  # fmt: skip
    assert len({body["earning_id"] for body in desk.published()}) == 1
    assert [one["awaits"] for number in ("2", "3") for one in desk.decision(number)["rules"]] == ["ACTIVATED", None]


def test_a_behaviour_that_came_before_its_transaction_is_found_once_all_have_committed(desk: Desk) -> None:
    desk.approve(GIFT)
    behave(desk, behaviour("early", "ACTIVATED", at=AT - DAY), behaviour("after", "ACTIVATED", at=AT + DAY))
    desk.decide(purchase("1"), purchase("2", customer_no="C2"))
    assert released(desk, timedelta(seconds=9)) == 0
    assert released(desk) == 2
    assert [(body["cause"]["no"], body["available_on"]) for body in desk.published()] == [("1", "2026-03-02")]
    assert released(desk) == 0
    behave(desk, behaviour("1", "ACTIVATED", customer_no="C2", at=AT + 3 * DAY))
    assert [(body["cause"]["no"], body["available_on"]) for body in desk.published()] == [("1", "2026-03-02"), ("2", "2026-03-04")]


def test_points_of_behaviours_can_wait_too(desk: Desk) -> None:
    referred = {"fact": "behaviour.behaviour_code", "is": "REFERRAL"}
    desk.approve(rule("referral", {"fixed": 50}, on="behaviour", when=referred, available={"on_event": "FIRST-LOGIN"}))
    behave(desk, behaviour("1", "REFERRAL"))
    assert shown(desk, Trigger.BEHAVIOUR, "1", "app")["rules"][0]["awaits"] == "FIRST-LOGIN"
    behave(desk, behaviour("2", "FIRST-LOGIN", at=AT + DAY))
    [earned] = desk.published()
    assert (earned["points"], earned["cause"]["kind"], earned["cause"]["no"], earned["available_on"]) == (50, "behaviour", "1", "2026-03-02")


def test_a_behaviour_by_any_number_of_a_customer_releases_what_waits_under_another(desk: Desk) -> None:
    desk.approve(GIFT)
    desk.decide(purchase("old", customer_no="C2"), purchase("new", customer_no="C1"), purchase("other", customer_no="C3"))
    tell(desk, merged("C2", "C1"))
    behave(desk, behaviour("a", "ACTIVATED", customer_no="C1", at=AT + DAY))
    assert published_on(desk) == {"old": "2026-03-02", "new": "2026-03-02"}
    desk.decide(purchase("late", customer_no="C1", at=AT + 2 * DAY), purchase("early", customer_no="C1"))
    assert released(desk) == 3
    assert published_on(desk) == {"old": "2026-03-02", "new": "2026-03-02", "early": "2026-03-02"}
    behave(desk, behaviour("b", "ACTIVATED", customer_no="C2", at=AT + 3 * DAY))
    assert published_on(desk) == {"old": "2026-03-02", "new": "2026-03-02", "early": "2026-03-02", "late": "2026-03-04"}


def test_a_behaviour_that_came_by_another_number_before_the_points_did_is_found_and_not_once_the_merge_is_undone(desk: Desk) -> None:
    desk.approve(GIFT)
    tell(desk, merged("C2", "C1"))
    behave(desk, behaviour("a", "ACTIVATED", customer_no="C1", at=AT + DAY))
    desk.decide(purchase("old", customer_no="C2"), purchase("other", customer_no="C3"))
    assert released(desk) == 2
    assert published_on(desk) == {"old": "2026-03-02"}
    tell(desk, undone(merged("C2", "C1")))
    desk.decide(purchase("apart", customer_no="C2"))
    assert released(desk) == 1
    behave(desk, behaviour("b", "ACTIVATED", customer_no="C1", at=AT + 2 * DAY))
    assert published_on(desk) == {"old": "2026-03-02"}


def published_on(desk: Desk) -> dict[str, str]:
    """Return when what each purchase earned became available, as far as it was published."""
    return {body["cause"]["no"]: body["available_on"] for body in desk.published()}
