"""What of a batch is passed on to velocity watching."""

from typing import Any

import pytest

from accrual.application.facts import Decided
from accrual.application.suspects import suspects_of
from accrual.domain.decide import local_time
from accrual.domain.least_amount import least_amount_of
from accrual.domain.refund import decide_waiting
from unit.accrual.builders import ZONE, Books, posted, refunded, rule, rule_set

LEAST: dict[str, Any] = {"fact": "transaction.amount_minor", "at_least": 2_000}


def decided(books: Books, *events: Any) -> list[Decided]:
    found = []
    for position, event in enumerate(events):
        decision = books.refund(event) if hasattr(event, "original_transaction_no") else books.post(event)
        found.append(Decided(position, event, decision, event.customer_no))
    return found


def noticed(books: Books, *events: Any) -> list[tuple[str, str, int, str | None]]:
    return [(one.kind, one.no, one.events, one.rule_code) for one in suspects_of(decided(books, *events), books.rules.minima)]


def test_every_refund_is_passed_on_but_those_that_wait() -> None:
    books = Books(rule_set(rule()))
    assert noticed(books, posted(), refunded(1)) == [("refund", "R1", 1, None)]
    waiting = Decided(0, refunded(1), decide_waiting(refunded(1), local_time(refunded(1), ZONE)), "C1")
    assert suspects_of([waiting], {}) == []


@pytest.mark.parametrize(("amount", "expected"), [(1_999, []), (2_000, ["base"]), (2_100, ["base"]), (2_101, [])])
def test_a_purchase_just_over_what_a_rule_asks_for(amount: int, expected: list[str]) -> None:
    books = Books(rule_set(rule(when=LEAST), rule("other", earn={"fixed": 1})))
    assert [code for kind, _, _, code in noticed(books, posted(amount)) if kind == "just-over-minimum"] == expected


def test_one_terminal_met_again_and_again_by_one_customer() -> None:
    books = Books(rule_set(rule()))

    def at(number: str, terminal_no: str | None, customer_no: str = "C1") -> Any:
        return posted(transaction_no=number, terminal_no=terminal_no, customer_no=customer_no)

    assert noticed(books, at("1", "T"), at("2", "T"), at("3", "T", "C2"), at("4", "U"), at("5", None), at("6", None), at("7", None)) == []
    assert noticed(books, at("1", "T"), at("2", "T"), at("3", "T"), at("4", "T")) == [("same-terminal", "4", 4, None)]


@pytest.mark.parametrize(
    ("when", "least"),
    [
        ({"all": []}, None),
        (LEAST, 2_000),
        ({"fact": "transaction.amount_minor", "above": 2_000}, 2_001),
        ({"fact": "transaction.amount_minor", "between": [10, 20]}, 10),
        ({"all": [LEAST, {"all": [{"fact": "transaction.amount_minor", "at_least": 3_000}]}]}, 3_000),
        ({"any": [LEAST, {"fact": "customer.level", "is": "gold"}]}, None),
        ({"not": LEAST}, None),
        ({"fact": "customer.age", "at_least": 18}, None),
        ({"fact": "transaction.amount_minor", "at_most": 18}, None),
    ],
)
def test_the_least_amount_that_a_rule_asks_for(when: dict[str, Any], least: int | None) -> None:
    assert least_amount_of(rule(when=when)) == least
