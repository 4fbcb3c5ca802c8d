"""Rules change while transactions stream: each is decided once, by a version approved by then, and by none older than it is owed."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from loyalty_shared.contracts.topics import ACCRUAL_POINTS
from support.bank import Bank
from support.rules import rule

EVENTS = 20_000
VERSIONS = 6
EVENTS_PER_VERSION = EVENTS // VERSIONS
CUSTOMERS = 50


def version_of_base(number: int) -> Mapping[str, Any]:
    return rule("base", {"fixed": number})


async def stream(bank: Bank, owed_at_least: dict[str, int]) -> None:
    """Publish without a pause; every so many events the next version is approved by others, while the publishing goes on."""
    async with AIOKafkaProducer(bootstrap_servers=bank.platform.kafka, enable_idempotence=True, linger_ms=5) as producer:
        for version in range(2, VERSIONS + 1):
            approving = asyncio.create_task(asyncio.to_thread(bank.approve, version_of_base(version)))
            await publish(bank, producer, owed_at_least, version - 1, EVENTS_PER_VERSION)
            await approving  # what is published from here on is owed the new version
        await publish(bank, producer, owed_at_least, VERSIONS, EVENTS - len(owed_at_least))


async def publish(bank: Bank, producer: AIOKafkaProducer, owed_at_least: dict[str, int], version: int, events: int) -> None:
    sent = []
    for number in range(len(owed_at_least), len(owed_at_least) + events):
        record = bank.record(bank.purchase(f"S{number:06d}", f"S{number % CUSTOMERS:03d}"), partition=number % 4)
        owed_at_least[f"S{number:06d}"] = version
        sent.append(await producer.send("core.transactions", record.value, key=record.key, headers=list(record.headers), partition=record.partition))
    await asyncio.gather(*sent)


async def earned(bank: Bank) -> list[tuple[str, int, int]]:
    """Return what accrual published for the entity: (transaction number, version of the rule, points)."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bank.platform.kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(ACCRUAL_POINTS.name, partition) for partition in range(ACCRUAL_POINTS.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found = []
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for records in (await consumer.getmany(timeout_ms=1_000)).values():
                found += [record.value for record in records if record.key.startswith(f"{bank.legal_entity}:".encode())]
    finally:
        await consumer.stop()
    return [(data["cause"]["no"], data["rule_version"], data["points"]) for data in map(msgspec.json.decode, found)]


@pytest.fixture(scope="module")
def streamed(bank: Bank) -> tuple[dict[str, int], list[tuple[str, int, int]]]:
    bank.approve(version_of_base(1))
    owed_at_least: dict[str, int] = {}
    asyncio.run(stream(bank, owed_at_least))
    bank.drained()
    return owed_at_least, asyncio.run(earned(bank))


def test_every_transaction_is_decided_once(streamed: tuple[dict[str, int], list[tuple[str, int, int]]]) -> None:
    owed_at_least, found = streamed
    assert len(owed_at_least) == EVENTS
    assert sorted(no for no, _, _ in found) == sorted(owed_at_least)


def test_what_is_published_after_an_approval_is_decided_by_it(streamed: tuple[dict[str, int], list[tuple[str, int, int]]]) -> None:
    owed_at_least, found = streamed
    assert [(no, version) for no, version, _ in found if version < owed_at_least[no]] == []
    assert {version for _, version, _ in found} == set(range(1, VERSIONS + 1))
    assert [(no, version, points) for no, version, points in found if points != version] == []


def test_the_ledger_holds_what_the_versions_gave(bank: Bank, streamed: tuple[dict[str, int], list[tuple[str, int, int]]]) -> None:
    balances = bank.balances([f"S{number:03d}" for number in range(CUSTOMERS)])
    assert sum(one["available"] for balance in balances.values() for one in balance) == sum(points for _, _, points in streamed[1])
    assert bank.violations() == {}
