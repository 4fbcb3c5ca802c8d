"""What rules see of a merchant: each fact, its absence, and the same facts again when the purchase is refunded or explained."""

from typing import Any

import pytest

from accrual.domain.decide import local_time
from accrual.domain.explain import explain_posted
from accrual.domain.merchant_facts import UNREGISTERED, MerchantFacts
from accrual.domain.reasons import RuleReason
from unit.accrual.builders import ZONE, Books, at, posted, refunded, rule, rule_set

CAFE = MerchantFacts("points-accepting", "5814", "450100", "active")


@pytest.mark.parametrize(
    ("name", "test", "at_cafe", "at_unregistered"),
    [
        ("merchant.type", {"is": "points-accepting"}, True, False),
        ("merchant.type", {"is_not": "points-accepting"}, False, True),
        ("merchant.mcc", {"in": ["5812", "5814"]}, True, False),
        ("merchant.mcc", {"not_in": ["5812"]}, True, True),
        ("merchant.institution", {"is": "450100"}, True, False),
        ("merchant.status", {"is": "active"}, True, False),
        ("merchant.status", {"is": "suspended"}, False, False),
        ("merchant.status", {"exists": True}, True, False),
        ("merchant.status", {"exists": False}, False, True),
    ],
)
def test_each_fact_of_a_merchant_and_of_none(name: str, test: dict[str, Any], at_cafe: bool, at_unregistered: bool) -> None:
    rules = rule_set(rule(when={"fact": name, **test}, earn={"fixed": 1}))
    for merchant, expected in ((CAFE, at_cafe), (UNREGISTERED, at_unregistered)):
        decision = Books(rules, merchant=merchant).post(posted())
        assert (decision.points > 0) is expected, merchant
        (explained,) = explain_posted(posted(), local_time(posted(), ZONE), None, rules, decision, merchant)
        assert explained.applied is expected
        assert expected or explained.reason in (RuleReason.CONDITIONS_NOT_MET, RuleReason.EXCLUDED_MERCHANT)


def test_a_fact_of_the_merchant_stands_beside_facts_of_the_transaction() -> None:
    rules = rule_set(rule(when={"all": [{"fact": "transaction.mcc", "is": "5411"}, {"fact": "merchant.status", "is": "active"}]}, earn={"fixed": 1}))
    assert [Books(rules, merchant=CAFE).post(posted(mcc=mcc)).points for mcc in ("5411", "5814")] == [1, 0]


def test_a_refund_decides_again_with_the_facts_of_its_purchase() -> None:
    books = Books(rule_set(rule(when={"fact": "merchant.status", "is": "active"}, earn={"per_minor": 100, "points": 1})), merchant=CAFE)
    assert books.post(posted(10_000)).points == 100
    books.merchant = MerchantFacts("points-accepting", "5814", "450100", "suspended")
    assert books.refund(refunded(2_500)).points == -25


def test_rules_say_whether_they_look_at_merchants_on_a_date() -> None:
    looks = rule(when={"not": {"any": [{"fact": "merchant.mcc", "is": "5814"}]}}, applies={"from": "2026-03-01", "to": "2026-04-01"})
    plain = rule("plain", when={"fact": "transaction.merchant_no", "is": "M1"})
    with_both, without = rule_set(looks, plain), rule_set(plain)
    days = [at(text).date() for text in ("2026-02-28", "2026-03-01", "2026-03-31", "2026-04-01")]
    assert [with_both.sees_merchants(day) for day in days] == [False, True, True, False]
    assert [without.sees_merchants(day) for day in days] == [False] * 4
    assert (with_both.names_merchants, without.names_merchants) == (True, False)
