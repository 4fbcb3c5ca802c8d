"""Customer numbers that became one: limits, counts and remainders count for all of them together, on a real database, and apart again once undone."""

from typing import Any

from accrual.application.merged_usage import added
from accrual.application.record_merges import RecordMerges
from loyalty_shared.contracts.redemption import CustomerMergedV1, CustomerMergeUndoneV1
from loyalty_shared.messaging.records import Batch
from support.accrual_desk import Desk, Raw, purchase, refund

OLD, NEW, THIRD = "C2", "C1", "C3"
DAILY: dict[str, Any] = {
    "code": "daily", "point_type": "base", "on": "transaction", "earn": {"per_minor": 100, "points": 1}, "when": {"all": []},
    "limits": [{"points": 150, "per": "day", "over": "trim"}],
}  # fmt: skip
CARRIED: dict[str, Any] = {
    "code": "carried", "point_type": "base", "on": "transaction", "earn": {"per_minor": 1000, "points": 1}, "when": {"all": []}, "remainder": "carry",
}  # fmt: skip


def tell(desk: Desk, *events: CustomerMergedV1) -> None:
    batch: Batch[CustomerMergedV1] = Batch(
        group="accrual.record-merges", topic="loyalty.redemption.customers", partition=0, events=events, offsets=range(len(events)),
        traceparents=[None] * len(events), records=[Raw("loyalty.redemption.customers", 0, offset) for offset in range(len(events))],
    )  # fmt: skip
    RecordMerges(desk.begin, desk.clock)(batch)


def merged(source: str = OLD, into: str = NEW, merge_id: str = "M1") -> CustomerMergedV1:
    return CustomerMergedV1(merge_id=merge_id, legal_entity="001", from_customer_no=source, into_customer_no=into)


def undone(of: CustomerMergedV1) -> CustomerMergeUndoneV1:
    return CustomerMergeUndoneV1(merge_id=of.merge_id, legal_entity=of.legal_entity, from_customer_no=of.from_customer_no, into_customer_no=of.into_customer_no)


def test_limits_count_for_both_numbers_together_and_apart_again_when_it_is_undone(desk: Desk) -> None:
    desk.approve(DAILY)
    desk.decide(purchase("a", 60_00, customer_no=OLD), purchase("b", 50_00, customer_no=NEW))
    tell(desk, merged())
    desk.decide(purchase("c", 30_00, customer_no=OLD), purchase("d", 30_00, customer_no=NEW), purchase("other", 200_00, customer_no=THIRD))
    assert desk.points("c", "d", "other") == [30, 10, 150]
    desk.decide(refund("r", purchase("a", customer_no=OLD), 60_00))
    desk.decide(purchase("e", 100_00, customer_no=NEW))
    assert desk.points("r", "e") == [-60, 60]
    tell(desk, undone(merged()))
    desk.decide(purchase("f", 200_00, customer_no=OLD), purchase("g", 200_00, customer_no=NEW))
    assert desk.points("f", "g") == [150 - 30, 150 - 50 - 10 - 60]


def test_a_batch_of_both_numbers_counts_each_event_after_those_before_it(desk: Desk) -> None:
    desk.approve(DAILY)
    tell(desk, merged())
    desk.decide(*(purchase(f"n{number}", 40_00, customer_no=(OLD, NEW)[number % 2]) for number in range(6)))
    assert desk.points(*(f"n{number}" for number in range(6))) == [40, 40, 40, 30, 0, 0]
    rows = desk.rows("select customer_no, counters::json ->> 'daily' from usage order by 1")
    assert [(number, int(points)) for number, points in rows] == [(NEW, 70), (OLD, 80)]


def test_a_survivor_merged_further_counts_all_numbers_and_undoing_the_later_leaves_the_earlier(desk: Desk) -> None:
    desk.approve(DAILY)
    desk.decide(purchase("a", 50_00, customer_no=OLD), purchase("b", 40_00, customer_no=NEW), purchase("c", 30_00, customer_no=THIRD))
    later = merged(NEW, THIRD, "M2")
    tell(desk, merged(), later)
    tell(desk, merged(), later)  # repeated: states what is so
    desk.decide(purchase("d", 20_00, customer_no=OLD))
    desk.decide(purchase("e", 20_00, customer_no=THIRD))
    assert desk.points("d", "e") == [20, 10]
    tell(desk, undone(later))
    desk.decide(purchase("f", 100_00, customer_no=NEW), purchase("g", 200_00, customer_no=THIRD))
    assert desk.points("f", "g") == [150 - 50 - 40 - 20, 150 - 30 - 10]


def test_remainders_of_both_numbers_add_up(desk: Desk) -> None:
    desk.approve(CARRIED)
    desk.decide(purchase("a", 6_00, customer_no=OLD), purchase("b", 7_00, customer_no=NEW))
    assert desk.points("a", "b") == [0, 0]
    tell(desk, merged())
    desk.decide(purchase("c", 8_00, customer_no=NEW))
    assert desk.points("c") == [2]  # 0.6 + 0.7 + 0.8 of a point


def test_counters_are_added_as_numbers_and_remainders_as_fractions() -> None:
    assert added({"r": 2, "r#01": 2}, {"r": 5, "s": 1}, {"r": 7, "s": 1}) == {"r#01": 2}
    assert added({"r+": 1, "r/": 2}, {"r+": 1, "r/": 3}, {}) == {"r+": 5, "r/": 6}
    assert added({"r+": 1, "r/": 2}, {}, {"r+": 1, "r/": 2}) == {}
