"""Credentials: opaque bearer tokens, bound to entities, functions and, for a channel, to its code. Only a token's SHA-256 is ever stored.

A route states who may call it by its parameter's annotation:

    def get_account(legal_entity: str, customer_no: str, caller: Annotated[Caller, reads(Function.CHANNEL)]) -> ...
    def post_grant(legal_entity: str, body: GrantBody, call: Annotated[Write, writes(Function.CHANNEL)]) -> ...
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from threading import Lock
from typing import Annotated, Any, Final

import msgspec
from fastapi import Depends, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security.base import SecurityBase
from psycopg2.extensions import cursor as Cursor
from sqlalchemy import ARRAY, Boolean, Column, DateTime, MetaData, Table, Text

from loyalty_shared.kernel.clock import Clock, monotonic_seconds
from loyalty_shared.persistence.connections import Database
from loyalty_shared.web import problems
from loyalty_shared.web.idempotency import KEY_LENGTH_MAX, Idempotency, fingerprint_of
from loyalty_shared.web.problems import ProblemError, Reason

#: A credential taken back is refused after this at the latest.
REMEMBER_SECONDS: Final = 1.0
#: Institutions named in a problem, at most.
SHOWN_MAX: Final = 10
#: The scope of a key used on a route that names no entity.
NO_ENTITY: Final = "*"


class Function(StrEnum):
    """What a credential lets its holder do (contracts.md section 1)."""

    CHANNEL = "channel"
    MAKER = "maker"
    CHECKER = "checker"
    ADMIN = "admin"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `channel`: the code that a channel's credential is bound to, else None.

    `credential`: who answers for the call, a system's credential or `operator:<code>`, whichever session the operator is in: so that nobody approves what
    they made in another. `institutions`: the only ones whose data the caller may see; None: the whole entity. `expires_at`: not admitted from then on.
    """

    credential: str
    entities: frozenset[str]
    functions: frozenset[str]
    channel: str | None
    institutions: frozenset[str] | None = None
    operator: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """A write by an authorised caller, with what makes it safe to send twice."""

    caller: Caller
    idempotency: Idempotency


def credential_table(metadata: MetaData) -> Table:
    """Define the table of credentials that a service follows."""
    return Table(
        "credential",
        metadata,
        Column("credential", Text, primary_key=True),
        Column("token_sha256", Text, nullable=False, unique=True),
        Column("entities", ARRAY(Text), nullable=False),
        Column("functions", ARRAY(Text), nullable=False),
        Column("channel", Text, nullable=True),
        Column("enabled", Boolean, nullable=False),
        Column("institutions", ARRAY(Text), nullable=True),
        Column("operator", Text, nullable=True),
        Column("expires_at", DateTime(timezone=True), nullable=True),
    )


def token_sha256(token: str) -> str:
    """Return the form in which a token is stored and published: SHA-256, hex."""
    return hashlib.sha256(token.encode()).hexdigest()


_LOAD: Final = """
select token_sha256, coalesce('operator:' || operator, credential), entities, functions, channel, institutions, operator, expires_at
from credential where enabled and (expires_at is null or expires_at > %s)
"""


def load_callers(cursor: Cursor, now: datetime) -> dict[str, Caller]:
    """Return the caller of every credential that is enabled and not expired, by the token's SHA-256."""
    cursor.execute(_LOAD, (now,))
    return {
        sha: Caller(name, frozenset(entities), frozenset(functions), channel, None if institutions is None else frozenset(institutions), operator, expires_at)
        for sha, name, entities, functions, channel, institutions, operator, expires_at in cursor.fetchall()
    }


class Credentials:
    """The callers this service knows, read from its database and remembered for a second."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._callers: Mapping[str, Caller] = {}
        self._read_at = float("-inf")
        self._reading = Lock()

    def recall(self, token: str) -> Caller | None:
        """Return the token's caller from memory; None when it is not there, or memory is too old: then `read` tells."""
        return self._find(token) if monotonic_seconds() - self._read_at < REMEMBER_SECONDS else None

    def read(self, token: str) -> Caller | None:
        """Return the token's caller as the database has it now; None for a token that is not valid."""
        asked_at = monotonic_seconds()
        with self._reading:
            if self._read_at <= asked_at:  # else another call has read while this one waited
                began_at = monotonic_seconds()
                with self._database.transaction() as cursor:
                    self._callers = load_callers(cursor, self._clock.now())
                self._read_at = began_at
            return self._find(token)

    def _find(self, token: str) -> Caller | None:
        caller = self._callers.get(token_sha256(token))
        if caller is not None and caller.expires_at is not None and caller.expires_at <= self._clock.now():
            return None
        return caller


async def _admit(request: Request, functions: frozenset[str]) -> Caller:
    """Return who calls, or raise the problem that keeps them out. Memory may admit; only the database refuses, so that what was issued a moment ago is good."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _unauthenticated("missing", 'Bearer realm="nanzhu"')
    credentials: Credentials = request.app.state.credentials
    legal_entity = request.path_params.get("legal_entity")
    caller = credentials.recall(token)
    if caller is None or _refusal(caller, legal_entity, functions) is not None:
        caller = await run_in_threadpool(credentials.read, token)
    if caller is None:
        raise _unauthenticated("not a valid token", 'Bearer realm="nanzhu", error="invalid_token"')
    request.state.credential = caller.credential  # for the log line
    refusal = _refusal(caller, legal_entity, functions)
    if refusal is not None:
        raise refusal
    return caller


def _unauthenticated(fault: str, challenge: str) -> ProblemError:
    reason = Reason("header.Authorization", fault, "Send Authorization: Bearer <token> with a credential issued by the console.")
    return ProblemError(problems.UNAUTHENTICATED, [reason], {"WWW-Authenticate": challenge})


def _refusal(caller: Caller, legal_entity: str | None, functions: frozenset[str]) -> ProblemError | None:
    if legal_entity is not None and legal_entity not in caller.entities:
        reason = Reason("path.legal_entity", f"credential {caller.credential} is not bound to it", "Use a credential of that entity.")
        return ProblemError(problems.NOT_YOUR_ENTITY, [reason])
    if functions and not functions & caller.functions:
        reason = Reason("header.Authorization", f"credential {caller.credential} lacks it", f"Use a credential with function {' or '.join(sorted(functions))}.")
        return ProblemError(problems.FUNCTION_NOT_GRANTED, [reason])
    return None


_IdempotencyKey = Annotated[
    str | None, Header(alias="Idempotency-Key", description="Required. The same key and body gives the first answer again, for 7 days.")
]


class _Admission(SecurityBase):
    """A dependency that FastAPI shows in the documents as a bearer token. One, where each further one would cost a call more than the check itself."""

    def __init__(self, functions: frozenset[str]) -> None:
        self.model = HTTPBearerModel(description="A credential's token; it is bound to entities and functions.")
        self.scheme_name = "credential"
        self.functions = functions


class _Reader(_Admission):
    async def __call__(self, request: Request) -> Caller:
        return await _admit(request, self.functions)


class _Writer(_Admission):
    async def __call__(self, request: Request, idempotency_key: _IdempotencyKey = None) -> Write:
        caller = await _admit(request, self.functions)
        key = idempotency_key
        if not key or len(key) > KEY_LENGTH_MAX or not key.isprintable():
            fault = "missing" if not key else f"not 1 to {KEY_LENGTH_MAX} printable characters"
            raise ProblemError(
                problems.KEY_MISSING, [Reason("header.Idempotency-Key", fault, "Send a key of your own, new for each write, the same for its retries.")]
            )
        body = await request.body()
        if b"\\u0000" in body:  # PostgreSQL's text has no NUL
            raise ProblemError(problems.INVALID_REQUEST, [Reason("body", "holds a NUL character, \\u0000", "Leave it out.")])
        try:
            sha256 = fingerprint_of(request.method, request.scope["path"], body)
        except msgspec.DecodeError as error:
            raise ProblemError(problems.MALFORMED_JSON, [Reason("body", str(error), "Send a JSON body.")]) from None
        return Write(caller, Idempotency(request.path_params.get("legal_entity", NO_ENTITY), caller.credential, key, sha256))


def reads(*functions: Function) -> Any:
    """Make a route's `caller` parameter: a caller of the path's `legal_entity` with any of the functions; none named: any credential. An auditor always may."""
    return Depends(_Reader(frozenset(functions) | {Function.AUDITOR} if functions else frozenset()))


def writes(*functions: Function) -> Any:
    """Make a route's `call` parameter: a write by a caller of the path's `legal_entity` with one of the functions, under its Idempotency-Key."""
    return Depends(_Writer(frozenset(functions)))


def require_within_scope(caller: Caller, institution: str | None, path: str) -> None:
    """Raise the problem `beyond-your-scope` when the caller may not see the institution's data. None: of no institution in particular, so the whole entity's.

    `path`: where the call names it, such as `query.institution`.
    """
    if caller.institutions is not None and institution not in caller.institutions:
        fault = f"{institution or 'the whole entity'} is beyond what {caller.credential} may see"
        reason = Reason(path, fault, f"Name one of: {', '.join(sorted(caller.institutions)[:SHOWN_MAX]) or 'none'}.")
        raise ProblemError(problems.BEYOND_YOUR_SCOPE, [reason])
