"""How many earnings a second the ledger credits with PostgreSQL on this machine, and how much of it is Python: `python -m bench.redemption.credit_rate URL`.

The database at URL is migrated and must be empty. Batches of 4,000 by default, for 100,000 customers, a fifth of whom make most of the earnings.
"""

import argparse
import cProfile
import pstats
import random
import resource
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psutil

from loyalty_shared.contracts.accrual import Cause, CostBearer, PointsClawedBackV1, PointsEarnedV1
from loyalty_shared.kernel.clock import SystemClock, monotonic_seconds
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.migrations import migrate
from loyalty_shared.persistence.offsets import Position, Span
from redemption.adapters.crediting import SqlCreditingWork
from redemption.adapters.unit_of_work import begin_on
from redemption.application.credit_earned_points import CreditEarnedPoints

MIGRATIONS = Path(__file__).parents[3] / "services/redemption/migrations"
BATCH = 4_000
CUSTOMERS = 100_000
RULES = 10
BUSINESS_ON = date(2026, 3, 1)


def events(count: int, seed: int, partition: int, partitions: int) -> Iterator[PointsEarnedV1]:
    """Make earnings as accrual publishes them: of 100, three are claw-backs."""
    rng = random.Random(seed)
    for number in range(count):
        customer = int(CUSTOMERS * rng.random() ** 2) // partitions * partitions + partition
        rule = rng.randrange(RULES)
        made = PointsClawedBackV1 if rng.random() < 0.03 else PointsEarnedV1
        cause = Cause(kind="transaction", source_system="core", no=f"2026030{seed}{number:09d}")
        yield made(
            legal_entity="001", customer_no=f"C{customer:08d}", points=rng.randrange(1, 500), point_type="base" if rule < 8 else "bonus",
            rule_code=f"rule-{rule}", rule_version=1, cause=cause,
            transaction_on=BUSINESS_ON, available_on=date(2026, 3, 2) if rule < 5 else BUSINESS_ON, expires_on=date(2030, 12, 31),
            expiry_policy="calendar_years:5", institution=f"4501{customer % 40:02d}", channel="POS", cost_bearers=(CostBearer(party="retail", percent=100),),
            campaign_code=None, earning_id=f"core:{cause.no}:1:rule-{rule}",
        )  # fmt: skip


def batches(count: int, seed: int, partition: int, partitions: int, size: int) -> list[Batch[PointsEarnedV1]]:
    """Cut one partition's events into batches as the consumer would hand them over."""
    made = list(events(count, seed, partition, partitions))
    before: Position | None = None
    cut = []
    for start in range(0, count, size):
        part = made[start : start + size]
        after = Position(cluster_id="bench", topic_id=f"bench-{seed}", next_offset=start + len(part))
        span = Span(group=f"bench-{seed}", topic="points", partition=partition, before=before, after=after)
        cut.append(Batch(group=span.group, topic="points", partition=partition, events=part, offsets=(), traceparents=(), records=(), span=span))
        before = after
    return cut


def database_seconds(database: Database) -> float:
    """Return the processor seconds that this program's sessions in PostgreSQL have used."""
    with database.transaction() as cursor:
        cursor.execute("select pid from pg_stat_activity where application_name = 'bench'")
        times = [psutil.Process(pid).cpu_times() for (pid,) in cursor.fetchall()]
    return float(sum(time.user + time.system for time in times))


def main() -> None:
    """Credit the given number of earnings from one or more threads and print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--events", type=int, default=120_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    migrate(MIGRATIONS, arguments.url)
    database = Database(arguments.url, application_name="bench")
    with database.transaction() as cursor:
        cursor.execute("insert into entity values ('001', '{}', 'Asia/Shanghai', %s, 15) on conflict do nothing", (BUSINESS_ON,))
    credit = CreditEarnedPoints(begin_on(database, SqlCreditingWork), SystemClock())
    each = arguments.events // arguments.threads
    work = [batches(each, arguments.seed * 10 + thread, thread, arguments.threads, arguments.batch) for thread in range(arguments.threads)]

    def run(mine: list[Batch[PointsEarnedV1]]) -> None:
        for batch in mine:
            credit(batch)

    profile = cProfile.Profile()
    if arguments.profile:
        profile.enable()
    in_database = database_seconds(database)
    began, processor = monotonic_seconds(), resource.getrusage(resource.RUSAGE_SELF)
    threads = [threading.Thread(target=run, args=(mine,)) for mine in work]
    if arguments.threads == 1:
        run(work[0])
    else:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    seconds, after = monotonic_seconds() - began, resource.getrusage(resource.RUSAGE_SELF)
    in_database = database_seconds(database) - in_database
    python = after.ru_utime - processor.ru_utime + after.ru_stime - processor.ru_stime
    done = each * arguments.threads
    print(
        f"{done / seconds:,.0f} earnings/s with {arguments.threads} thread(s); of the processor Python {python / done * 1e6:.1f} us each,"
        f" PostgreSQL's sessions {in_database / done * 1e6:.1f} us"
    )
    if arguments.profile:
        profile.disable()
        pstats.Stats(profile).sort_stats("tottime").print_stats(18)


if __name__ == "__main__":
    main()
