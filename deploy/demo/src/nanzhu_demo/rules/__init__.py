"""The demo's rules: one JSON document each, as contracts.md section 4 says, in koruna."""

import json
from importlib.resources import files
from typing import Any


def demo_rules() -> list[dict[str, Any]]:
    """Return the rules in order of their code, each as the body of `POST rules`."""
    documents = sorted((file for file in files(__name__).iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    return [json.loads(document.read_text(encoding="utf-8")) for document in documents]
