"""Operators for local use, one for each first role of an entity: their passwords come from the seed, as the local credentials' tokens do."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from console.domain.access import FIRST_ROLES
from console.domain.institutions import HEAD_OFFICE
from console.domain.local_credentials import token_from
from console.domain.operators import Operator, OperatorStatus

PASSWORD_LENGTH: Final = 20


def code_of(legal_entity: str, role: str) -> str:
    """Return the code of an entity's operator of that role."""
    return f"{legal_entity}-{role}"


def password_from(seed: str, legal_entity: str, role: str) -> str:
    """Return the password: the first 20 characters of the token that `"operator:<entity>:<role>"` gives, after its `nz_`."""
    return token_from(seed, f"operator:{legal_entity}", role)[3 : 3 + PASSWORD_LENGTH]


def local_operators(seed: str, legal_entity: str, hash_password: Callable[[str], str], now: datetime) -> list[Operator]:
    """Return an entity's first operators, at its head office."""
    return [
        Operator(
            operator=code_of(legal_entity, role.code),
            legal_entity=legal_entity,
            institution=HEAD_OFFICE,
            name=role.names["zh"],
            roles=(role.code,),
            password_hashes=(hash_password(password_from(seed, legal_entity, role.code)),),
            status=OperatorStatus.ACTIVE,
            failed_sign_ins=0,
            last_signed_in_at=None,
            created_at=now,
        )
        for role in FIRST_ROLES
    ]
