"""How long what-if takes over stored history on this machine: `python -m bench.accrual.what_if URL [--events 1000000]`, from tests/; not a test.

The database at URL is migrated and must be empty. It is given that many decisions of ten live rules for 100,000 customers, 3% refunds; then a draft of one of
the rules is simulated over all of them, by as many processes as the service starts. Printed: seconds, from their start on, their processor seconds, and the
machine's load before and after.
"""

import argparse
import json
import multiprocessing
import os
import resource
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from accrual.adapters.rule_sets import RuleSets
from accrual.adapters.unit_of_work import units_of_work
from accrual.application.history import Span
from accrual.application.rule_changes import Call
from accrual.application.simulation_records import PARTS
from accrual.application.start_simulation import StartSimulation
from accrual.entrypoints.background import run_simulations
from loyalty_shared.kernel.clock import SystemClock, monotonic_seconds
from loyalty_shared.kernel.ids import new_id
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.migrations import migrate
from loyalty_shared.web.idempotency import Idempotency

MIGRATIONS: Final = Path(__file__).parents[3] / "services/accrual/migrations"
CUSTOMERS: Final = 100_000
DAY: Final = [{"points": 200, "per": "transaction", "over": "trim"}, {"points": 500, "per": "day", "over": "trim"}]
LEVELS: Final = "(array['gold', 'silver', 'classic', null])[1 + customer %% 4]"

_FACTS: Final = f"""
insert into customer_fact (legal_entity, customer_no, changed_at, level, tags, status)
select '001', 'C' || lpad(customer::text, 8, '0'), '2025-01-01', {LEVELS}, '{{}}', 'active' from generate_series(0, %(customers)s - 1) as customer
"""
_PURCHASES: Final = """
insert into decision (batch_no, position, partition, kind, legal_entity, source_system, transaction_no, leg, customer_no, account_no, card_type, product_code,
  transaction_code, channel, institution, direction, amount_minor, currency, merchant_no, mcc, transaction_at, posted_on, transaction_on, outcome, points,
  rule_set, facts_at, applied)
select 1 + n / 4000, n %% 4000, n %% 16, 'posted', '001', 'core', '20260301' || lpad(n::text, 9, '0'), 1, 'C' || lpad(customer::text, 8, '0'), 'A' || customer,
  case when n %% 3 = 0 then 'credit' else 'debit' end, 'CARD', case when n %% 10 = 0 then 'PAYMENT' else 'POS' end, 'POS', '4501' || (customer %% 40), 'debit',
  amount, 'CNY', 'M' || (n %% 500), (array['5411', '5812', '5814', '4722', '5999'])[1 + n %% 5], at, at::date, (at at time zone 'Asia/Shanghai')::date,
  'accrued', amount / 2000 + 1, 1, '2025-01-01', '{"a":[[1,' || amount / 2000 + 1 || ',' || amount / 2000 + 1 || ',"2026-03-02","2030-12-31"]],"u":{"1":[40]}}'
from (select n, (%(customers)s * power(random(), 2))::int as customer, (2000 + random() * 98000)::bigint as amount,
  timestamptz '2026-01-01' + random() * interval '89 days' as at from generate_series(0, %(events)s - 1) as n) as made
"""
_REFUNDS: Final = """
insert into decision (batch_no, position, partition, kind, legal_entity, source_system, transaction_no, leg, customer_no, account_no, card_type, product_code,
  transaction_code, channel, institution, direction, amount_minor, currency, transaction_at, posted_on, original_no, original_leg, original_batch_no,
  original_position, transaction_on, outcome, points, rule_set, applied)
select 1000000 + n / 4000, n %% 4000, partition, 'refunded', legal_entity, source_system, 'R' || transaction_no, 1, customer_no, account_no, card_type,
  product_code, transaction_code, channel, institution, direction, amount_minor / 2, currency, transaction_at + interval '1 day', posted_on, transaction_no, 1,
  batch_no, position, transaction_on, 'clawed-back', -1, 1, '{"a":[[1,-1,-1,"2026-03-02","2030-12-31"]]}'
from (select *, row_number() over () as n from decision where position %% 33 = 0) as bought
"""


def rules() -> list[dict[str, Any]]:
    """Return ten rules as a bank has them, four of them limited."""

    def is_(fact: str, value: str) -> dict[str, Any]:
        return {"fact": f"transaction.{fact}", "is": value}

    def made(code: str, **more: Any) -> dict[str, Any]:
        return {"code": code, "point_type": "base", "on": "transaction", "earn": {"per_minor": 2000, "points": 1}, **more}

    return [
        made("debit-base", when={"all": [is_("transaction_code", "POS"), is_("card_type", "debit")]}, limits=DAY, expires={"calendar_years": 5}),
        made("credit-base", when={"all": [is_("transaction_code", "POS"), is_("card_type", "credit")]}, earn={"per_minor": 1000, "points": 1}),
        made("transfer", when=is_("transaction_code", "TRANSFER"), earn={"fixed": 2}, limits=[{"points": 20, "per": "month", "over": "trim"}]),
        made("payment", when=is_("transaction_code", "PAYMENT"), earn={"per_minor": 5000, "points": 1}),
        made("dining", when={"fact": "transaction.mcc", "in": ["5812", "5814"]}, earn={"fixed": 10}, limits=[{"points": 50, "per": "day", "over": "reject"}]),
        made("gold", when={"fact": "customer.level", "is": "gold"}, earn={"multiply": {"rules": ["debit-base", "credit-base"], "by": "1.5"}}),
        made("large", when={"fact": "transaction.amount_minor", "at_least": 90_000}, earn={"bands": [{"from_minor": 90_000, "points": 5}]}),
        made("travel", when={"all": [is_("mcc", "4722"), {"fact": "time.weekday", "in": ["sat", "sun"]}]}, earn={"fixed": 30}),
        made(
            "campus", when={"all": [is_("merchant_no", "M7"), {"fact": "customer.age", "below": 25}]}, limits=[{"points": 99, "per": "month", "over": "trim"}]
        ),
        made("salary", when=is_("transaction_code", "SALARY"), earn={"fixed": 100}),
    ]


def fill(database: Database, events: int) -> None:
    """Make the history, as if the stream had decided it."""
    with database.transaction() as cursor:
        cursor.execute("set local statement_timeout = 0")
        cursor.execute("insert into entity values ('001', '{}', 'Asia/Shanghai', '2026-04-01', 15)")
        for document in rules():
            cursor.execute(
                "insert into rule_version (legal_entity, code, version, document, status, made_by, made_at) values ('001', %s, 1, %s, 'approved', 'bench', %s)",
                (document["code"], json.dumps(document), datetime(2026, 1, 1, tzinfo=UTC)),
            )
        members = "select jsonb_agg(jsonb_build_array(rule_no, null)) from rule_version"
        cursor.execute(f"insert into rule_set (legal_entity, members, made_at) values ('001', ({members}), now())")
        cursor.execute(_FACTS, {"customers": CUSTOMERS})
        cursor.execute(_PURCHASES, {"customers": CUSTOMERS - 1, "events": events})
        cursor.execute(_REFUNDS, ())
        cursor.execute("analyze")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--events", type=int, default=1_000_000)
    asked = parser.parse_args()
    migrate(MIGRATIONS, asked.url)
    database = Database(asked.url, application_name="bench")
    began = monotonic_seconds()
    fill(database, asked.events)
    print(f"made {asked.events:,} decisions in {monotonic_seconds() - began:.1f} s")

    begin, clock = units_of_work(database, RuleSets()), SystemClock()
    draft = rules()[0] | {"earn": {"per_minor": 1500, "points": 1}, "limits": [{"points": 300, "per": "day", "over": "trim"}]}
    call = Call(idempotency=Idempotency("001", "bench", new_id(), b""), credential="bench", may_check=False)
    span = Span(legal_entity="001", from_on=date(2026, 1, 1), to_on=date(2026, 4, 1))
    started = StartSimulation(begin, clock)(draft, span, call)
    load, before, began = os.getloadavg()[0], resource.getrusage(resource.RUSAGE_CHILDREN), monotonic_seconds()
    processes = [multiprocessing.get_context("spawn").Process(target=run_simulations, args=(part, asked.url)) for part in range(PARTS)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    took, after = monotonic_seconds() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    with begin() as work:
        record = work.simulations.find("001", str(started.body["simulation_id"]))
    assert record is not None
    events, points_before, points_after = record.effect.total
    print(f"{record.status}: {events:,} events in {took:.1f} s, {processor:.1f} s of the {PARTS} processes' processor time")
    print(f"points {points_before:,} > {points_after:,}; load {load:.1f} before, {os.getloadavg()[0]:.1f} after")
    database.close()


if __name__ == "__main__":
    main()
