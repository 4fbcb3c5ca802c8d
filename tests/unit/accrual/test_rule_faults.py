"""A rule document that does not fit is refused with the path of every fault and words that say what to do."""

from typing import Any

import pytest

from accrual.domain.rule_document import rule_from_document
from accrual.domain.rule_faults import Fault
from unit.accrual.builders import document, rule


def faults_of(**changes: Any) -> dict[str, str]:
    """Return path > message."""
    found = rule_from_document(document(**changes))
    assert isinstance(found, tuple), found
    assert all(isinstance(fault, Fault) for fault in found)
    return {fault.path: fault.message for fault in found}


def when(**test: Any) -> dict[str, Any]:
    return {"when": test}


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"code": "two words"}, "code", "letters, digits"),
        ({"code": 5}, "code", "not 5"),
        ({"point_type": ""}, "point_type", "letters, digits"),
        ({"colour": "red"}, "colour", "there is no 'colour'"),
        ({"priorty": 1}, "priorty", "did you mean 'priority'?"),
        ({"names": {"fr": "x"}}, "names.fr", "there is no 'fr'"),
        ({"names": {"zh": ""}}, "names.zh", "1 to 256 characters"),
        ({"on": "weather"}, "on", "'weather' is not known"),
        ({"applies": {"from": "2026-02-30"}}, "applies.from", "a date that exists"),
        ({"applies": {"from": "20260201"}}, "applies.from", "YYYY-MM-DD"),
        ({"applies": {"from": "2026-02-01", "to": "2026-02-01"}}, "applies.to", "must be after 'from'"),
        ({"applies": {"until": "2026-02-01"}}, "applies.until", "there is no 'until'"),
        ({"currency": "RMB"}, "currency", "ISO 4217"),
        ({"currency": None}, "currency", "ISO 4217"),
        ({"rounding": "floor"}, "rounding", "'floor' is not known"),
        ({"remainder": "keep"}, "remainder", "it takes 'drop', 'carry'"),
        ({"priority": -1}, "priority", "outside 0"),
        ({"priority": True}, "priority", "whole number"),
        ({"stacking": {"group": "g"}}, "stacking.policy", "'policy' is missing"),
        ({"stacking": {"group": "g", "policy": "worst"}}, "stacking.policy", "'worst' is not known"),
        ({"limits": {}}, "limits", "a list"),
        ({"limits": [{"per": "day"}]}, "limits[0].points", "'points' is missing"),
        ({"limits": [{"points": 0, "per": "day"}]}, "limits[0].points", "outside 1"),
        ({"limits": [{"points": 9, "per": "week"}]}, "limits[0].per", "'week' is not known"),
        ({"limits": [{"points": 9, "per": "day", "over": "ignore"}]}, "limits[0].over", "'ignore' is not known"),
        ({"limits": [{"points": 9, "per": "day", "scope": "branch"}]}, "limits[0].scope", "'branch' is not known"),
        ({"limits": [{"points": 9, "per": "day", "days": 3}]}, "limits[0].days", "'rolling_days' only"),
        ({"limits": [{"points": 9, "per": "rolling_days"}]}, "limits[0].days", "how many days"),
        ({"cost_bearers": [{"party": "retail", "percent": 60}, {"party": "cards", "percent": 30}]}, "cost_bearers", "add up to 90"),
        ({"cost_bearers": [{"party": "retail", "percent": 50}, {"party": "retail", "percent": 50}]}, "cost_bearers", "named twice"),
        ({"cost_bearers": [{"party": "retail", "percent": 50.5}]}, "cost_bearers[0].percent", "whole number"),
        ({"available": "later"}, "available", "'later' is not known"),
        ({"available": {"after_days": -1}}, "available.after_days", "outside 0"),
        ({"available": {"after_days": 1, "on_day": 3}}, "available", "exclude each other"),
        ({"available": {"on_day": 32}}, "available.on_day", "outside 1 to 31"),
        ({"expires": "someday"}, "expires", "'someday' is not known"),
        ({"expires": {}}, "expires", "is missing"),
        ({"expires": {"calendar_years": 0}}, "expires.calendar_years", "outside 1"),
        ({"expires": {"end_of_year": False}}, "expires.end_of_year", "write true"),
        ({"expires": {"months": 3, "to": "year_end"}}, "expires.to", "'month_end'"),
        ({"expires": {"days": 3, "to": "day"}}, "expires.to", "there is no 'to'"),
        ({"expires": {"on": "31.12.2026"}}, "expires.on", "YYYY-MM-DD"),
        ({"earn": {}}, "earn", "is missing"),
        ({"earn": 5}, "earn", "write an object"),
        ({"earn": {"per_minor": 100}}, "earn.points", "'points' is missing"),
        ({"earn": {"per_minor": 0, "points": 1}}, "earn.per_minor", "outside 1"),
        ({"earn": {"per_minor": 100, "points": 1.5}}, "earn.points", "whole number"),
        ({"earn": {"per_minor": 100, "points": 2**53}}, "earn.points", "outside 1 to 9007199254740991"),
        ({"earn": {"fixed": 2**53}}, "earn.fixed", "outside 1 to 9007199254740991"),
        ({"earn": {"fixed": 5, "points": 1}}, "earn.points", "there is no 'points'"),
        ({"earn": {"fixed": 5, "per_minor": 1}}, "earn", "exclude each other"),
        ({"earn": {"percent": 5}}, "earn.percent", "there is no 'percent'"),
        ({"earn": {"bands": []}}, "earn.bands", "0 elements"),
        ({"earn": {"bands": [{"from_minor": 0, "points": 1}], "mode": "steps"}}, "earn.mode", "'steps' is not known"),
        ({"earn": {"bands": [{"from_minor": 5, "points": 1}, {"from_minor": 5, "points": 2}]}}, "earn.bands[1].from_minor", "upwards"),
        ({"earn": {"bands": [{"from_minor": 0}]}}, "earn.bands[0].points", "'points' is missing"),
        ({"earn": {"multiply": {"rules": ["x"], "by": 1.5}}}, "earn.multiply.by", 'such as "1.5"'),
        ({"earn": {"multiply": {"rules": ["x"], "by": "1"}}}, "earn.multiply.by", "above 1"),
        ({"earn": {"multiply": {"rules": ["x"], "by": "1,5"}}}, "earn.multiply.by", "above 1"),
        ({"earn": {"multiply": {"rules": [], "by": "2"}}}, "earn.multiply.rules", "0 elements"),
        ({"earn": {"multiply": {"rules": ["x", "x"], "by": "2"}}}, "earn.multiply.rules", "named twice"),
        ({"earn": {"multiply": {"rules": ["base"], "by": "2"}}}, "earn.multiply.rules", "cannot multiply itself"),
        ({"earn": {"multiply": {"rules": ["x"]}}}, "earn.multiply.by", "'by' is missing"),
        (when(fact="transaction.colour", **{"is": "x"}), "when.fact", "'transaction.colour' is not a fact"),
        (when(fact="transaction.amount", at_least=1), "when.fact", "did you mean 'transaction.amount_minor'?"),
        (when(fact="customer.name", **{"is": "x"}), "when.fact", "is not a fact"),
        (when(fact="balance.average_minor", above=1), "when.fact", "cannot see"),
        (when(fact="behaviour.attributes.x", above=1), "when.fact", "cannot see"),
        (when(fact="transaction.attributes.", exists=True), "when.fact", "is not a fact"),
        (when(fact=7, exists=True), "when.fact", "7 is not a fact"),
        (when(fact="transaction.mcc"), "when", "is not tested"),
        (when(fact="transaction.mcc", equals="5411"), "when.equals", "there is no 'equals'"),
        (when(fact="transaction.mcc", at_least="5411"), "when.at_least", "which is a text"),
        (when(fact="transaction.mcc", **{"in": [5411]}), "when.in[0]", "write a text"),
        (when(fact="transaction.mcc", **{"in": []}), "when.in", "0 elements"),
        (when(fact="transaction.mcc", **{"in": "5411"}), "when.in", "a list"),
        (when(fact="transaction.mcc", **{"is": None}), "when.is", "not null"),
        (when(fact="transaction.amount_minor", at_least="20"), "when.at_least", "whole number"),
        (when(fact="transaction.amount_minor", between=[5]), "when.between", "1 elements"),
        (when(fact="transaction.amount_minor", between=[5, 4]), "when.between", "lower one first"),
        (when(fact="transaction.posted_on", above="2026-02-30"), "when.above", "a date that exists"),
        (when(fact="transaction.transaction_at", above="2026-02-01T00:00:00"), "when.above", "with its offset"),
        (when(fact="transaction.attributes.x", above="5"), "when.above", "a number"),
        (when(fact="customer.tags", **{"is": "vip"}), "when.is", "it takes 'contains', 'exists'"),
        (when(fact="customer.birthday", matches_day="yes"), "when.matches_day", "true or false"),
        (when(fact="customer.level", exists=1), "when.exists", "true or false"),
        (when(fact="time.weekday", **{"is": 0}), "when.is", "1 (Monday)"),
        (when(fact="time.weekday", **{"is": "caturday"}), "when.is", "1 (Monday)"),
        (when(fact="merchant.category", **{"is": "food"}), "when.fact", "is not a fact"),
        (when(fact="merchant.stauts", **{"is": "active"}), "when.fact", "merchant.status"),
        (when(fact="merchant.status", above="active"), "when.above", "does not go with 'merchant.status'"),
        (when(fact="merchant.mcc", **{"is": 5411}), "when.is", "write a text"),
        ({"remainder": "carry", "rounding": "half_up"}, "rounding", "write 'down'"),
        ({"convert": "yes"}, "convert", "true or false"),
        ({"available": {"on_event": ""}}, "available.on_event", "1 to 64 characters"),
        ({"available": {"on_event": "ACTIVATED"}, "remainder": "carry"}, "available.on_event", "cannot wait"),
        ({"when": {}}, "when", "is missing"),
        ({"when": []}, "when", "write an object"),
        ({"when": {"some": []}}, "when.some", "there is no 'some'"),
        ({"when": {"all": {}}}, "when.all", "a list"),
        ({"when": {"all": [], "any": []}}, "when", "exclude each other"),
        ({"when": {"all": [], "is": "x"}}, "when.is", "there is no 'is'"),
        ({"when": {"not": [{"all": []}]}}, "when.not", "write an object"),
        ({"when": {"all": [{"any": [{"not": {"fact": "x", "is": "y"}}]}]}}, "when.all[0].any[0].not.fact", "is not a fact"),
    ],
)
def test_a_fault_is_named_by_its_path(changes: dict[str, Any], path: str, words: str) -> None:
    found = faults_of(**changes)
    assert list(found) == [path], found
    assert words in found[path]


def test_a_limit_per_campaign_needs_a_campaign() -> None:
    assert list(faults_of(limits=[{"points": 9, "per": "day"}, {"points": 9, "per": "campaign"}])) == ["limits[1].per"]


def test_all_faults_are_told_at_once() -> None:
    assert list(faults_of(rounding="x", earn={"fixed": 0}, limits=[{"points": 1, "per": "x"}, {"points": "y", "per": "day"}])) == [
        "earn.fixed",
        "rounding",
        "limits[0].per",
        "limits[1].points",
    ]


@pytest.mark.parametrize("missing", ["code", "point_type", "on", "earn"])
def test_what_a_rule_cannot_do_without(missing: str) -> None:
    found = rule_from_document({key: value for key, value in document().items() if key != missing})
    assert isinstance(found, tuple)
    assert [fault.path for fault in found] == [missing]


@pytest.mark.parametrize("document", [None, [], "rule", 5, {}])
def test_what_is_no_rule_at_all(document: object) -> None:
    assert isinstance(rule_from_document(document), tuple)


def test_conditions_as_deep_as_no_reader_follows_are_refused() -> None:
    deep: dict[str, Any] = {"all": []}
    for _ in range(20):
        deep = {"not": deep}
    assert any("deep" in message for message in faults_of(when=deep).values())


def test_what_is_left_out_has_a_stated_default() -> None:
    plain = rule()
    assert (plain.currency, plain.rounding.value, plain.priority, plain.expiry_policy, plain.limits) == ("CNY", "down", 100, "never", ())
