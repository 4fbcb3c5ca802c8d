"""What the demo invents is told apart from the bank's data, and is given back as it says."""

from datetime import date

from loyalty_shared.contracts.core import TransactionReversedV1
from nanzhu_demo.invented import CUSTOMERS, invented_customers, invented_day
from nanzhu_demo.mapping import SOURCE_SYSTEM

DAY = invented_day("run1", date(2026, 5, 4))


def test_nothing_invented_looks_like_the_banks() -> None:
    assert all(event.source_system != SOURCE_SYSTEM and event.attributes["invented"] == "by the demo" for event in DAY.events)
    assert {event.customer_no for event in DAY.events} == set(CUSTOMERS) == {event.customer_no for event in invented_customers()}


def test_everything_happens_on_the_business_date_in_the_banks_zone() -> None:
    assert {event.transaction_at.isoformat() for event in DAY.events} == {"2026-05-04T12:00:00+08:00"}
    assert {event.posted_on for event in DAY.events} == {date(2026, 5, 4)}


def test_each_event_has_a_number_of_its_own_and_another_run_has_others() -> None:
    numbers = {event.transaction_no for event in DAY.events}

    assert len(numbers) == len(DAY.events)
    assert not numbers & {event.transaction_no for event in invented_day("run2", date(2026, 5, 4)).events}


def test_what_is_given_back_names_a_purchase_of_the_same_customer_and_is_never_more() -> None:
    purchases = {purchase.transaction_no: purchase for purchase in DAY.purchases}
    given_back = [*DAY.early_refunds, *DAY.refunds, *DAY.reversals]

    assert len({event.original_transaction_no for event in given_back}) == len(given_back) == 8
    for event in given_back:
        purchase = purchases[event.original_transaction_no]
        assert event.customer_no == purchase.customer_no
        assert 0 < event.amount_minor <= purchase.amount_minor
        assert isinstance(event, TransactionReversedV1) == (event in DAY.reversals)
