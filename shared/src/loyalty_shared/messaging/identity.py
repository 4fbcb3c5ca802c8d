"""Who the cluster and the topic are. A topic that was deleted and made again has its old name, its old offsets mean nothing in it.

aiokafka asks for metadata up to version 5; topic ids came with version 10, so this is Kafka's Metadata request, version 12, on aiokafka's connections.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import UUID

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError, for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicIdentity:
    """A topic of one cluster, for ever; `partitions` is their present number."""

    cluster_id: str
    topic_id: str
    partitions: int


async def identity_of_topic(bootstrap_servers: str, topic: str) -> TopicIdentity:
    """Return who the topic is. Raises aiokafka's KafkaError: UnknownTopicOrPartitionError when there is none, KafkaConnectionError while Kafka is away."""
    client = AIOKafkaClient(bootstrap_servers=bootstrap_servers)
    try:
        await client.bootstrap()
        node = client.get_random_node()
        if node is None:
            raise KafkaConnectionError(f"no broker of {bootstrap_servers} is known")
        answer = await client.send(node, _MetadataRequest(topic))
    finally:
        await client.close()
    error_code, _name, topic_id, _internal, partitions, _operations, _tags = answer.topics[0]
    if error_code:
        raise for_code(error_code)(topic)
    return TopicIdentity(cluster_id=answer.cluster_id, topic_id=topic_id, partitions=len(partitions))


class _Uuid:
    """Sixteen bytes on the wire."""

    @classmethod
    def encode(cls, value: str) -> bytes:
        return UUID(value).bytes

    @classmethod
    def decode(cls, data: BytesIO) -> str:
        return str(UUID(bytes=data.read(16)))


_ANY_TOPIC_ID = str(UUID(int=0))  # asked for by name


class _MetadataResponse12(Response):  # type: ignore[misc]  # aiokafka has no types
    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(("node_id", Int32), ("host", CompactString("utf-8")), ("port", Int32), ("rack", CompactString("utf-8")), ("tags", TaggedFields)),
        ),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("topic", CompactString("utf-8")),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _MetadataRequest12(RequestStruct):  # type: ignore[misc]  # aiokafka has no types
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 12
    RESPONSE_TYPE = _MetadataResponse12
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Uuid), ("topic", CompactString("utf-8")), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _MetadataRequest(Request[_MetadataRequest12]):  # type: ignore[misc]  # aiokafka has no types
    API_KEY = 3

    def __init__(self, topic: str) -> None:
        self._topic = topic

    def build(self, request_struct_class: Any) -> Any:
        return request_struct_class([(_ANY_TOPIC_ID, self._topic, {})], False, False, {})
