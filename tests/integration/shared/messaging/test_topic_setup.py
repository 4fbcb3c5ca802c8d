"""The command by which a deployment makes its topics: all of them, once, and a broker that does not answer is said."""

import asyncio
import subprocess
import sys

from aiokafka.admin import AIOKafkaAdminClient

from loyalty_shared.contracts.topics import TOPICS

MODULE = "loyalty_shared.messaging.topic_setup"


def test_all_topics_are_made_and_a_second_run_makes_none(kafka: str) -> None:
    first, second = run(kafka), run(kafka)

    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert f"0 topics made, {len(TOPICS)} were there" in second.stdout
    assert {topic.name: topic.partitions for topic in TOPICS}.items() <= asyncio.run(partitions(kafka)).items()


def test_a_broker_that_does_not_answer_is_said() -> None:
    done = run("127.0.0.1:1")

    assert done.returncode == 1
    assert "127.0.0.1:1" in done.stderr


def run(bootstrap_servers: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", MODULE, bootstrap_servers], capture_output=True, text=True, timeout=60, check=False)


async def partitions(bootstrap_servers: str) -> dict[str, int]:
    """Return how many partitions each topic of the broker has."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        return {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
    finally:
        await admin.close()
