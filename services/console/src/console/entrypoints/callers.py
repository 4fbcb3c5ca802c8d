"""From a call at the edge to what use cases know of its caller."""

import hmac
from dataclasses import replace

import structlog
from fastapi import Request

from console.application.calls import Call
from console.domain.audit import By
from loyalty_shared.web.credentials import Caller, Write, require_within_scope, token_sha256


def call_of(write: Write, request: Request) -> Call:
    """Return the write as use cases take it."""
    caller = write.caller
    return Call(
        idempotency=write.idempotency,
        by=by_of(caller, request),
        functions=caller.functions,
        entities=caller.entities,
        institutions=caller.institutions,
    )


def entity_call_of(write: Write, request: Request) -> Call:
    """Return a write that concerns the whole entity. Raises the problem `beyond-your-scope` for a caller who may see some institutions only."""
    require_whole_entity(write.caller)
    return call_of(write, request)


def require_whole_entity(caller: Caller) -> None:
    """Raise the problem `beyond-your-scope` for a caller who may see some institutions only."""
    require_within_scope(caller, None, "header.Authorization")


def secret_call_of(write: Write, request: Request, secret: str) -> Call:
    """Return a write whose body holds a password: its digest is kept, so it is made with a secret, lest the password could be guessed from it."""
    sha256 = hmac.digest(secret.encode(), write.idempotency.body_sha256, "sha256")
    return replace(call_of(write, request), idempotency=replace(write.idempotency, body_sha256=sha256))


def by_of(caller: Caller, request: Request) -> By:
    """Return who calls, and from where."""
    return By(who=caller.credential, address=address_of(request), request_id=request_id())


def address_of(request: Request) -> str | None:
    """Return the address of the client as the connection shows it."""
    return request.client.host if request.client else None


def request_id() -> str | None:
    """Return the id of the call under way."""
    found: str | None = structlog.contextvars.get_contextvars().get("request_id")
    return found


def token_digest(request: Request) -> str:
    """Return the SHA-256 of the call's token."""
    return token_sha256(request.headers["Authorization"].partition(" ")[2])
