"""Makes the topics of the installation: the runner calls it; a deployment runs `python -m loyalty_shared.messaging.topic_setup kafka:9092` before the rest."""

import argparse
import asyncio
import sys
from collections.abc import Iterable
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, for_code

from loyalty_shared.contracts.topics import TOPICS, Topic

REQUEST_TIMEOUT_MS: Final = 15_000
REPLICAS_MAX: Final = 3
_ALREADY_EXISTS: Final = 36


class TopicRefused(Exception):
    """The broker will not make a topic; says which, and why."""


async def make_missing_topics(bootstrap_servers: str, topics: Iterable[Topic]) -> list[str]:
    """Make the topics that are missing, leave the others as they are, and return the names of those made.

    Raises TopicRefused when the broker will not make one, KafkaError when it does not answer.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        await admin.start()
        existing = set(await admin.list_topics())
        replicas = min(REPLICAS_MAX, len((await admin.describe_cluster())["brokers"]))
        missing = [new_topic(topic, replicas) for topic in topics if topic.name not in existing]
        if not missing:
            return []
        answer = await admin.create_topics(missing)
        for name, code, *reason in answer.topic_errors:
            if code not in (0, _ALREADY_EXISTS):
                raise TopicRefused(f"Kafka refuses to make the topic {name}: {for_code(code).__name__} {reason}")
        return [topic.name for topic in missing]
    finally:
        await admin.close()


def new_topic(topic: Topic, replicas: int) -> NewTopic:
    """Return the request that makes the topic."""
    settings = {
        "retention.ms": str(topic.retention_ms),
        "max.message.bytes": str(topic.max_message_bytes),
    }
    return NewTopic(topic.name, topic.partitions, replicas, topic_configs=settings)


def main() -> int:
    """Make what is missing of all topics; exit code 0 when every topic is there, 1 when not, with the reason."""
    parser = argparse.ArgumentParser(prog="topic_setup", description="Make the topics of the platform that are missing. Safe to run twice.")
    parser.add_argument("bootstrap_servers", help="such as kafka:9092")
    try:
        made = asyncio.run(make_missing_topics(parser.parse_args().bootstrap_servers, TOPICS))
    except (TopicRefused, KafkaError) as error:
        print(f"topic_setup: {error!r}; see the broker's log, and run this again", file=sys.stderr)
        return 1
    print(f"topic_setup: {len(made)} topics made, {len(TOPICS) - len(made)} were there")
    return 0


if __name__ == "__main__":
    sys.exit(main())
