"""Credentials for local use: derived from a seed, so that the runner and the console know them without handing tokens around.

A bank's own installation issues real ones; these exist where the installation is given a seed.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Role:
    """One credential that each entity has: its function and, for a channel, the channel's code."""

    name: str
    function: str
    channel: str | None = None


#: As `.run/endpoints.json` names them (contracts.md section 1).
ROLES: Final = (
    Role("channel", "channel", "MOBILE"),
    Role("channel2", "channel", "POS"),
    Role("maker", "maker"),
    Role("checker", "checker"),
    Role("admin", "admin"),
    Role("auditor", "auditor"),
)


#: The channels' codes, as `.run/endpoints.json` shows them.
CHANNELS: Final = {role.name: role.channel for role in ROLES if role.channel}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A credential as every service holds it: never the token, only its SHA-256."""

    credential: str
    token_sha256: str
    entities: tuple[str, ...]
    functions: tuple[str, ...]
    channel: str | None


def token_from(seed: str, legal_entity: str, role: str) -> str:
    """Return the token of an entity's role: `nz_` and the URL-safe base64 of HMAC-SHA256(seed, "entity:role"), without padding."""
    digest = hmac.digest(seed.encode(), f"{legal_entity}:{role}".encode(), hashlib.sha256)
    return "nz_" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def tokens_from(seed: str, legal_entity: str) -> dict[str, str]:
    """Return an entity's tokens by role, as `.run/endpoints.json` shows them."""
    return {role.name: token_from(seed, legal_entity, role.name) for role in ROLES}


def credentials_from(seed: str, legal_entity: str) -> list[Credential]:
    """Return the credentials of an entity's roles, each bound to that entity alone."""
    return [
        Credential(
            credential=f"{legal_entity}-{role.name}",
            token_sha256=hashlib.sha256(token_from(seed, legal_entity, role.name).encode()).hexdigest(),
            entities=(legal_entity,),
            functions=(role.function,),
            channel=role.channel,
        )
        for role in ROLES
    ]


def bound_also_to(credential: Credential, legal_entity: str) -> Credential:
    """Return the credential, good for one more entity."""
    return replace(credential, entities=(*credential.entities, legal_entity))


def credentials_to_issue(seed: str, legal_entities: Sequence[str], known: Mapping[str, Credential]) -> list[Credential]:
    """Return the credentials that are missing, or whose token is another seed's; a known one keeps the entities it is bound to."""
    issued = []
    for fresh in (credential for legal_entity in legal_entities for credential in credentials_from(seed, legal_entity)):
        present = known.get(fresh.credential)
        if present is None:
            issued.append(fresh)
        elif present.token_sha256 != fresh.token_sha256:
            issued.append(replace(present, token_sha256=fresh.token_sha256))
    return issued
