"""A session: a credential of an operator's own that ends by itself."""

from collections.abc import Sequence
from datetime import datetime

from console.domain.access import Grant, Scope, entities_of
from console.domain.institutions import Tree, below
from console.domain.local_credentials import Credential
from console.domain.operators import SESSION_LASTS, Operator


def institutions_of(scope: Scope, institution: str, tree: Tree) -> tuple[str, ...] | None:
    """Return whose data an operator of the institution sees; None: the whole entity's."""
    if scope is Scope.OWN_INSTITUTION:
        return (institution,)
    return tuple(sorted(below(tree, institution))) if scope is Scope.OWN_AND_BELOW else None


def session_from(operator: Operator, grant: Grant, tree: Tree, *, session_id: str, token_sha256: str, all_entities: Sequence[str], now: datetime) -> Credential:
    """Return the credential of an operator who signs in now: what their roles grant, for as long as a session lasts."""
    return Credential(
        credential=f"session.{session_id}",
        token_sha256=token_sha256,
        entities=entities_of(grant.scope, operator.legal_entity, all_entities),
        functions=grant.functions,
        channel=None,
        institutions=institutions_of(grant.scope, operator.institution, tree),
        operator=operator.operator,
        expires_at=now + SESSION_LASTS,
    )
