"""What the runner asks of a broker, embedded or not: is it there, and make the topics that are missing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from loyalty_shared.contracts.topics import Topic
from loyalty_shared.messaging.topic_setup import REQUEST_TIMEOUT_MS, TopicRefused, make_missing_topics
from nanzhu_local.failures import PlatformFailure


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
    try:
        asyncio.run(make_missing_topics(bootstrap_servers, topics))
    except TopicRefused as refused:
        raise PlatformFailure(str(refused), "see its log, and whether its disk is full") from refused
    except KafkaError as error:
        raise PlatformFailure(f"Kafka at {bootstrap_servers} does not answer: {error!r}", "see its log (or check KAFKA_BOOTSTRAP_SERVERS)") from error
