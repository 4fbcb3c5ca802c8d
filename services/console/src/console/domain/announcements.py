"""What every service is told of the console's changes (topic `loyalty.console.parameters`)."""

from dataclasses import replace

from console.domain.entities import Advance, NewEntity
from console.domain.institutions import Institution
from console.domain.local_credentials import Credential
from console.domain.parameters import ParameterVersion
from loyalty_shared.contracts.console import BusinessDateAdvancedV1, CredentialIssuedV1, EntityOpenedV1, InstitutionChangedV1, ParameterChangedV1

Announcement = EntityOpenedV1 | BusinessDateAdvancedV1 | CredentialIssuedV1 | ParameterChangedV1 | InstitutionChangedV1


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
        enabled=credential.enabled,
        institutions=credential.institutions,
        operator=credential.operator,
        expires_at=credential.expires_at,
    )


def taken_back(credential: Credential) -> Credential:
    """Return the credential as no longer good for anything."""
    return replace(credential, enabled=False)


def changed_from(legal_entity: str, version: ParameterVersion) -> ParameterChangedV1:
    """Return the announcement of a parameter's approved version."""
    return ParameterChangedV1(legal_entity=legal_entity, name=version.name, value=version.value, effective_on=version.effective_on)


def institution_from(legal_entity: str, institution: Institution) -> InstitutionChangedV1:
    """Return the announcement of an institution as it is now."""
    return InstitutionChangedV1(
        legal_entity=legal_entity,
        institution=institution.institution,
        parent=institution.parent,
        names=dict(institution.names),
        level=institution.level,
        status=institution.status,
    )
