"""The contracts' documents: current, valid, and met by a golden example of each event type, which every reader must be able to decode."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from loyalty_shared.contracts.compatibility import breaking_changes
from loyalty_shared.contracts.documents import event_types, schema_of
from loyalty_shared.contracts.generate import documents, faults
from loyalty_shared.messaging.subscriptions import source_of_event

ROOT = Path("docs/contracts")
GOLDEN = {name: json.loads((ROOT / "golden" / f"{name}.json").read_text()) for name in event_types()}


def test_documents_are_current() -> None:
    assert faults(ROOT, documents(GOLDEN)) == ([], [])


def test_asyncapi_is_valid() -> None:
    schema = json.loads(Path("tests/contracts/asyncapi-3.0.0.schema.json").read_text())
    jsonschema.Draft7Validator(schema).validate(json.loads((ROOT / "asyncapi.json").read_text()))


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_golden_example_decodes_and_survives_a_round_trip(name: str) -> None:
    struct = event_types()[name]
    event = msgspec.json.decode(json.dumps(GOLDEN[name]), type=struct)
    again = msgspec.json.decode(msgspec.json.encode(event), type=struct)
    assert again == event
    jsonschema.Draft202012Validator(dict(schema_of(struct))).validate(GOLDEN[name])


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_a_field_added_upstream_is_ignored(name: str) -> None:
    with_more = {**GOLDEN[name], "added_later": {"by": "someone"}}
    assert msgspec.json.decode(json.dumps(with_more), type=event_types()[name]) == msgspec.json.decode(json.dumps(GOLDEN[name]), type=event_types()[name])


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_the_source_of_every_event_can_be_told(name: str) -> None:
    """While a source is in trouble each event is asked for its own; one that names no entity must not stop its topic."""
    entity, source_system = source_of_event(msgspec.json.decode(json.dumps(GOLDEN[name]), type=event_types()[name]))
    assert isinstance(entity, str)
    assert isinstance(source_system, str)


def _without(schema: dict[str, Any], field: str) -> dict[str, Any]:
    changed = json.loads(json.dumps(schema))
    del changed["$defs"]["PointsEarnedV1"]["properties"][field]
    return dict(changed)


def _earned() -> dict[str, Any]:
    return dict(json.loads(json.dumps(schema_of(event_types()["loyalty.accrual.points.earned.v1"]))))


def test_removing_a_field_is_breaking() -> None:
    assert breaking_changes(_earned(), _without(_earned(), "channel")) == ["data.channel: removed"]


def test_adding_an_optional_field_is_not_breaking() -> None:
    assert breaking_changes(_drop_required(_without(_earned(), "channel"), "channel"), _drop_required(_earned(), "channel")) == []


def _drop_required(schema: dict[str, Any], field: str) -> dict[str, Any]:
    schema["$defs"]["PointsEarnedV1"]["required"].remove(field)
    return schema


@pytest.mark.parametrize(
    ("keyword", "old", "new", "breaks"),
    [
        ("type", "integer", "string", True),
        ("maxLength", 64, 32, True),
        ("maxLength", 32, 64, False),
        ("enum", ["a", "b"], ["a"], True),
        ("enum", ["a"], ["a", "b"], False),
        ("pattern", None, "^x$", True),
    ],
)
def test_what_breaks(keyword: str, old: object, new: object, breaks: bool) -> None:
    def schema(value: object) -> dict[str, Any]:
        return {"type": "object", "properties": {"f": {"type": "string", **({keyword: value} if value is not None else {})}}, "required": ["f"]}

    assert bool(breaking_changes(schema(old), schema(new))) is breaks


def test_a_nested_change_is_found_through_references() -> None:
    changed = _earned()
    changed["$defs"]["Cause"]["properties"]["no"] = {"type": "integer"}
    assert breaking_changes(_earned(), changed) == ["data.cause.no: was string, is now integer"]
