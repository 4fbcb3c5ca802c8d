"""Waits until the platform has done what it was given, by what the services say of themselves."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import date
from http import HTTPStatus
from typing import Any, Final

from loyalty_shared.contracts.core import TransactionPostedV1
from loyalty_shared.contracts.topics import ACCRUAL_POINTS, Topic
from loyalty_shared.kernel.clock import monotonic_seconds
from loyalty_shared.messaging.partitioning import partition_of
from nanzhu_demo.bus import PublishedLedger, read_ledger
from nanzhu_demo.client import PlatformClient, Refused
from nanzhu_demo.core_bank import key_of

POLL_SECONDS: Final = 0.1
#: Far beyond what a slow machine needs for the whole data: something is broken.
WAIT_SECONDS_MAX: Final = 300.0


class TookTooLong(Exception):
    """What was waited for did not happen within WAIT_SECONDS_MAX."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} within {WAIT_SECONDS_MAX:.0f} seconds; see GET /v1/consumers of each service, and the logs in .run/logs")


async def until(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    """Return when `holds` does. Raises TookTooLong, which says `what` did not happen."""
    deadline = monotonic_seconds() + WAIT_SECONDS_MAX
    while not await holds():
        if monotonic_seconds() > deadline:
            raise TookTooLong(what)
        await asyncio.sleep(POLL_SECONDS)


async def place_of(client: PlatformClient, service: str, topic: Topic) -> tuple[int, int]:
    """Return how many records of the topic the service has read, and how many there are."""
    rows = [row for row in await client.consumers(service) if row["topic"] == topic.name]
    return sum(row["next_offset"] or 0 for row in rows), sum(row["end_offset"] or 0 for row in rows)


async def until_read(client: PlatformClient, service: str, topic: Topic, end: int, on_place: Callable[[int], None] = lambda place: None) -> None:
    """Return when the service has read the topic's records up to `end` (offsets of all partitions added up); `on_place` is told how far it is."""

    async def read_all() -> bool:
        place, _ = await place_of(client, service, topic)
        on_place(place)
        return place >= end

    await until(read_all, f"{service} did not read {topic.name} up to {end:,}")


async def until_posted(client: PlatformClient, transactions: Sequence[TransactionPostedV1]) -> None:
    """Return when the ledger holds what decided transactions earn; they were published in this order, by this core system alone.

    The last one of each partition that earned anything tells it: what a partition earns comes to the ledger in the order in which it was decided.
    """
    for transaction in await _last_earning_by_partition(client, transactions):
        await _until_entry(client, transaction)


async def until_settled(client: PlatformClient, event: TransactionPostedV1) -> None:
    """Return when the event has had its effect: a refund that came before its purchase has found it, and what was earned or taken is in the ledger."""
    decision: dict[str, Any] = {}

    async def decided() -> bool:
        decision.update(await client.get("accrual", decision_path(event)))
        return bool(decision["outcome"] != "waiting")

    await until(decided, f"{event.transaction_no} still waits for the purchase that it gives back")
    if decision["points"]:
        await _until_entry(client, event)


async def _last_earning_by_partition(client: PlatformClient, transactions: Sequence[TransactionPostedV1]) -> Iterable[TransactionPostedV1]:
    last: dict[int, TransactionPostedV1] = {}
    for transaction in reversed(transactions):
        partition = partition_of(key_of(transaction), ACCRUAL_POINTS.partitions)
        if partition not in last and (await client.get("accrual", decision_path(transaction)))["points"]:
            last[partition] = transaction
        if len(last) == ACCRUAL_POINTS.partitions:
            break
    return last.values()


async def _until_entry(client: PlatformClient, event: TransactionPostedV1) -> None:
    path, no = f"accounts/{event.customer_no}/entries", event.transaction_no

    async def posted() -> bool:
        try:
            return bool((await client.get("redemption", path, {"cause": no}))["items"])
        except Refused as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                raise
            return False  # the first earning opens the account

    await until(posted, f"the points of {no} did not reach the ledger")


async def until_ledger_published(client: PlatformClient, bootstrap_servers: str) -> PublishedLedger:
    """Return the ledger as published, when its sum is the one of the trial balance: then nothing that is committed is on its way any more."""
    ledger = PublishedLedger()

    async def complete() -> bool:
        nonlocal ledger
        ledger = await read_ledger(bootstrap_servers, client.legal_entity)
        return ledger.outstanding == await points_owed(client)

    await until(complete, "redemption did not publish all the entries of its trial balance")
    return ledger


async def points_owed(client: PlatformClient) -> int:
    """Return the points owed to all customers together, by the trial balance."""
    items = (await client.get("redemption", "trial-balance"))["items"]
    return sum(int(account["net"]) for account in items if account["account"].startswith("customer:"))


def decision_path(transaction: TransactionPostedV1) -> str:
    """Return where accrual shows the decision of a transaction."""
    return f"decisions/{transaction.source_system}/{transaction.transaction_no}/{transaction.leg}"


async def until_followed(client: PlatformClient, business_on: date) -> None:
    """Return when every service has the business date."""

    async def followed() -> bool:
        answer = await client.get("console", "business-date", role="admin")
        return all(day == business_on.isoformat() for day in answer["followed_by"].values())

    await until(followed, f"the services did not follow the business date {business_on}")
