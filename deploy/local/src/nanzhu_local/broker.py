"""What the runner asks of a broker, embedded or not: is it there, and make the topics that are missing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, for_code

from loyalty_shared.contracts.topics import Topic
from nanzhu_local.failures import PlatformFailure

REQUEST_TIMEOUT_MS = 15_000
ALREADY_EXISTS = 36
REPLICAS_MAX = 3


def count_brokers(bootstrap_servers: str) -> int:
    """Return how many brokers are members of the cluster, 0 when it does not answer."""

    async def count() -> int:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=REQUEST_TIMEOUT_MS)
        try:
            await admin.start()
            return len((await admin.describe_cluster())["brokers"])
        except KafkaError:
            return 0
        finally:
            await admin.close()

    return asyncio.run(count())


def make_topics(bootstrap_servers: str, topics: Iterable[Topic]) -> None:
    """Make the topics that are missing and leave the others as they are; raise PlatformFailure when the broker refuses."""

    async def make() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=REQUEST_TIMEOUT_MS)
        try:
            await admin.start()
            existing = set(await admin.list_topics())
            replicas = min(REPLICAS_MAX, len((await admin.describe_cluster())["brokers"]))
            missing = [new_topic(topic, replicas) for topic in topics if topic.name not in existing]
            if missing:
                answer = await admin.create_topics(missing)
                for name, code, *reason in answer.topic_errors:
                    if code not in (0, ALREADY_EXISTS):
                        raise PlatformFailure(
                            f"Kafka refuses to make the topic {name}: {for_code(code).__name__} {reason}", "see its log, and whether its disk is full"
                        )
        except KafkaError as error:
            raise PlatformFailure(f"Kafka at {bootstrap_servers} does not answer: {error!r}", "see its log (or check KAFKA_BOOTSTRAP_SERVERS)") from error
        finally:
            await admin.close()

    asyncio.run(make())


def new_topic(topic: Topic, replicas: int) -> NewTopic:
    """Return the request that makes the topic."""
    settings = {
        "retention.ms": str(topic.retention_ms),
        "max.message.bytes": str(topic.max_message_bytes),
    }
    return NewTopic(topic.name, topic.partitions, replicas, topic_configs=settings)
