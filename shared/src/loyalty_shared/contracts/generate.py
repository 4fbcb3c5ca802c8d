"""Write the contracts' documents under `docs/contracts/`, or check that what stands there is current.

`python -m loyalty_shared.contracts.generate [--check]`, from the project's root. A change that breaks a published event is refused in both:
what has been published is read by others, so it is a new version of the event (`.v2`) instead.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from loyalty_shared.contracts.compatibility import breaking_changes
from loyalty_shared.contracts.documents import asyncapi, event_types, schema_of

ROOT: Final = Path("docs/contracts")


def documents(golden: Mapping[str, Any]) -> Mapping[str, str]:
    """Return every generated document as text, by its path under docs/contracts."""
    texts = {f"schemas/{name}.json": _text(schema_of(struct)) for name, struct in event_types().items()}
    return {**texts, "asyncapi.json": _text(asyncapi(golden))}


def faults(root: Path, texts: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return what is broken (readers could no longer rely on it) and what is merely not current, each in words."""
    broken: list[str] = []
    published = {path.relative_to(root).as_posix(): path.read_text() for path in [*root.glob("schemas/*.json"), *root.glob("asyncapi.json")]}
    for path, before in published.items():
        if path not in texts:
            broken.append(f"{path}: the event type was published and is gone")
        elif path.startswith("schemas/"):
            changes = breaking_changes(msgspec.json.decode(before), msgspec.json.decode(texts[path]))
            broken.extend(f"{path}: {change}" for change in changes)
    stale = [f"{path}: not current" for path, text in texts.items() if published.get(path) != text]
    return broken, stale


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a document is not current")
    check = parser.parse_args().check
    texts = documents({name: msgspec.json.decode((ROOT / "golden" / f"{name}.json").read_bytes()) for name in event_types()})
    broken, stale = faults(ROOT, texts)
    for fault in broken:
        print(f"BREAKING {fault}\n  Publish a new version of the event type instead.", file=sys.stderr)
    if check:
        for fault in stale:
            print(f"STALE {fault}\n  Run `uv run python -m loyalty_shared.contracts.generate` and commit what it writes.", file=sys.stderr)
        return 1 if broken or stale else 0
    if not broken:
        for path, text in texts.items():
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(text)
    return 1 if broken else 0


def _text(document: Mapping[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


if __name__ == "__main__":
    sys.exit(main())
