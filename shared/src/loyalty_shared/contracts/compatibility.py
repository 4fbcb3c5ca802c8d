"""What may not change in a published event: fields may be added, never removed, renamed or repurposed (contracts.md)."""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]


def breaking_changes(before: Schema, after: Schema) -> list[str]:
    """Return, in words with the path, what readers or writers of `before` could no longer rely on under `after`; empty when nothing."""
    return list(_compare(_resolved(before, before), _resolved(after, after), before, after, "data"))


def _compare(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[str]:
    if _kinds(old, old_root) != _kinds(new, new_root):
        yield f"{path}: was {_words(old, old_root)}, is now {_words(new, new_root)}"
        return
    for keyword in ("enum", "const", "format", "pattern", "minimum", "maximum", "minLength", "maxLength"):
        if old.get(keyword) != new.get(keyword) and not _widened(keyword, old.get(keyword), new.get(keyword)):
            yield f"{path}: {keyword} was {old.get(keyword)!r}, is now {new.get(keyword)!r}"
    old_fields, new_fields = old.get("properties", {}), new.get("properties", {})
    for name, field in old_fields.items():
        if name not in new_fields:
            yield f"{path}.{name}: removed"
        else:
            yield from _compare(_resolved(field, old_root), _resolved(new_fields[name], new_root), old_root, new_root, f"{path}.{name}")
    for name in new.get("required", ()):
        if name not in old.get("required", ()):
            yield f"{path}.{name}: is now required"
    for name in old.get("required", ()):
        if name in new_fields and name not in new.get("required", ()):
            yield f"{path}.{name}: may now be absent"
    if isinstance(old.get("items"), dict) and isinstance(new.get("items"), dict):
        yield from _compare(_resolved(old["items"], old_root), _resolved(new["items"], new_root), old_root, new_root, f"{path}[]")


def _resolved(node: Schema, root: Schema) -> Schema:
    while "$ref" in node:
        node = root["$defs"][node["$ref"].removeprefix("#/$defs/")]
    return node


def _kinds(node: Schema, root: Schema) -> frozenset[str]:
    if "anyOf" in node:
        return frozenset(kind for option in node["anyOf"] for kind in _kinds(_resolved(option, root), root))
    return frozenset((f"{node.get('type', 'any')}/{node['format']}" if "format" in node else str(node.get("type", "any")),))


def _words(node: Schema, root: Schema) -> str:
    return " or ".join(sorted(_kinds(node, root)))


def _widened(keyword: str, old: Any, new: Any) -> bool:
    """Tell whether a limit became looser, which what was sent before still meets."""
    if new is None:
        return keyword in ("pattern", "minimum", "maximum", "minLength", "maxLength")
    if old is None:
        return False
    match keyword:
        case "enum":
            return set(old) <= set(new)
        case "minimum" | "minLength":
            return bool(new <= old)
        case "maximum" | "maxLength":
            return bool(new >= old)
    return False
