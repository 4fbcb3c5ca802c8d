"""Random rules and random streams with refunds: the engine agrees with the plain model, refunds conserve points, and explanations agree with decisions."""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import count, cycle, pairwise
from typing import Any, Final

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from accrual.application.facts import Decided, key_of
from accrual.domain.decide import local_time
from accrual.domain.explain import explain_posted
from accrual.domain.limits import WHOLE
from accrual.domain.reasons import Outcome, RuleReason
from accrual.domain.rule import Rule
from accrual.domain.rule_document import rule_from_document
from accrual.domain.rule_set import RuleSet, RuleVersion
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1, TransactionRefundedV1, TransactionReversedV1
from unit.accrual.builders import ZONE, Books, posted, refunded, reversed_
from unit.accrual.model import Model, Version
from unit.accrual.stream import Stream

LONG: Final = os.environ.get("NANZHU_LONG_RUN") == "1"
#: How many streams and how many ways to split refunds are tried.
STREAMS: Final = 10_000 if LONG else 200
SPLITS: Final = 10_000 if LONG else 200

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
periods = st.sampled_from(["day", "week", "month", "year", "campaign", "rolling_days.1", "rolling_days.9", "rolling_days.40"])
fact_tests: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda fact, test, value: {"fact": fact, test: value}, texts, st.sampled_from(["is", "is_not"]), values),
    st.builds(lambda fact, test, value: {"fact": fact, test: value}, texts, st.sampled_from(["in", "not_in"]), st.lists(values, min_size=1, max_size=3)),
    st.builds(lambda fact, yes: {"fact": fact, "exists": yes}, texts, st.booleans()),
    st.builds(lambda test: {"fact": "transaction.amount_minor", test[0]: test[1]}, amount_tests),
    st.builds(lambda tag: {"fact": "customer.tags", "contains": tag}, st.sampled_from(["staff", "vip"])),
    st.builds(lambda test, yes: {"fact": "customer.birthday", test: yes}, st.sampled_from(["matches_day", "matches_month", "exists"]), st.booleans()),
    st.builds(lambda low: {"fact": "time.weekday", "at_least": low}, st.integers(1, 7)),
    st.builds(lambda of, test, number: {"fact": f"count.{of}", test: number}, periods, st.sampled_from(["at_least", "is", "below"]), st.integers(1, 5)),
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
    st.builds(lambda number, of, points: {"nth": number, "of": of, "fixed": points}, st.integers(1, 4), periods, st.integers(1, 60)),
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
    carries = draw(st.booleans())
    return {
        "code": code,
        "point_type": draw(st.sampled_from(["base", "bonus"])),
        "on": "transaction",
        "applies": {"from": start, "to": end if start is None or end is None or end > start else None},
        "when": draw(st.one_of(st.just({"all": []}), conditions)),
        "earn": draw(earns if code in CODES else multiplies),
        "currency": draw(st.sampled_from(["CNY", "CNY", "CNY", "USD"])),
        "convert": draw(st.booleans()),
        "rounding": "down" if carries else draw(st.sampled_from(["down", "half_up", "half_even", "up"])),
        "remainder": "carry" if carries else "drop",
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


@st.composite
def kept_busy(draw: st.DrawFn) -> list[Version]:
    """Draw rules that apply to nearly everything and give little, so that counts and remainders decide what they give."""
    open_ended = {"applies": {"from": None, "to": None}, "currency": "CNY", "convert": True}
    made = []
    for rule_no, code in enumerate(draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=3, unique=True)), start=1):
        document = draw(documents(code)) | open_ended | {"limits": draw(st.lists(limits, max_size=1))}
        if document["remainder"] == "carry":
            step = draw(st.sampled_from([700, 3_000, 70_000]))
            document |= {"earn": {"per_minor": step, "points": draw(small)}, "when": {"all": []}}
        else:
            counted = st.builds(lambda of, number: {"fact": f"count.{of}", "at_least": number}, periods, st.integers(1, 4))
            document |= {"when": {"all": draw(st.lists(st.one_of(counted, conditions), max_size=2))}}
            if draw(st.booleans()):
                document |= {"earn": {"nth": draw(st.integers(1, 3)), "of": draw(periods), "fixed": 40}}
        made.append(Version(rule_no, 1, document))
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
    st.one_of(date_texts, st.sampled_from(["2026-02-01", "2026-02-02"])),
    st.fixed_dictionaries(
        {
            "transaction_code": st.sampled_from(["POS", "ATM"]),
            "mcc": st.sampled_from(["5411", "5812", None]),
            "card_type": st.sampled_from(["debit", "credit", None]),
            "merchant_no": st.sampled_from(["M1", "M9", None]),
            "account_no": st.sampled_from(["A1", "A2"]),
            "currency": st.sampled_from(["CNY", "CNY", "CNY", "USD", "JPY"]),
        }
    ),
)
#: Which purchase, by the order in which they come, maybe of one that is still to come; the highest number: of one that never comes.
NEVER_COMES: Final = 30
refunds = st.tuples(
    st.sampled_from(["refund", "refund", "refund", "reverse"]), st.integers(0, NEVER_COMES), st.sampled_from([0, 1, 10, 33, 50, 66, 90, 100, 101])
)
streams = st.lists(st.one_of(purchases, purchases, refunds), min_size=3, max_size=20)
rates = st.sampled_from([{"USD": "7.1234", "JPY": "0.0489"}, {"USD": "7.1234"}, {}])


def engine_of(made: list[Version]) -> RuleSet:
    members = []
    for version in made:
        rule = rule_from_document(version.document)
        assert isinstance(rule, Rule), rule
        members.append(RuleVersion(rule_no=version.rule_no, version=version.version, rule=rule, stopped_on=version.stopped_on))
    return RuleSet(7, members)


@settings(max_examples=STREAMS, deadline=None)
@given(st.one_of(versions(), kept_busy()), facts, rates, streams, st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_the_engine_agrees_with_the_model(made: list[Version], who: CustomerChangedV1, rated: dict[str, str], stream: list[Any], sizes: list[int]) -> None:
    """Decide a stream in batches of random sizes, refunds before their purchases included. NANZHU_LONG_RUN=1 for 10,000 streams."""
    engine, model = Stream(engine_of(made), who, rated), Model(made, who, rated)
    events = list(events_of(stream))
    for size in cycle(sizes):
        batch, events = events[:size], events[size:]
        if not batch:
            break
        expected = modelled(model, batch)
        for one in engine.decide(batch):
            agrees(engine, one, expected[one.event.transaction_no])
    assert {waiting.refund.transaction_no for waiting in engine.waiting} == {refund for refunds in model.waiting.values() for refund, _ in refunds}
    assert remainders_of(engine) == {code: kept for code, kept in model.now.remainders.items() if kept}


def events_of(stream: list[Any]) -> Iterator[TransactionPostedV1]:
    """Yield the events that a drawn stream says: the n-th purchase is Tn, and refunds are of its amount, or of ten yuan when it never comes."""
    drawn = [event for event in stream if event[0] == "post"]
    numbers = count()
    for place, event in enumerate(stream):
        if event[0] == "post":
            _, amount, on, changes = event
            yield posted(amount, on=on, transaction_no=f"T{next(numbers)}", **changes)
            continue
        kind, which, percent = event
        which = which % len(drawn) if drawn and which < NEVER_COMES else which
        amount, currency = (drawn[which][1], drawn[which][3]["currency"]) if which < len(drawn) else (1_000, "CNY")
        make = reversed_ if kind == "reverse" else refunded
        yield make(amount * percent // 100, transaction_no=f"R{place}", original_transaction_no=f"T{which}", currency=currency)


def modelled(model: Model, batch: list[TransactionPostedV1]) -> dict[str, Any]:
    """Return what the model gives for each purchase, by rule, and takes for each refund, by number; None for one that waits."""
    expected: dict[str, Any] = {}
    for event in batch:
        if isinstance(event, TransactionRefundedV1):
            amount = None if isinstance(event, TransactionReversedV1) else event.amount_minor
            expected[event.transaction_no] = model.refund(event.original_transaction_no, event.transaction_no, amount)
        else:
            given, taken = model.post(event, local_time(event, ZONE).date())
            expected |= {event.transaction_no: given} | taken
    return expected


def agrees(engine: Stream, one: Decided, expected: Any) -> None:
    decision = one.decision
    if not isinstance(one.event, TransactionRefundedV1):
        assert {given.rule_no: given.points for given in decision.applied} == expected
        agrees_with_its_explanation(engine, one)
        return
    if expected is None:
        assert decision.outcome is Outcome.WAITING
        return
    assert -decision.points == expected == -sum(given.points for given in decision.applied)
    assert (decision.outcome is Outcome.CLAWED_BACK) == (expected > 0) == (decision.reason is None)
    assert all(given.points < 0 for given in decision.applied)


def remainders_of(engine: Stream) -> dict[str, Fraction]:
    """Return the remainders that the engine has kept."""
    kept = msgspec.json.decode(engine.months.get(WHOLE, "{}"), type=dict[str, int])
    return {name[:-1]: Fraction(numerator, kept[f"{name[:-1]}/"]) for name, numerator in kept.items() if name.endswith("+") and numerator}


def agrees_with_its_explanation(engine: Stream, one: Decided) -> None:
    _, original = engine.originals[key_of(one.event)]
    explained = explain_posted(original.event, original.local, original.customer, engine.rules, original.decision)
    in_force = engine.rules.on_date(original.decision.transaction_on).rules
    assert [(each.code, each.version) for each in explained] == [(rule.code, rule.version) for rule in in_force]
    gave = {(each.code, each.given, each.points) for each in explained if each.applied}
    assert gave == {(engine.rules.by_no[given.rule_no].rule.code, given.given, given.points) for given in original.decision.applied}
    for each in explained:
        assert each.applied or (each.points == 0 and each.reason is not None)
        assert (each.reason is RuleReason.TRIMMED) == (each.applied and each.points < each.given)
        if each.limits and each.reason in (None, RuleReason.TRIMMED, RuleReason.CAP_REACHED):
            assert (each.limits[0].asked, each.limits[-1].allowed) == (each.given, each.points)


@settings(max_examples=SPLITS, deadline=None)
@given(
    st.one_of(versions(), kept_busy()),
    st.lists(st.tuples(amounts, date_texts), max_size=4),
    amounts.filter(bool),
    date_texts,
    st.lists(st.integers(0, 100_000), max_size=6),
    facts,
)
def test_refunds_of_all_parts_take_exactly_what_was_given(
    made: list[Version], earlier: list[tuple[int, str]], amount: int, on: str, cuts: list[int], who: CustomerChangedV1
) -> None:
    """Split a purchase into refunds: points, limits, counts and remainders are as they were before it. NANZHU_LONG_RUN=1 for 10,000 splits."""
    books = Books(engine_of(made), who)
    for number, (bought, day) in enumerate(earlier):
        books.post(posted(bought, on=day, transaction_no=f"E{number}"))
    before = {document: dict(counters) for document, counters in books.usage.months.items() if counters}
    points = books.post(posted(amount, on=on)).points
    edges = [0, *sorted(cut % (amount + 1) for cut in cuts), amount]
    parts = [end - start for start, end in pairwise(edges) if end > start]
    taken = [books.refund(refunded(part)).points for part in parts]
    assert all(each <= 0 for each in taken)
    assert points + sum(taken) == 0
    assert {document: counters for document, counters in books.usage.months.items() if counters} == before


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
