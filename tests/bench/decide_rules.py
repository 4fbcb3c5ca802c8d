"""Measure what deciding costs per event: ten live rules, four of them limited, 90% of events earn. `python tests/bench/decide_rules.py`; not a test.

Prints microseconds per event of one process for deciding, counting usage and storing, beside an empty loop over the same events.
"""

import random
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from accrual.domain.decide import decide_posted, local_time
from accrual.domain.decision import stored_applied
from accrual.domain.rule_set import RuleSet
from accrual.domain.usage import Usage
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1
from unit.accrual.builders import ZONE, customer, posted, rule, rule_set

EVENTS = 100_000
CUSTOMERS = 10_000
ROUNDS = 3

DAY_AND_TRANSACTION = [{"points": 200, "per": "transaction", "over": "trim"}, {"points": 500, "per": "day", "over": "trim"}]


def _is(fact: str, value: str) -> dict[str, Any]:
    return {"fact": f"transaction.{fact}", "is": value}


def ten_rules() -> RuleSet:
    """Return ten rules as a bank has them: base rules by card, promotions by category, multipliers for levels."""
    return rule_set(
        rule(
            "debit-base", when={"all": [_is("transaction_code", "POS"), _is("card_type", "debit")]}, limits=DAY_AND_TRANSACTION, expires={"calendar_years": 5}
        ),
        rule("credit-base", when={"all": [_is("transaction_code", "POS"), _is("card_type", "credit")]}, earn={"per_minor": 1000, "points": 1}),
        rule("transfer", when=_is("transaction_code", "TRANSFER"), earn={"fixed": 2}, limits=[{"points": 20, "per": "month", "over": "trim"}]),
        rule("payment", when=_is("transaction_code", "PAYMENT"), earn={"per_minor": 5000, "points": 1}),
        rule("dining", when={"fact": "transaction.mcc", "in": ["5812", "5814"]}, earn={"fixed": 10}, limits=[{"points": 50, "per": "day", "over": "reject"}]),
        rule("gold", when={"fact": "customer.level", "is": "gold"}, earn={"multiply": {"rules": ["debit-base", "credit-base"], "by": "1.5"}}),
        rule("large", when={"fact": "transaction.amount_minor", "at_least": 90_000}, earn={"bands": [{"from_minor": 90_000, "points": 5}]}),
        rule("travel", when={"all": [_is("mcc", "4722"), {"fact": "time.weekday", "in": ["sat", "sun"]}]}, earn={"fixed": 30}),
        rule(
            "campus", when={"all": [_is("merchant_no", "M7"), {"fact": "customer.age", "below": 25}]}, limits=[{"points": 99, "per": "month", "over": "trim"}]
        ),
        rule("salary", when=_is("transaction_code", "SALARY"), earn={"fixed": 100}),
    )


def workload() -> list[tuple[TransactionPostedV1, CustomerChangedV1, Usage]]:
    """Return seeded events with each customer's facts and usage, skewed as customers are."""
    dice = random.Random(20260301)
    facts = [customer(level=dice.choice(["gold", "silver", "classic", None, None])) for _ in range(CUSTOMERS)]
    usages = [Usage({}) for _ in range(CUSTOMERS)]
    events = []
    for number in range(EVENTS):
        who = min(int(dice.paretovariate(0.6)) - 1, CUSTOMERS - 1) if dice.random() < 0.3 else dice.randrange(CUSTOMERS)
        event = posted(
            dice.randrange(1_000, 100_000),
            on=f"2026-03-{dice.randrange(1, 29):02d}",
            transaction_no=str(number),
            customer_no=f"C{who}",
            transaction_code=dice.choices(["POS", "TRANSFER", "PAYMENT", "ATM"], [75, 10, 10, 5])[0],
            card_type=dice.choice(["debit", "debit", "credit"]),
            mcc=dice.choice(["5411", "5812", "5814", "4722", "7011", None]),
            merchant_no=f"M{dice.randrange(1_000)}",
        )
        events.append((event, facts[who], usages[who]))
    return events


def microseconds_per_event(run: Callable[[], None]) -> float:
    """Return the best of a few runs over all events."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = process_time()
        run()
        best = min(best, process_time() - start)
    return best * 1_000_000 / EVENTS


def main() -> None:
    """Print the table."""
    rules = ten_rules()
    work = workload()
    local_times = [local_time(event, ZONE) for event, _, _ in work]

    def nothing() -> None:
        for (_event, _facts, _usage), _local in zip(work, local_times, strict=True):
            pass

    def times() -> None:
        for event, _facts, _usage in work:
            local_time(event, ZONE)

    def decide() -> None:
        for (event, facts, usage), local in zip(work, local_times, strict=True):
            decide_posted(event, local, facts, rules, usage)

    def decide_and_count() -> None:
        for _event, _facts, usage in work:
            usage.months.clear()
        for (event, facts, usage), local in zip(work, local_times, strict=True):
            decision = decide_posted(event, local, facts, rules, usage)
            usage.add(decision, event, decision.transaction_on, rules)

    floor = microseconds_per_event(nothing)
    decide_and_count()
    decisions = [decide_posted(event, local, facts, rules, usage) for (event, facts, usage), local in zip(work, local_times, strict=True)]

    def store() -> None:
        for decision in decisions:
            stored_applied(decision)

    table = {
        "local time": microseconds_per_event(times) - floor,
        "decide (usage reached)": microseconds_per_event(decide) - floor,
        "decide and count usage": microseconds_per_event(decide_and_count) - floor,
        "store as JSON": microseconds_per_event(store) - floor,
    }
    for stage, microseconds in table.items():
        print(f"{stage:<26}{microseconds:7.2f} us/event")
    earning = sum(decision.points > 0 for decision in decisions)
    earnings = sum(len(decision.applied) for decision in decisions)
    print(f"{earning / EVENTS:.0%} of events earn, {earnings / EVENTS:.2f} earnings per event (with all limits as they stand at the end)")


if __name__ == "__main__":
    main()
