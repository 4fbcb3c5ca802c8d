"""The bearer tokens of a local platform, and its operators' first passwords.

The console derives the same ones from the same seed and publishes the tokens' digests; services learn them from there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

ENTITIES = ("001", "002")
ROLES = ("channel", "channel2", "maker", "checker", "admin", "auditor")
CHANNELS = {"channel": "MOBILE", "channel2": "POS"}
"""The channel code that each online credential speaks for."""


def token_of(seed: str, entity: str, role: str) -> str:
    """Return the opaque token of a role in a legal entity."""
    digest = hmac.new(seed.encode(), f"{entity}:{role}".encode(), hashlib.sha256).digest()
    return "nz_" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def credentials_from(seed: str) -> dict[str, dict[str, str]]:
    """Return every token, by entity and role."""
    return {entity: {role: token_of(seed, entity, role) for role in ROLES} for entity in ENTITIES}


OPERATORS = ("maker", "checker", "admin", "auditor")
"""The roles that each legal entity has an operator of, who signs in to the console."""

PASSWORD_LENGTH = 20


def operator_of(entity: str, role: str) -> str:
    """Return the code with which the entity's operator of that role signs in."""
    return f"{entity}-{role}"


def password_of(seed: str, entity: str, role: str) -> str:
    """Return the operator's first password, as the console derives it from the same seed."""
    return token_of(seed, f"operator:{entity}", role).removeprefix("nz_")[:PASSWORD_LENGTH]


def operators_from(seed: str) -> dict[str, dict[str, dict[str, str]]]:
    """Return how every operator signs in at the console, by entity and role."""
    return {entity: {role: {"operator": operator_of(entity, role), "password": password_of(seed, entity, role)} for role in OPERATORS} for entity in ENTITIES}
