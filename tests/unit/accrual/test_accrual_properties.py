"""Random rules and random streams with refunds: the engine agrees with the plain model, refunds conserve points, and explanations agree with decisions."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from accrual.domain.decision import applied_from, stored_applied
from accrual.domain.explain import explain_posted
from accrual.domain.reasons import Outcome, RuleReason
from accrual.domain.rule import Rule
from accrual.domain.rule_document import rule_from_document
from accrual.domain.rule_set import RuleSet, RuleVersion
from loyalty_shared.contracts.core import CustomerChangedV1
from unit.accrual.builders import Books, posted, refunded, reversed_
from unit.accrual.model import Model, Version

CODES = ("r1", "r2", "r3", "r4")
MULTIPLIERS = ("m1", "m2")
FIRST_DAY = date(2026, 1, 25)
DAYS = 45

amounts = st.sampled_from([0, 1, 499, 500, 1_000, 1_999, 2_000, 3_333, 10_000, 12_345, 99_999, 100_000])
days = st.integers(0, DAYS).map(lambda number: FIRST_DAY + timedelta(days=number))
date_texts = days.map(date.isoformat)

texts = st.sampled_from(["transaction.transaction_code", "transaction.mcc", "transaction.card_type", "customer.level", "transaction.merchant_no"])
values = st.sampled_from(["POS", "ATM", "5411", "5812", "debit", "credit", "gold", "M1", "M2"])
amount_tests = st.one_of(
    st.tuples(st.sampled_from(["at_least", "above", "at_most", "below", "is", "is_not"]), amounts),
    st.tuples(st.just("between"), st.tuples(amounts, amounts).map(sorted)),
)
fact_tests: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda fact, test, value: {"fact": fact, test: value}, texts, st.sampled_from(["is", "is_not"]), values),
    st.builds(lambda fact, test, value: {"fact": fact, test: value}, texts, st.sampled_from(["in", "not_in"]), st.lists(values, min_size=1, max_size=3)),
    st.builds(lambda fact, yes: {"fact": fact, "exists": yes}, texts, st.booleans()),
    st.builds(lambda test: {"fact": "transaction.amount_minor", test[0]: test[1]}, amount_tests),
    st.builds(lambda tag: {"fact": "customer.tags", "contains": tag}, st.sampled_from(["staff", "vip"])),
    st.builds(lambda test, yes: {"fact": "customer.birthday", test: yes}, st.sampled_from(["matches_day", "matches_month", "exists"]), st.booleans()),
    st.builds(lambda low: {"fact": "time.weekday", "at_least": low}, st.integers(1, 7)),
)
conditions = st.recursive(
    fact_tests,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=5,
)
small = st.integers(1, 7)
steps = st.sampled_from([1, 7, 100, 500, 2_000])
bands = st.lists(st.sampled_from([0, 500, 2_000, 10_000, 50_000]), min_size=1, max_size=4, unique=True).flatmap(
    lambda starts: st.tuples(
        *[
            st.one_of(
                st.builds(lambda points, start=start: {"from_minor": start, "points": points}, st.integers(0, 50)),
                st.builds(lambda per, points, start=start: {"from_minor": start, "per_minor": per, "points": points}, steps, small),
            )
            for start in sorted(starts)
        ]
    ).map(list)
)
earns = st.one_of(
    st.builds(lambda per, points: {"per_minor": per, "points": points}, steps, small),
    st.builds(lambda points: {"fixed": points}, st.integers(1, 60)),
    st.builds(lambda made, mode: {"bands": made, "mode": mode}, bands, st.sampled_from(["step", "marginal"])),
)
multiplies = st.builds(
    lambda codes, by: {"multiply": {"rules": codes, "by": by}},
    st.lists(st.sampled_from(CODES), min_size=1, max_size=3, unique=True),
    st.sampled_from(["1.5", "2", "3.25", "1.333333"]),
)
limits = st.builds(
    lambda points, per, over, scope, length: {"points": points, "per": per, "over": over, "scope": scope} | ({"days": length} if per == "rolling_days" else {}),
    st.integers(1, 120),
    st.sampled_from(["transaction", "day", "month", "year", "rolling_days"]),
    st.sampled_from(["trim", "reject"]),
    st.sampled_from(["customer", "account", "merchant"]),
    st.integers(1, 40),
)
GROUPS = {"g1": "first", "g2": "best", "g3": "all"}


@st.composite
def documents(draw: st.DrawFn, code: str) -> dict[str, Any]:
    start, end = draw(st.one_of(st.none(), date_texts)), draw(st.one_of(st.none(), date_texts))
    group = draw(st.sampled_from(["g1", "g2", "g3", None])) if code in CODES else None
    return {
        "code": code,
        "point_type": draw(st.sampled_from(["base", "bonus"])),
        "on": "transaction",
        "applies": {"from": start, "to": end if start is None or end is None or end > start else None},
        "when": draw(conditions),
        "earn": draw(earns if code in CODES else multiplies),
        "currency": draw(st.sampled_from(["CNY", "CNY", "CNY", "USD"])),
        "rounding": draw(st.sampled_from(["down", "half_up", "half_even", "up"])),
        "remainder": "drop",
        "priority": draw(st.integers(0, 3)),
        "stacking": None if group is None else {"group": group, "policy": GROUPS[group]},
        "limits": draw(st.lists(limits, max_size=3)),
    }


@st.composite
def versions(draw: st.DrawFn) -> list[Version]:
    codes = draw(st.lists(st.sampled_from(CODES + CODES + MULTIPLIERS), min_size=1, max_size=6))
    made: list[Version] = []
    for rule_no, code in enumerate(codes, start=1):
        number = 1 + sum(version.document["code"] == code for version in made)
        made.append(Version(rule_no, number, draw(documents(code)), draw(st.one_of(st.none(), st.none(), days))))
    return made


facts = st.builds(
    lambda level, tags, born: CustomerChangedV1(
        legal_entity="001", customer_no="C1", level=level, tags=tags, born_on=born, changed_at=datetime(2020, 1, 1, tzinfo=UTC)
    ),
    st.sampled_from([None, "gold", "POS"]),
    st.lists(st.sampled_from(["staff", "vip"]), unique=True),
    st.one_of(st.none(), days),
)
purchases = st.tuples(
    st.just("post"),
    amounts,
    date_texts,
    st.fixed_dictionaries(
        {
            "transaction_code": st.sampled_from(["POS", "ATM"]),
            "mcc": st.sampled_from(["5411", "5812", None]),
            "card_type": st.sampled_from(["debit", "credit", None]),
            "merchant_no": st.sampled_from(["M1", "M9", None]),
            "account_no": st.sampled_from(["A1", "A2"]),
            "currency": st.sampled_from(["CNY", "CNY", "CNY", "USD"]),
        }
    ),
)
refunds = st.tuples(st.sampled_from(["refund", "refund", "refund", "reverse"]), st.integers(0, 20), st.sampled_from([0, 1, 10, 33, 50, 66, 90, 100, 101]))
streams = st.lists(st.one_of(purchases, purchases, refunds), max_size=15)


def engine_of(made: list[Version]) -> RuleSet:
    members = []
    for version in made:
        rule = rule_from_document(version.document)
        assert isinstance(rule, Rule), rule
        members.append(RuleVersion(rule_no=version.rule_no, version=version.version, rule=rule, stopped_on=version.stopped_on))
    return RuleSet(7, members)


@settings(max_examples=300, deadline=None)
@given(versions(), facts, streams)
def test_the_engine_agrees_with_the_model(made: list[Version], who: CustomerChangedV1, stream: list[Any]) -> None:
    books, model = Books(engine_of(made), who), Model(made, who)
    names: list[str] = []
    for event in stream:
        if event[0] == "post":
            _, amount, on, changes = event
            names.append(f"T{len(names)}")
            purchase = posted(amount, on=on, transaction_no=names[-1], **changes)
            decision = books.post(purchase)
            assert {given.rule_no: given.points for given in decision.applied} == model.post(purchase, date.fromisoformat(on))
            assert applied_from(stored_applied(decision)) == (decision.applied, decision.used, decision.seen)
            agrees_with_its_explanation(books, names[-1])
        elif names:
            kind, which, percent = event
            number = which % len(names)
            amount = model.purchases[number].event.amount_minor * percent // 100
            currency = model.purchases[number].event.currency
            make = reversed_ if kind == "reverse" else refunded
            before = books.left(names[number]).points
            decision = books.refund(make(amount, original_transaction_no=names[number], currency=currency))
            taken = model.refund(number, None if kind == "reverse" else amount)
            assert -decision.points == taken == sum(before) - sum(books.left(names[number]).points)
            assert (decision.outcome is Outcome.CLAWED_BACK) == (taken > 0) == (decision.reason is None)
            assert all(0 <= after <= earlier for after, earlier in zip(books.left(names[number]).points, before, strict=True))


def agrees_with_its_explanation(books: Books, name: str) -> None:
    original = books.originals[name]
    explained = explain_posted(original.event, original.local, original.customer, books.rules, original.decision)
    in_force = books.rules.on_date(original.decision.transaction_on).rules
    assert [(each.code, each.version) for each in explained] == [(rule.code, rule.version) for rule in in_force]
    gave = {(each.code, each.given, each.points) for each in explained if each.applied}
    assert gave == {(books.rules.by_no[given.rule_no].rule.code, given.given, given.points) for given in original.decision.applied}
    for each in explained:
        assert each.applied or (each.points == 0 and each.reason is not None)
        assert (each.reason is RuleReason.TRIMMED) == (each.applied and each.points < each.given)
        if each.limits and each.reason in (None, RuleReason.TRIMMED, RuleReason.CAP_REACHED):
            assert (each.limits[0].asked, each.limits[-1].allowed) == (each.given, each.points)


@settings(max_examples=200, deadline=None)
@given(documents("r1"), amounts.filter(bool), st.lists(st.integers(0, 100_000), max_size=6), facts)
def test_refunds_of_all_parts_take_exactly_what_was_given(document: dict[str, Any], amount: int, cuts: list[int], who: CustomerChangedV1) -> None:
    books = Books(engine_of([Version(1, 1, document)]), who)
    points = books.post(posted(amount)).points
    edges = [0, *sorted(cut % (amount + 1) for cut in cuts), amount]
    parts = [end - start for start, end in pairwise(edges) if end > start]
    taken = [books.refund(refunded(part)).points for part in parts]
    assert all(each <= 0 for each in taken)
    assert points + sum(taken) == 0
    assert all(not counters for counters in books.usage.months.values())


@settings(max_examples=100, deadline=None)
@given(documents("r1"), st.lists(st.tuples(amounts, date_texts), max_size=12))
def test_no_limit_of_a_period_is_ever_exceeded(document: dict[str, Any], stream: list[tuple[int, str]]) -> None:
    document = document | {"limits": [limit | {"scope": "customer"} for limit in document["limits"]]}
    books = Books(engine_of([Version(1, 1, document)]))
    earned: dict[date, int] = {}
    for number, (amount, on) in enumerate(stream):
        points = books.post(posted(amount, on=on, transaction_no=f"T{number}")).points
        earned[date.fromisoformat(on)] = earned.get(date.fromisoformat(on), 0) + points
    for limit in document["limits"]:
        totals: dict[object, int] = {}
        for day, points in earned.items():
            period = {"day": day, "month": (day.year, day.month), "year": day.year}.get(limit["per"])
            totals[period] = totals.get(period, 0) + points
        totals.pop(None, None)
        assert all(total <= limit["points"] for total in totals.values())
