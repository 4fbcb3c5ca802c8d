"""Streams the bank's data through the platform, with a progress bar for each step: published, decided, posted."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1
from loyalty_shared.contracts.topics import ACCRUAL_POINTS, CORE_CUSTOMERS, CORE_TRANSACTIONS
from loyalty_shared.kernel.clock import monotonic_seconds
from nanzhu_demo.bus import end_of
from nanzhu_demo.client import PlatformClient
from nanzhu_demo.core_bank import CoreBank
from nanzhu_demo.waiting import POLL_SECONDS, place_of, until_posted, until_read


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """How much of the bank's data went in, and the seconds from the first record published until all was decided and until all was posted."""

    customers: int
    transactions: int
    decided_seconds: float
    posted_seconds: float


async def stream_customers(client: PlatformClient, bank: CoreBank, customers: Sequence[CustomerChangedV1]) -> None:
    """Publish customers and return when accrual and the ledger know them."""
    await bank.publish(customers)
    end = await end_of(bank.bootstrap_servers, CORE_CUSTOMERS)
    await asyncio.gather(*(until_read(client, service, CORE_CUSTOMERS, end) for service in ("accrual", "redemption")))


async def stream_bank(
    client: PlatformClient, bank: CoreBank, customers: Sequence[CustomerChangedV1], transactions: Sequence[TransactionPostedV1], console: Console
) -> Streamed:
    """Publish customers, then transactions, and return when the ledger holds all that they earn."""
    await stream_customers(client, bank, customers)
    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        sent = progress.add_task("transactions published", total=len(transactions))
        decided = progress.add_task("transactions decided", total=len(transactions))
        posted = progress.add_task("earnings posted", total=None)
        before = await end_of(bank.bootstrap_servers, CORE_TRANSACTIONS)

        began = monotonic_seconds()
        watching = asyncio.create_task(_watch_posting(client, await end_of(bank.bootstrap_servers, ACCRUAL_POINTS), progress, posted))
        try:
            await asyncio.gather(
                bank.publish(transactions, lambda count: progress.advance(sent, count)),
                until_read(client, "accrual", CORE_TRANSACTIONS, before + len(transactions), lambda place: progress.update(decided, completed=place - before)),
            )
            decided_seconds = monotonic_seconds() - began
            await until_posted(client, transactions)
            posted_seconds = monotonic_seconds() - began
        finally:
            watching.cancel()
    return Streamed(customers=len(customers), transactions=len(transactions), decided_seconds=decided_seconds, posted_seconds=posted_seconds)


async def _watch_posting(client: PlatformClient, before: int, progress: Progress, posted: TaskID) -> None:
    """Show how many of the earnings published so far the ledger has, until cancelled."""
    while True:
        place, end = await place_of(client, "redemption", ACCRUAL_POINTS)
        progress.update(posted, completed=place - before, total=end - before)
        await asyncio.sleep(POLL_SECONDS)
