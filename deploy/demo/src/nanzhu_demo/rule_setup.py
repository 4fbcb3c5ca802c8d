"""Puts the demo's rules in force: a maker drafts and submits, a checker approves."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from nanzhu_demo.client import PlatformClient


async def approve_rules(client: PlatformClient, rules: Iterable[dict[str, Any]]) -> list[str]:
    """Approve the rules and return what each is called ("code version n").

    The Idempotency-Keys come from the rule's content: when the demo runs again, each call gets its first answer and no new version is made.
    """
    approved = []
    for rule in rules:
        key = f"demo-{rule['code']}-{hashlib.sha256(json.dumps(rule, sort_keys=True).encode()).hexdigest()[:16]}"
        draft = await client.post("accrual", "rules", rule, role="maker", key=f"{key}-draft")
        version = f"rules/{draft['code']}/versions/{draft['version']}"
        await client.post("accrual", f"{version}/submit", {}, role="maker", key=f"{key}-submit")
        await client.post("accrual", f"{version}/approve", {}, role="checker", key=f"{key}-approve")
        approved.append(f"{draft['code']} version {draft['version']}")
    return approved
