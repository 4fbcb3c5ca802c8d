"""What the console publishes for all to follow: entities, business dates, credentials, parameters, institutions (topic `loyalty.console.parameters`)."""

from datetime import date, datetime
from typing import Any

from msgspec import Struct


class EntityOpenedV1(Struct, frozen=True, kw_only=True):
    """A legal entity on this installation. `retention_years`: how long business keys are kept."""

    legal_entity: str
    names: dict[str, str]
    zone: str
    business_on: date
    retention_years: int


class BusinessDateAdvancedV1(Struct, frozen=True, kw_only=True):
    """The entity's business date moved forward to `business_on`; `previous_on` is closed."""

    legal_entity: str
    previous_on: date
    business_on: date


class CredentialIssuedV1(Struct, frozen=True, kw_only=True):
    """A token that callers may use. Only its SHA-256 (hex) is published; `channel` is set for channels.

    `functions`: channel, maker, checker, admin, auditor. `enabled` False takes the credential back. `institutions`: the only ones whose data it shows;
    null: the whole entity. `operator`: who signed in with it; null: a system's own. `expires_at`: not good from then on; null: never ends by itself.
    """

    credential: str
    token_sha256: str
    entities: tuple[str, ...]
    functions: tuple[str, ...]
    channel: str | None
    enabled: bool
    institutions: tuple[str, ...] | None = None
    operator: str | None = None
    expires_at: datetime | None = None


class ParameterChangedV1(Struct, frozen=True, kw_only=True):
    """A parameter's value from a business date on."""

    legal_entity: str
    name: str
    value: Any
    effective_on: date


class InstitutionChangedV1(Struct, frozen=True, kw_only=True):
    """An institution of the entity's tree as it is now.

    `parent`: the institution above it, null for a root. `level`: head-office, branch, sub-branch or outlet. `status`: open or closed.
    """

    legal_entity: str
    institution: str
    parent: str | None
    names: dict[str, str]
    level: str
    status: str


PARAMETERS = {
    "loyalty.console.entity.opened.v1": EntityOpenedV1,
    "loyalty.console.business_date.advanced.v1": BusinessDateAdvancedV1,
    "loyalty.console.credential.issued.v1": CredentialIssuedV1,
    "loyalty.console.parameter.changed.v1": ParameterChangedV1,
    "loyalty.console.institution.changed.v1": InstitutionChangedV1,
}
