"""Credentials for local use: derived from a seed, so that the runner and the console know them without handing tokens around.

A bank's own installation issues real ones; these exist where the installation is given a seed.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
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
    institutions: tuple[str, ...] | None = None
    operator: str | None = None
    expires_at: datetime | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class ServiceRole:
    """A service of ours that calls others: its functions and, where it does customers' calls, the channel code it does them under."""

    name: str
    functions: tuple[str, ...]
    channel: str | None = None


#: Each is bound to every entity, those opened later included. gift-order reserves and captures points; the console runs jobs and looks.
SERVICE_ROLES: Final = (ServiceRole("gift-order", ("channel",), "MALL"), ServiceRole("console", ("admin", "auditor")))
#: Stands in the place of the entity where a service's token is derived.
SERVICES: Final = "services"


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


def service_credentials_from(seed: str, legal_entities: Sequence[str]) -> list[Credential]:
    """Return the credentials of our own services, bound to all the given entities."""
    return [
        Credential(
            credential=f"{SERVICES}.{role.name}",
            token_sha256=hashlib.sha256(token_from(seed, SERVICES, role.name).encode()).hexdigest(),
            entities=tuple(legal_entities),
            functions=role.functions,
            channel=role.channel,
        )
        for role in SERVICE_ROLES
    ]


def bound_also_to(credential: Credential, legal_entity: str) -> Credential:
    """Return the credential, good for one more entity."""
    return replace(credential, entities=(*credential.entities, legal_entity))


def credentials_to_issue(seed: str, legal_entities: Sequence[str], known: Mapping[str, Credential]) -> list[Credential]:
    """Return the credentials that are missing, or whose token is another seed's; a known one keeps the entities it is bound to. Services get all entities."""
    issued = []
    for fresh in (credential for legal_entity in legal_entities for credential in credentials_from(seed, legal_entity)):
        present = known.get(fresh.credential)
        if present is None:
            issued.append(fresh)
        elif present.token_sha256 != fresh.token_sha256:
            issued.append(replace(present, token_sha256=fresh.token_sha256))
    return issued + [fresh for fresh in service_credentials_from(seed, legal_entities) if known.get(fresh.credential) != fresh]
