"""Bad records go to the dead letters with a reason, the stream goes on, and nothing else is lost."""

import json
from dataclasses import replace
from typing import Any

import pytest

from support.bank import Bank, RawRecord, open_bank
from support.eventually import eventually
from support.rules import rule


@pytest.fixture(scope="module")
def ready(bank: Bank) -> Bank:
    bank.approve(rule("base", {"per_minor": 100, "points": 1}))
    return bank


def letters(bank: Bank) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = bank.get("accrual", "dead-letters", role="admin", limit=500)["items"]
    return items


def _cases(bank: Bank) -> dict[str, tuple[RawRecord, str]]:
    good = bank.record(bank.purchase("BAD", "C-BAD"))

    def valued(data: dict[str, Any]) -> RawRecord:
        return replace(good, value=json.dumps(data).encode())

    def headed(without: str) -> RawRecord:
        return replace(good, headers=tuple(header for header in good.headers if header[0] != without))

    purchase = bank.purchase("BAD", "C-BAD")
    return {
        "not JSON": (replace(good, value=b'{"source_system": "core", '), "malformed-json"),
        "no value": (replace(good, value=None), "malformed-json"),
        "a field is missing": (valued({name: value for name, value in purchase.items() if name != "customer_no"}), "invalid-field"),
        "a number as text": (valued({**purchase, "amount_minor": "100"}), "invalid-field"),
        "a fraction": (valued({**purchase, "amount_minor": 10.5}), "invalid-field"),
        "a date that is none": (valued({**purchase, "posted_on": "2026-02-30"}), "invalid-field"),
        "an instant without offset": (valued({**purchase, "transaction_at": "2026-03-01T09:30:00"}), "invalid-field"),
        "a negative amount": (valued({**purchase, "amount_minor": -1}), "invalid-field"),
        "an unknown currency": (valued({**purchase, "currency": "ZZZ"}), "unknown-currency"),
        "no ce_type": (headed("ce_type"), "missing-header"),
        "no ce_id": (headed("ce_id"), "missing-header"),
        "no headers at all": (replace(good, headers=()), "missing-header"),
        "a megabyte": (valued({**purchase, "attributes": {"note": "x" * 1_000_000}}), "value-too-large"),
        "too old": (valued({**purchase, "transaction_no": "OLD", "transaction_at": "1999-01-01T00:00:00+08:00"}), "too-old"),
    }


NAMES = [
    "not JSON", "no value", "a field is missing", "a number as text", "a fraction", "a date that is none", "an instant without offset",
    "a negative amount", "an unknown currency", "no ce_type", "no ce_id", "no headers at all", "a megabyte", "too old",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_bad_record_is_set_aside_with_its_reason_and_its_neighbours_are_taken(ready: Bank, name: str) -> None:
    record, fault = _cases(ready)[name]
    before = {one["id"] for one in letters(ready)}
    customer = f"C-{NAMES.index(name)}"
    ready.publish(
        ready.record(ready.purchase(f"{name} 1", customer), partition=1),
        replace(record, partition=1),
        ready.record(ready.purchase(f"{name} 2", customer), partition=1),
    )
    new = eventually(lambda: [one for one in letters(ready) if one["id"] not in before])
    assert [one["reason"] for one in new] == [fault]
    assert new[0]["detail"]
    ready.drained()
    assert ready.account(customer)["available"] == 200


def test_an_unknown_type_is_skipped_and_the_stream_goes_on(ready: Bank) -> None:
    before = len(letters(ready))
    ready.publish(ready.record(ready.purchase("T1", "C-TYPE"), "core.transaction.foreseen.v9"), ready.purchase("T2", "C-TYPE"))
    ready.drained()
    assert ready.account("C-TYPE")["available"] == 100
    assert len(letters(ready)) == before


def test_a_dead_letter_can_be_retried_once_its_cause_is_mended(ready: Bank) -> None:
    """A record of an entity that is not open yet: once it is, the retried record earns."""
    code = f"{ready.legal_entity}L"
    ready.publish(replace(ready.record({**ready.purchase("RETRY", "C-RETRY"), "legal_entity": code}), key=f"{code}:C-RETRY".encode()))
    ready.drained()
    later = open_bank(ready.platform, code=code)
    later.approve(rule("base", {"per_minor": 100, "points": 1}))
    [letter] = letters(later)
    assert letter["reason"] == "unknown-entity"
    later.post("accrual", f"dead-letters/{letter['id']}/retry", role="admin")
    later.drained()
    assert later.account("C-RETRY")["available"] == 100
    assert letters(later) == []


def test_five_hundred_bad_records_in_a_row_stop_only_their_source(ready: Bank) -> None:
    bad = [ready.record({**ready.purchase(f"B{number}", "C-MANY"), "source_system": "broken", "amount_minor": -1}, partition=2) for number in range(500)]
    ready.publish(*bad)
    late = ready.record({**ready.purchase("LATE", "C-MANY"), "source_system": "broken"}, partition=2)
    other = ready.record(ready.purchase("OTHER", "C-OTHER"), partition=2)
    ready.publish(late, other)
    ready.drained()
    assert ready.account("C-OTHER")["available"] == 100
    assert ready.call("GET", "redemption", "accounts/C-MANY").status_code == 404
    stopped = [one for one in _all_letters(ready) if one["reason"] == "source-stopped"]
    assert len(stopped) == 1


def _all_letters(bank: Bank) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = bank.get("accrual", "dead-letters", role="admin", limit=500, **({"cursor": cursor} if cursor else {}))
        found += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            return found
