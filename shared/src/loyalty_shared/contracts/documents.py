"""The contracts as documents for those outside: one JSON Schema per event type, and one AsyncAPI 3 document for all topics."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from loyalty_shared.contracts.topics import TOPICS

Document = Mapping[str, Any]

_DEAD_LETTERS: Final = "dlq."
_HEADERS: Final[Document] = {
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time"],
    "properties": {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {"type": "string", "description": "For tracing only; the business key tells a repeat."},
        "ce_source": {"type": "string"},
        "ce_type": {"type": "string"},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_sequence": {"type": "string", "description": "<epoch>.<n> on every topic of the platform: gapless by partition.", "pattern": "^[0-9]+\\.[0-9]+$"},
        "traceparent": {"type": "string"},
        "content-type": {"type": "string", "const": "application/json"},
    },
}


def event_types() -> Mapping[str, type[msgspec.Struct]]:
    """Return every event type of the installation with its Struct, by `ce_type`."""
    return {name: struct for topic in TOPICS for name, struct in sorted(topic.types.items())}


def schema_of(struct: type[msgspec.Struct]) -> Document:
    """Return the JSON Schema of an event's data."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(struct)}


def asyncapi(golden: Mapping[str, Any]) -> Document:
    """Return the AsyncAPI 3 document of every topic, with the golden example of each event type."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for topic in TOPICS:
        if topic.name.startswith(_DEAD_LETTERS):
            continue  # the record as it came; described in prose, as it has no schema of its own
        channels[topic.name] = {
            "address": topic.name,
            "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in topic.types},
            "bindings": {"kafka": {"partitions": topic.partitions}},
        }
        operations[f"{'receive' if topic.name.startswith('core.') else 'send'}.{topic.name}"] = {
            "action": "receive" if topic.name.startswith("core.") else "send",
            "channel": {"$ref": f"#/channels/{topic.name.replace('~', '~0').replace('/', '~1')}"},
        }
        for name, struct in topic.types.items():
            messages[name] = {
                "name": name,
                "summary": (struct.__doc__ or "").split("\n")[0],
                "contentType": "application/json",
                "headers": _HEADERS,
                "payload": {"schemaFormat": "application/schema+json;version=draft-07", "schema": _inlined(msgspec.json.schema(struct))},
                "examples": [{"payload": golden[name]}],
            }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Nanzhu loyalty points platform",
            "version": "1.0.0",
            "description": "CloudEvents 1.0 in Kafka binary mode. Record key: <legal_entity>:<customer_no>. Dead letters go to dlq.<consumer group>"
            " as they came, with dlq-reason, dlq-detail, dlq-topic, dlq-partition and dlq-offset in their headers.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def _inlined(schema: Document) -> Any:
    """Resolve `$ref`s into `$defs`: a schema inside AsyncAPI has no root of its own for them to point into."""
    definitions = schema["$defs"]

    def resolve(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return resolve(definitions[node["$ref"].removeprefix("#/$defs/")])
            return {key: resolve(value) for key, value in node.items() if key != "$defs"}
        return [resolve(item) for item in node] if isinstance(node, list) else node

    return resolve(schema)
