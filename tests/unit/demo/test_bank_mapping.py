"""The mapping of the bank's rows to core events, as docs/data-mapping.md states it."""

from dataclasses import replace
from datetime import date

import msgspec
import pytest

from loyalty_shared.contracts.core import TransactionPostedV1
from nanzhu_demo.mapping import TRANSACTION_KINDS, BankMapping, moved
from nanzhu_demo.pkdd99 import Account, BankTransaction, Card, Client, Disposition, District, Pkdd99

WITHDRAWAL = BankTransaction(trans_id=77, account_id=5, made_on=date(1993, 6, 30), type="VYDAJ", operation="VYBER", k_symbol="", amount_minor=123_450)


def bank_with(*cards: Card) -> Pkdd99:
    return Pkdd99(
        transactions=(WITHDRAWAL,),
        accounts={5: Account(account_id=5, district_id=7, frequency="POPLATEK TYDNE", opened_on=date(1993, 2, 1))},
        clients={
            8: Client(client_id=8, born_on=date(1950, 1, 2), district_id=1),
            9: Client(client_id=9, born_on=date(1970, 1, 2), district_id=1),
        },
        dispositions={
            3: Disposition(disp_id=3, client_id=8, account_id=5, type="OWNER"),
            4: Disposition(disp_id=4, client_id=9, account_id=5, type="DISPONENT"),
        },
        cards={card.card_id: card for card in cards},
        districts={1: District(district_id=1, name="Hl.m. Praha", region="Prague")},
    )


def card(issued_on: date) -> Card:
    return Card(card_id=1, disp_id=3, type="gold", issued_on=issued_on)


def test_a_cash_withdrawal_belongs_to_the_owner_and_its_assigned_fields_are_named() -> None:
    event = BankMapping(bank_with()).transaction(WITHDRAWAL)

    assert (event.legal_entity, event.source_system, event.transaction_no, event.leg) == ("001", "pkdd99", "00000077", 1)
    assert (event.customer_no, event.account_no, event.institution) == ("C00000008", "A00000005", "CZ007")
    assert (event.transaction_code, event.channel, event.direction, event.card_type) == ("CASH-WITHDRAWAL", "COUNTER", "debit", None)
    assert (event.amount_minor, event.currency) == (123_450, "CZK")
    assert event.transaction_at.isoformat() == "2025-06-30T12:00:00+08:00"
    assert event.posted_on == date(2025, 6, 30)
    assert event.mcc is not None
    assert event.merchant_no is not None
    assert event.merchant_no.startswith(f"M{event.mcc}-")
    assert event.attributes["assigned"] == "time_of_day,mcc,merchant_no"
    assert event.attributes["made_on"] == "1993-06-30"


def test_what_is_not_spent_at_a_merchant_gets_no_merchant() -> None:
    event = BankMapping(bank_with()).transaction(replace(WITHDRAWAL, operation="PREVOD NA UCET", k_symbol="SIPO"))

    assert (event.transaction_code, event.mcc, event.merchant_no) == ("HOUSEHOLD-PAYMENT", None, None)
    assert event.attributes["assigned"] == "time_of_day"


def test_only_a_card_withdrawal_has_the_type_of_the_card() -> None:
    mapping = BankMapping(bank_with(card(date(1993, 3, 1))))

    assert mapping.transaction(replace(WITHDRAWAL, operation="VYBER KARTOU")).card_type == "gold"
    assert mapping.transaction(WITHDRAWAL).card_type is None


def test_the_assignment_depends_on_the_row_only_and_not_on_the_order() -> None:
    rows = [replace(WITHDRAWAL, trans_id=trans_id) for trans_id in range(200)]
    mapping = BankMapping(bank_with())

    forwards = {event.transaction_no: (event.mcc, event.merchant_no) for event in map(mapping.transaction, rows)}
    backwards = {event.transaction_no: (event.mcc, event.merchant_no) for event in map(mapping.transaction, reversed(rows))}

    assert forwards == backwards
    assert len(set(forwards.values())) > 20


def test_an_operation_that_the_data_are_not_known_to_have_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"transaction 77.*'VKLAD'.*'SIPO'"):
        BankMapping(bank_with()).transaction(replace(WITHDRAWAL, operation="VKLAD", k_symbol="SIPO"))


def test_a_customer_without_a_card_is_standard_from_the_opening_of_the_account() -> None:
    (event,) = BankMapping(bank_with()).customers()

    assert (event.customer_no, event.level, event.tags, event.institution) == ("C00000008", "standard", ["statement-weekly"], "CZ007")
    assert (event.born_on, event.joined_on) == (date(1982, 1, 2), date(2025, 2, 1))
    assert event.changed_at.isoformat() == "2025-02-01T00:00:00+08:00"


def test_a_card_issued_meanwhile_gives_its_level_from_that_day() -> None:
    before, after = BankMapping(bank_with(card(date(1993, 9, 9)))).customers()

    assert (before.level, after.level) == ("standard", "gold")
    assert after.changed_at.isoformat() == "2025-09-09T00:00:00+08:00"


def test_a_card_issued_after_the_data_end_is_brought_forward_and_says_so() -> None:
    (event,) = BankMapping(bank_with(card(date(1997, 9, 9)))).customers()

    assert event.level == "gold"
    assert "assigned:card-brought-forward" in event.tags


def test_a_leap_day_moves_to_a_leap_day_and_otherwise_to_the_28th() -> None:
    assert moved(date(1932, 2, 29)) == date(1964, 2, 29)
    assert moved(date(1868, 2, 29)) == date(1900, 2, 28)


@pytest.mark.parametrize(("operation", "k_symbol"), list(TRANSACTION_KINDS))
def test_every_kind_makes_an_event_that_the_contract_accepts(operation: str, k_symbol: str) -> None:
    event = BankMapping(bank_with(card(date(1993, 3, 1)))).transaction(replace(WITHDRAWAL, operation=operation, k_symbol=k_symbol))

    assert msgspec.json.decode(msgspec.json.encode(event), type=TransactionPostedV1).transaction_no == "00000077"
