"""The spending stage of `make bench`: reserve + capture pairs over HTTP beside pgbench with the same SQL, on one account, and while accrual streams.

wrk sends what a channel would (spending.lua); pgbench sends what the service sends to PostgreSQL for it (spending_sql.py), to a copy of the service's
database that was made just before. The service's answers, its checks and its relay are what the ratio is the price of.
"""

import asyncio
import itertools
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from bench.load_tools import has_wrk, run_pgbench, run_wrk
from bench.processes import processor_seconds
from bench.progress import progress_of
from bench.publishing import stream
from bench.spending_accounts import CUSTOMERS, FIRST_CUSTOMER, copy_ledger, open_accounts
from bench.spending_sql import pgbench_script
from bench.workload import FIRST_DAY, transactions
from loyalty_shared.contracts.topics import CORE_TRANSACTIONS
from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.persistence.connections import Database
from nanzhu_local.endpoints import Endpoints
from nanzhu_local.platform import LocalPlatform

CLIENTS: Final = 16
SECONDS: Final = 10
WARM_UP_SECONDS: Final = 3
#: The customers' spending that a bank of this size must answer while its core streams (issue 6).
PACED_PAIRS_PER_SECOND: Final = 300
PACED_SECONDS: Final = 20
#: As many as 300 pairs a second keep busy when each takes 100 ms: a slower service shows in the times, which run from when a pair was due.
PACED_CLIENTS: Final = 32
UNPACED: Final = 0
_SHOWN: Final = ("redemption", "postgres")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """What one load came to. A pair's time is from its reservation's request (paced: from when it was due) until the capture's answer.

    `processor_us`: microseconds of processor per pair of wrk, redemption and PostgreSQL. `wrk_share`: of all cores.
    """

    per_second: int
    p50_ms: float
    p99_ms: float
    call_p50_ms: float
    call_p99_ms: float
    errors: int
    wrk_share: float
    processor_us: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What pgbench did with the same SQL: pairs per second, and microseconds of processor per pair of pgbench and PostgreSQL."""

    per_second: int
    processor_us: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Streaming:
    """The paced load, and what accrual did meanwhile, in events per second."""

    asked_per_second: int
    streamed_per_second: int
    decided_per_second: int
    pairs: Pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Pairs beside pgbench's with the same SQL. `streaming` None: the top rate of accrual is not known.

    `processor_ratio`: the floor's processor per pair over that of wrk, redemption and PostgreSQL, whose readers of the ledger are in it: it varies less with
    what else runs on the machine.
    """

    ratio: float
    ratio_one_account: float
    processor_ratio: float
    floor: Floor
    floor_one_account: Floor
    many_accounts: Pairs
    one_account: Pairs
    streaming: Streaming | None
    load_average_before: float


def measure_spending(
    platform: LocalPlatform, endpoints: Endpoints, legal_entity: str, published: int, top_rate: int | None, console: Console
) -> Spending | None:
    """Measure spending on a platform that is up; None without wrk. `published`: events of the workload sent so far; `top_rate`: accrual's, events/s."""
    if not has_wrk():
        console.print("spending is not measured: wrk is missing (Debian's package `wrk`)")
        return None
    load = os.getloadavg()[0]
    asyncio.run(open_accounts(endpoints, legal_entity))
    with progress_of(endpoints) as progress:
        progress.until_ledger_read()  # else its readers would still be at the new accounts while pairs are timed
    floor_url = copy_ledger(platform, endpoints)
    database = Database(floor_url, application_name="bench")
    script = pgbench_script(database, legal_entity, f"C{FIRST_CUSTOMER}", FIRST_DAY)
    database.close()
    load_of = _Load(platform, endpoints, legal_entity)
    load_of.pairs(CLIENTS, WARM_UP_SECONDS, CUSTOMERS)
    floor = _pgbench(platform, floor_url, script, CUSTOMERS)
    many = load_of.pairs(CLIENTS, SECONDS, CUSTOMERS)
    floor_of_one = _pgbench(platform, floor_url, script, 1)
    one = load_of.pairs(CLIENTS, SECONDS, 1)
    if top_rate is None:
        console.print("pairs while accrual streams are not measured: its top rate is not known; run `make bench` without --spending-only once")
    return Spending(
        ratio=round(many.per_second / floor.per_second, 3),
        ratio_one_account=round(one.per_second / floor_of_one.per_second, 3),
        processor_ratio=round(sum(floor.processor_us.values()) / sum(many.processor_us.values()), 3),
        floor=floor,
        floor_one_account=floor_of_one,
        many_accounts=many,
        one_account=one,
        streaming=None if top_rate is None else asyncio.run(_while_streaming(load_of, published, top_rate // 2)),
        load_average_before=round(load, 1),
    )


def _pgbench(platform: LocalPlatform, database_url: str, script: str, customers: int) -> Floor:
    """Return how pgbench did over the first customers. Its clients' numbers begin apart from those of earlier runs."""
    began_at = int(SystemClock().now().timestamp()) % 100_000
    variables = {"first": FIRST_CUSTOMER, "last": FIRST_CUSTOMER + customers - 1, "number": began_at * 10_000}
    before = processor_seconds(platform)["postgres"]
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "pair.sql"
        file.write_text(script)
        rate, pgbench_seconds = run_pgbench(database_url, file, CLIENTS, SECONDS, variables)
    used = {"pgbench": pgbench_seconds, "postgres": processor_seconds(platform)["postgres"] - before}
    return Floor(per_second=round(rate), processor_us={name: round(spent / rate / SECONDS * 1e6) for name, spent in used.items()})


class _Load:
    """wrk against one platform's redemption."""

    def __init__(self, platform: LocalPlatform, endpoints: Endpoints, legal_entity: str) -> None:
        self.platform = platform
        self.endpoints = endpoints
        self._legal_entity = legal_entity
        self._runs = itertools.count(int(SystemClock().now().timestamp()))

    def pairs(self, clients: int, seconds: int, customers: int, per_second: int = UNPACED) -> Pairs:
        """Return how pairs went. Raises RuntimeError when not one pair was done."""
        token = self.endpoints.credentials[self._legal_entity]["channel"]
        arguments = (self._legal_entity, token, f"bench{next(self._runs)}", FIRST_CUSTOMER, customers, FIRST_DAY.isoformat(), per_second, clients)
        before = processor_seconds(self.platform)
        counted, wrk_seconds = run_wrk(self.endpoints.services["redemption"].http, clients, seconds, [str(argument) for argument in arguments])
        after = processor_seconds(self.platform)
        done = counted["pairs"]
        if not done:
            raise RuntimeError(f"wrk got no pair done: {counted}")
        used = {"wrk": wrk_seconds, **{name: after[name] - before[name] for name in _SHOWN if name in after and name in before}}
        return Pairs(
            per_second=round(done / counted["seconds"]),
            p50_ms=counted["p50_ms"],
            p99_ms=counted["p99_ms"],
            call_p50_ms=counted["call_p50_ms"],
            call_p99_ms=counted["call_p99_ms"],
            errors=counted["errors"],
            wrk_share=round(wrk_seconds / counted["seconds"] / (os.cpu_count() or 1), 3),
            processor_us={name: round(spent / done * 1e6) for name, spent in used.items()},
        )


async def _while_streaming(load_of: _Load, published: int, per_second: int) -> Streaming:
    """Return how paced pairs did while events that were not sent yet stream through accrual and redemption."""
    count = per_second * (PACED_SECONDS + WARM_UP_SECONDS) * 2
    events = itertools.islice(transactions(published + count), published, None)
    stopping = asyncio.Event()
    with progress_of(load_of.endpoints) as progress:
        streaming = asyncio.create_task(stream(load_of.platform.kafka, CORE_TRANSACTIONS, events, per_second, stopping))
        await asyncio.sleep(WARM_UP_SECONDS)
        before = progress.decided()
        pairs = await asyncio.to_thread(load_of.pairs, PACED_CLIENTS, PACED_SECONDS, CUSTOMERS, PACED_PAIRS_PER_SECOND)
        decided = progress.decided() - before
        stopping.set()
        streamed = await streaming
    return Streaming(
        asked_per_second=per_second,
        streamed_per_second=round(streamed),
        decided_per_second=round(decided / PACED_SECONDS),
        pairs=pairs,
    )
