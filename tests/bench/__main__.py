"""`make bench`: the points path end to end beside its floor, in the same minute, on the same Kafka and PostgreSQL; then spending, beside pgbench (spending.py).

What is timed: from the start of accrual's and redemption's processes, with all events already in `core.transactions`, until the last entry is
committed in the ledger; and until every consumer has drained: all seven services run.
The floor (floor.py, adopted unchanged) is timed the same way: from the start of its two processes.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import psycopg2
from rich.console import Console

from bench.processes import processor_seconds, started_at
from bench.progress import progress_of
from bench.publishing import fill
from bench.report import Result, Run, kept, save, show, show_spending
from bench.rules import CAMPAIGNS, RULES, rules_in_number
from bench.spending import measure_spending
from bench.stages import stage_seconds
from bench.workload import customers, transactions
from loyalty_shared.contracts.topics import CORE_CUSTOMERS, CORE_TRANSACTIONS
from nanzhu_demo.client import PlatformClient
from nanzhu_demo.rule_setup import approve_rules
from nanzhu_demo.waiting import until_read
from nanzhu_local.endpoints import Endpoints
from nanzhu_local.platform import LocalPlatform

ENTITY: Final = "001"
TIMED: Final = ("accrual", "redemption")
RESULT: Final = Path("build/bench.json")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument(
        "--rules", type=int, default=len(RULES), help="live rules: the ten of the workload, and promotions beside them (50: three campaigns too)"
    )
    parser.add_argument("--spending", action=argparse.BooleanOptionalAction, default=True, help="measure reserve + capture pairs too")
    parser.add_argument("--spending-only", action="store_true", help="measure nothing else; accrual's top rate is the one that the last run found")
    parser.add_argument("--keep", action="store_true", help="leave the platform's directory for a look afterwards")
    arguments = parser.parse_args()
    console = Console()
    platform = LocalPlatform(Path(tempfile.mkdtemp(prefix="nanzhu-bench-")) / "run")
    result, spending = None, None
    try:
        platform.up_infrastructure()
        if not arguments.spending_only:
            result = measure_events(platform, arguments.events, arguments.rules, console)
            save(result, None, RESULT)
            show(result, console)
        endpoints = platform.up()
        if arguments.spending_only:
            asyncio.run(make_ready(endpoints, arguments.rules))
        if arguments.spending or arguments.spending_only:
            top_rate = result.platform.posted_per_second if result is not None else kept(RESULT).get("platform", {}).get("posted_per_second")
            spending = measure_spending(platform, endpoints, ENTITY, 0 if result is None else arguments.events, top_rate, console)
    finally:
        if arguments.keep:
            platform.down()
            console.print(f"left in {platform.run.path}")
        else:
            platform.clean()
    if spending is not None:
        save(None, spending, RESULT)
        show_spending(spending, console)
    console.print(f"written to {RESULT}")
    return 0


def measure_events(platform: LocalPlatform, events: int, rules: int, console: Console) -> Result:
    """Measure the floor, then the platform, which is up afterwards, with the same number of events."""
    floor = measure_floor(platform, events)
    console.print(f"the floor: {floor}")
    endpoints = platform.up()
    asyncio.run(prepare(platform, endpoints, events, rules))
    run = measure(platform, endpoints, events)
    return Result(
        rules=rules,
        floor_ratio=round(run.posted_per_second / floor["posted_per_second"], 3),
        decided_ratio=round(run.decided_per_second / floor["decided_per_second"], 3),
        floor=floor,
        platform=run,
    )


def measure_floor(platform: LocalPlatform, events: int) -> Mapping[str, int]:
    """Run floor.py against the platform's own broker and server, in a database of its own, and return its figures."""
    connection = psycopg2.connect(platform.database_server)
    connection.autocommit = True
    connection.cursor().execute("create database floor")
    dsn = psycopg2.extensions.make_dsn(platform.database_server, dbname="floor")
    connection.close()
    command = [sys.executable, str(Path(__file__).with_name("floor.py")), "--kafka", platform.kafka, "--dsn", dsn, "--events", str(events)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, int] = json.loads(answer.stdout.splitlines()[-1])
    return figures


async def prepare(platform: LocalPlatform, endpoints: Endpoints, events: int, rules: int) -> None:
    """Put the rules in force, make the customers known, stop the timed services and fill the topic that they will read."""
    await make_ready(endpoints, rules)
    for name in TIMED:
        platform.stop(name)
    await fill(platform.kafka, CORE_TRANSACTIONS, transactions(events))


async def make_ready(endpoints: Endpoints, rules: int) -> None:
    """Put the rules in force and make the customers known."""
    async with PlatformClient(endpoints, ENTITY) as client:
        for campaign in CAMPAIGNS if rules > len(RULES) else ():
            await client.post("accrual", "campaigns", campaign, role="maker")
        await approve_rules(client, rules_in_number(rules))
        known = await fill(endpoints.kafka, CORE_CUSTOMERS, customers())
        await until_read(client, "accrual", CORE_CUSTOMERS, known)
        await until_read(client, "redemption", CORE_CUSTOMERS, known)


def measure(platform: LocalPlatform, endpoints: Endpoints, events: int) -> Run:
    """Start the timed services and return how they did."""
    before = processor_seconds(platform)
    with progress_of(endpoints) as progress, ThreadPoolExecutor(1) as starting:
        started = starting.submit(platform.up)  # both at once; that they are ready need not be waited for
        began = started_at(platform, TIMED)
        progress.until_decided(events)
        decided_seconds = time.monotonic() - began
        earnings = progress.until_posted()
        posted_seconds = time.monotonic() - began
        started.result()
        progress.until_drained()
        drained_seconds = time.monotonic() - began
        after = processor_seconds(platform)
        return Run(
            events=events,
            decided_per_second=round(events / decided_seconds),
            posted_per_second=round(events / posted_seconds),
            posted_seconds=round(posted_seconds, 2),
            drained_seconds=round(drained_seconds, 2),
            earnings=earnings,
            earnings_per_event=round(earnings / events, 2),
            earned_share=round(progress.earning_share(), 3),
            processor_us={name: round((used - (0.0 if name in TIMED else before.get(name, 0.0))) * 1e6 / events, 1) for name, used in after.items()},
            stages_us={name: round(seconds * 1e6 / events, 2) for name, seconds in stage_seconds(endpoints, TIMED).items()},
        )


if __name__ == "__main__":
    sys.exit(main())
