"""The cookbook of rules in docs/rules: each rule fits and can be saved, each example beside it holds, and the bank's worked examples have their rule."""

import json
import re
from calendar import monthrange
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from accrual.domain.conflicts import find_conflicts
from accrual.domain.conflicts_within import conflicts_within
from accrual.domain.decide import local_time
from accrual.domain.decision import Decision
from accrual.domain.explain import explain_posted, reason_told
from accrual.domain.month_average import month_average
from accrual.domain.most_points import faults_of_overflow
from accrual.domain.occasions import behaviour_from, month_balance_from, trigger_of
from accrual.domain.rule import Rule
from accrual.domain.rule_document import rule_from_document
from accrual.domain.rule_set import RuleVersion
from loyalty_shared.contracts.core import BalanceClosedV1, BehaviourOccurredV1, CustomerChangedV1, TransactionPostedV1
from unit.accrual.builders import ZONE, Books, at, customer, posted, refunded, rule_set

COOKBOOK: Final = Path(__file__).parents[3] / "docs" / "rules"
SETS: Final = sorted(folder.parent.name for folder in COOKBOOK.glob("*/examples.json"))
#: Beside the project where its documents were given; a clone has none.
VECTORS: Final = COOKBOOK.parents[2] / "shared" / "vectors.json"
#: Of the bank's worked examples those that concern spending, or nothing that earns.
NOT_EARNING: Final = ("cancelling a redemption", "which card-network messages")


def documents(name: str) -> dict[str, Any]:
    return {path.stem: json.loads(path.read_text()) for path in sorted((COOKBOOK / name).glob("*.json")) if path.name != "examples.json"}


def rules_of(name: str) -> list[RuleVersion]:
    versions = []
    for number, (stem, document) in enumerate(documents(name).items(), start=1):
        rule = rule_from_document(document)
        assert isinstance(rule, Rule), f"{name}/{stem}: {rule}"
        versions.append(RuleVersion(rule_no=number, version=1, rule=rule))
    return versions


def examples(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((COOKBOOK / name / "examples.json").read_text())
    return found


EXAMPLES: Final = [pytest.param(name, example, id=f"{name}: {example['text']}") for name in SETS for example in examples(name)]


def test_the_cookbook_has_more_rule_sets_than_the_bank_gave_examples() -> None:
    assert len(SETS) >= 12


@pytest.mark.parametrize("name", SETS)
def test_every_rule_can_be_saved_as_it_is(name: str) -> None:
    versions = rules_of(name)
    for version in versions:
        assert version.rule.code in documents(name), "a file is named for its rule's code"
        assert faults_of_overflow(version.rule, versions) == ()
        told = (*find_conflicts(version.rule, versions), *conflicts_within(version.rule))
        assert [conflict for conflict in told if conflict.code != "overlap-in-group"] == []
    assert examples(name), "a rule without an example teaches nothing"


@pytest.mark.parametrize("name", SETS)
def test_every_rule_of_a_set_gives_in_some_example(name: str) -> None:
    given: set[str] = set()
    for example in examples(name):
        given |= {code for decision in decisions_of(name, example) for code in by_rule(name, decision)}
    assert given == set(documents(name)) or name == "month-average-balances"  # products that differ in their number only


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_an_example_holds(name: str, example: dict[str, Any]) -> None:
    for expected, decision in zip(example["events"], decisions_of(name, example), strict=True):
        assert decision.points == expected["points"], expected
        if "by_rule" in expected:
            assert by_rule(name, decision) == expected["by_rule"], expected
        if "reason" in expected:
            assert reason_of(name, example, expected, decision) == expected["reason"], expected
        for field in ("available_on", "expires_on"):
            if field in expected:
                assert {_text(getattr(given, field)) for given in decision.applied} == {expected[field]}, expected


def test_the_bank_s_worked_examples_have_their_rules() -> None:
    table = dict(re.findall(r"^\| ([^|]+?) \| (\[`.*\)) \|$", (COOKBOOK / "README.md").read_text(), re.MULTILINE))
    shown: dict[str, set[str]] = {}
    for name in SETS:
        for example in examples(name):
            if "vector" in example:
                shown.setdefault(example["vector"], set()).add(name)
    assert shown.keys() == table.keys()
    for vector, row in table.items():
        linked = re.findall(r"\((.+?)/(.+?)\.json\)", row)
        assert {name for name, _ in linked} == shown[vector]
        assert all(stem in documents(name) for name, stem in linked)
    if VECTORS.exists():
        names = [vector["name"] for vector in json.loads(VECTORS.read_text())["vectors"]]
        assert table.keys() == {name for name in names if not name.startswith(NOT_EARNING)}


@pytest.mark.parametrize("name", SETS)
def test_a_set_is_explained_and_listed(name: str) -> None:
    page = (COOKBOOK / name / "README.md").read_text()
    assert "**Source:**" in page
    assert len(re.findall("[\u4e00-\u9fff]", page)) > 40, "in Chinese too"
    assert all(f"({stem}.json)" in page for stem in documents(name))
    assert f"({name}/README.md)" in (COOKBOOK / "README.md").read_text()


def decisions_of(name: str, example: dict[str, Any]) -> list[Decision]:
    """Return what each event of an example comes to, one after the other."""
    return [decision for _, decision, _ in _play(name, example)]


def reason_of(name: str, example: dict[str, Any], expected: dict[str, Any], decision: Decision) -> str | None:
    """Return why an event of an example gave nothing, as callers are told."""
    event, _, books = next(played for played, shown in zip(_play(name, example), example["events"], strict=True) if shown is expected)
    told = explain_posted(event, local_time(event, ZONE), books.facts, books.rules.of(trigger_of(event)), decision)
    return reason_told(decision, told)


def by_rule(name: str, decision: Decision) -> dict[str, int]:
    """Return the points by the codes of the rules that gave or took them."""
    codes = {version.rule_no: version.rule.code for version in rules_of(name)}
    return {codes[given.rule_no]: given.points for given in decision.applied}


def _play(name: str, example: dict[str, Any]) -> list[tuple[TransactionPostedV1, Decision, Books]]:
    rules = rule_set(*rules_of(name))
    facts = customer(**{field: _fact(value) for field, value in example["customer"].items()}) if "customer" in example else None
    books = Books(rules, facts, rates=example.get("rates", {}))
    played: list[tuple[TransactionPostedV1, Decision, Books]] = []
    for number, shown in enumerate(example["events"]):
        if "refund" in shown:
            said = shown["refund"]
            refund = refunded(said["amount_minor"], said["on"], transaction_no=f"R{number}", original_transaction_no=f"T{said['of']}")
            played.append((refund, books.refund(refund), books))
            continue
        event = _event(shown, f"T{number}", facts)
        books.rules = rules.of(trigger_of(event))
        played.append((event, books.post(event), books))
    return played


def _event(shown: dict[str, Any], number: str, facts: CustomerChangedV1 | None) -> TransactionPostedV1:
    if "behaviour" in shown:
        said = shown["behaviour"]
        occurred = BehaviourOccurredV1(
            legal_entity="001", source_system="app", behaviour_no=number, customer_no="C1", behaviour_code=said["behaviour_code"],
            occurred_at=at(said["occurred_at"]), attributes=said["attributes"],
        )  # fmt: skip
        return behaviour_from(occurred, ZONE, facts)
    if "balance" in shown:
        said = shown["balance"]
        first = date.fromisoformat(f"{said['month']}-01")
        days = [balance_minor for length, balance_minor in said["days"] for _ in range(length)]
        assert len(days) == monthrange(first.year, first.month)[1], "every day of the month has its balance"
        closed = [
            BalanceClosedV1(
                legal_entity="001", source_system="core", customer_no="C1", account_no="A1", product_code=said["product_code"], currency="CNY",
                balance_on=first + timedelta(days=day), balance_minor=balance_minor,
            )
            for day, balance_minor in enumerate(days)
        ]  # fmt: skip
        return month_balance_from("001", month_average(first, closed), ZONE, facts)
    said = dict(shown["purchase"])
    if "posted_on" in said:
        said["posted_on"] = date.fromisoformat(said["posted_on"])
    return posted(said.pop("amount_minor"), said.pop("on"), transaction_no=number, **said)


def _fact(value: Any) -> Any:
    return date.fromisoformat(value) if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) else value


def _text(on: date | None) -> str | None:
    return None if on is None else on.isoformat()
