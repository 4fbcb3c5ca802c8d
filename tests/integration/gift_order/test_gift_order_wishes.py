"""Campaign gifts and wish lists, fed as the consumer would feed them."""

from datetime import timedelta

from gift_order.adapters.tables import metadata
from gift_order.adapters.unit_of_work import begin_on
from gift_order.adapters.wishes import ask_for_all
from gift_order.application.unlock_gifts import ClawedBack, Earned, UnlockGifts
from gift_order.main import MIGRATIONS
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.migrations import drift
from support.order_desk import Desk
from support.platform import MakeDatabase


def earn(desk: Desk, *events: Earned | ClawedBack) -> None:
    unlock = UnlockGifts(begin=begin_on(desk.database), clock=desk.clock)
    unlock(Batch(group="gift-order.unlock-gifts", topic="points", partition=0, events=events, offsets=[], traceparents=[], records=[]))


def wish(desk: Desk, **fields: str) -> dict[str, object]:
    answer = desk.post("wishes", {"customer_no": "C1", "gift_code": "KETTLE", **fields})
    assert answer.status_code == 201, answer.text
    made: dict[str, object] = answer.json()
    return made


def statuses(desk: Desk) -> list[str]:
    return [item["status"] for item in desk.get("wishes?customer_no=C1")["items"]]


def test_a_gift_is_unlocked_by_earning_in_its_campaign(desk: Desk) -> None:
    desk.gift(campaign_code="SPRING")
    earn(desk, Earned(desk.entity, "C1"), Earned(desk.entity, "C1", "AUTUMN"), Earned(desk.entity, "C2", "SPRING"), Earned("999", "C1", "SPRING"))
    assert desk.refused("orders", desk.ordering()) == (409, "gift-locked")
    for _ in range(2):
        earn(desk, Earned(desk.entity, "C1", "SPRING"), Earned(desk.entity, "C1", "SPRING"), ClawedBack(desk.entity))
    assert desk.order()["status"] == "confirmed"


def test_a_wish_tells_when_the_gift_comes_within_reach(desk: Desk) -> None:
    desk.gift(points=1500)
    first = wish(desk)
    assert (first["status"], first["points"]) == ("open", 1500)
    assert wish(desk)["wish_id"] == first["wish_id"]
    assert desk.tell() == 1
    assert (statuses(desk), desk.tell()) == (["open"], 0)

    desk.let_pass(timedelta(hours=1))
    desk.tell()
    earn(desk, Earned(desk.entity, "C1"), Earned(desk.entity, "C2"))
    assert desk.tell() == 0  # redemption may not have posted it yet
    desk.let_pass(timedelta(seconds=2))
    assert desk.tell() == 1
    desk.window.points["C1"] = 1500
    desk.let_pass(timedelta(seconds=5))
    desk.window.lost["available"] = 1
    assert desk.tell() == 1
    assert statuses(desk) == ["open"]
    desk.let_pass(timedelta(seconds=30))
    assert desk.tell() == 1
    assert statuses(desk) == ["within-reach"]
    assert desk.facts() == ["gift.came_within_reach"]
    earn(desk, Earned(desk.entity, "C1"))
    desk.let_pass(timedelta(hours=1))
    assert desk.tell() == 0


def test_an_earning_that_comes_while_redemption_is_asked_is_not_forgotten(desk: Desk) -> None:
    desk.gift(points=1500)
    wish(desk)
    for _ in range(3):
        desk.tell()
        desk.let_pass(timedelta(hours=1))

    def earn_meanwhile() -> None:
        earn(desk, Earned(desk.entity, "C1"))
        desk.window.points["C1"] = 1500

    desk.window.meanwhile["available"] = earn_meanwhile
    assert (desk.tell(), statuses(desk)) == (1, ["open"])  # asked before the earning, for the last time
    desk.let_pass(timedelta(seconds=2))
    assert (desk.tell(), statuses(desk)) == (1, ["within-reach"])


def test_a_new_business_date_has_redemption_asked_again(desk: Desk) -> None:
    desk.gift(points=1500)
    wish(desk)
    for _ in range(5):
        desk.tell()
        desk.let_pass(timedelta(hours=1))
    assert desk.tell() == 0
    desk.window.points["C1"] = 1500
    with desk.database.transaction() as cursor:
        ask_for_all(cursor, desk.entity, desk.clock.at)
    assert desk.tell() == 1
    assert statuses(desk) == ["within-reach"]


def test_a_wish_for_what_there_is_not_is_refused(desk: Desk) -> None:
    assert desk.refused("wishes", {"customer_no": "C1", "gift_code": "NONE"}) == (404, "gift-unknown")


def test_the_migrated_database_is_what_the_code_says(database: MakeDatabase) -> None:
    assert drift(MIGRATIONS, database("gift-order"), metadata) == []
