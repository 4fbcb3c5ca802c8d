"""What every service is told of the console's changes (topic `loyalty.console.parameters`)."""

from console.domain.entities import Advance, NewEntity
from console.domain.local_credentials import Credential
from loyalty_shared.contracts.console import BusinessDateAdvancedV1, CredentialIssuedV1, EntityOpenedV1

Announcement = EntityOpenedV1 | BusinessDateAdvancedV1 | CredentialIssuedV1


def opened_from(entity: NewEntity) -> EntityOpenedV1:
    """Return the announcement of an entity."""
    return EntityOpenedV1(
        legal_entity=entity.legal_entity, names=entity.names, zone=entity.zone, business_on=entity.business_on, retention_years=entity.retention_years
    )


def advanced_from(legal_entity: str, advance: Advance) -> BusinessDateAdvancedV1:
    """Return the announcement of a new business date."""
    return BusinessDateAdvancedV1(legal_entity=legal_entity, previous_on=advance.previous_on, business_on=advance.business_on)


def issued_from(credential: Credential) -> CredentialIssuedV1:
    """Return the announcement of a credential."""
    return CredentialIssuedV1(
        credential=credential.credential,
        token_sha256=credential.token_sha256,
        entities=credential.entities,
        functions=credential.functions,
        channel=credential.channel,
        enabled=True,
        institutions=credential.institutions,
        operator=credential.operator,
        expires_at=credential.expires_at,
    )
