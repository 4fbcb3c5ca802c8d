"""Credentials, operators' sessions among them, over one transaction's cursor."""

from datetime import datetime
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from console.domain.announcements import issued_from
from console.domain.local_credentials import Credential
from loyalty_shared.following import issue_credential

# One who issues keeps other issuers out, so that no binding is lost; readers are not kept out.
_HOLD: Final = "lock table credential in share row exclusive mode"
_COLUMNS: Final = "credential, token_sha256, entities, functions, channel, institutions, operator, expires_at, enabled"
_OF_SYSTEMS: Final = f"select {_COLUMNS} from credential where enabled and operator is null"
_SESSIONS: Final = f"""
select {_COLUMNS} from credential where enabled and expires_at > %(now)s and operator is not null
    and (%(operator)s::text is null or operator = %(operator)s) and (%(narrow_in)s::text is null or %(narrow_in)s = any(entities) and institutions is not null)
order by credential for update
"""


class SqlIssuedCredentials:
    """The credentials that callers may use."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def list_for_update(self) -> dict[str, Credential]:
        self._cursor.execute(_HOLD)
        self._cursor.execute(_OF_SYSTEMS)
        return {row[0]: _credential_from(row) for row in self._cursor.fetchall()}

    def list_sessions(self, now: datetime, *, operator: str | None = None, narrow_in: str | None = None) -> list[Credential]:
        self._cursor.execute(_SESSIONS, {"now": now, "operator": operator, "narrow_in": narrow_in})
        return [_credential_from(row) for row in self._cursor.fetchall()]

    def find_session(self, token_sha256: str) -> Credential | None:
        self._cursor.execute(f"select {_COLUMNS} from credential where token_sha256 = %s and operator is not null and enabled for update", (token_sha256,))
        row = self._cursor.fetchone()
        return _credential_from(row) if row else None

    def issue(self, credential: Credential) -> None:
        issue_credential(self._cursor, issued_from(credential))


def _credential_from(row: tuple[Any, ...]) -> Credential:
    name, sha256, entities, functions, channel, institutions, operator, expires_at, enabled = row
    return Credential(
        credential=name,
        token_sha256=sha256,
        entities=tuple(entities),
        functions=tuple(functions),
        channel=channel,
        institutions=None if institutions is None else tuple(institutions),
        operator=operator,
        expires_at=expires_at,
        enabled=enabled,
    )
