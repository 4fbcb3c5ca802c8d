"""The embedded Kafka and PostgreSQL: settings that matter, crashes, idempotence."""

import asyncio

import psycopg2
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from nanzhu_local.failures import PlatformFailure
from nanzhu_local.platform import LocalPlatform
from support.platform import MakeDatabase, MakeTopic

MEBIBYTE = 1024 * 1024


async def publish(bootstrap_servers: str, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap_servers, max_request_size=2 * MEBIBYTE, enable_idempotence=True) as producer:
        await producer.send_and_wait(topic, value)


async def first_value(bootstrap_servers: str, topic: str) -> bytes | None:
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        value: bytes | None = (await consumer.getone()).value
        return value


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def test_a_value_of_one_mebibyte_reaches_the_topic(kafka: str, topic: MakeTopic) -> None:
    name, value = topic("big"), b"x" * MEBIBYTE
    asyncio.run(publish(kafka, name, value))
    assert asyncio.run(first_value(kafka, name)) == value


def test_what_was_committed_is_on_disk_and_the_password_is_asked_for(database: MakeDatabase, infrastructure: LocalPlatform) -> None:
    url = database("accrual")
    assert query(url, "SELECT current_setting('fsync'), current_setting('synchronous_commit'), current_setting('server_encoding')") == [("on", "on", "UTF8")]
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(infrastructure.database_server, password="guess")


def test_both_come_back_on_their_ports_with_their_data_after_a_kill(infrastructure: LocalPlatform, database: MakeDatabase, topic: MakeTopic) -> None:
    url, name = database("accrual"), topic("kept")
    query(url, "CREATE TABLE kept AS SELECT 1 AS one")
    asyncio.run(publish(infrastructure.kafka, name, b"kept"))
    for part in ("kafka", "postgres"):
        infrastructure.kill9(part)
    assert {status.name for status in infrastructure.status() if status.pid is None} >= {"kafka", "postgres"}
    infrastructure.up_infrastructure()
    assert query(url, "SELECT one FROM kept") == [(1,)]
    assert asyncio.run(first_value(infrastructure.kafka, name)) == b"kept"


def test_starting_what_runs_changes_nothing(infrastructure: LocalPlatform) -> None:
    before = infrastructure.status()
    infrastructure.up_infrastructure()
    infrastructure.start("kafka")
    assert infrastructure.status() == before


def test_an_unknown_name_is_told_with_the_known_ones(infrastructure: LocalPlatform) -> None:
    with pytest.raises(PlatformFailure, match=r"no `oracle`(.|\n)*kafka, postgres, console, accrual, redemption"):
        infrastructure.stop("oracle")
