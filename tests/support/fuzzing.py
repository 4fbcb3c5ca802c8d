"""Each service on a database of its own, in this process, with its OpenAPI document: to be called with whatever the document allows."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient
from schemathesis import Case

from accrual.settings import Settings as AccrualSettings
from loyalty_shared.contracts.console import CredentialIssuedV1
from loyalty_shared.following import issue_credential
from loyalty_shared.kernel.ids import new_id
from loyalty_shared.persistence.migrations import migrate
from loyalty_shared.serving import Service
from loyalty_shared.web.credentials import Function, token_sha256

ENTITY: Final = "001"
TOKEN: Final = "everything"
BUSINESS_ON: Final = date(2026, 3, 2)
_NOBODY: Final = "127.0.0.1:9"
_MORE: Final[Mapping[str, Mapping[str, str]]] = {
    "gift-order": {"REDEMPTION_URL": f"http://{_NOBODY}", "REDEMPTION_TOKEN": "t"},
    "console": {"CREDENTIALS_SEED": "0123456789abcdef", "PASSWORD_MEMORY_KIB": "64"},
}
_OPEN: Final = """
insert into entity (legal_entity, names, zone, business_on, retention_years) values (%s, '{}', 'Asia/Shanghai', %s, 15) on conflict do nothing
"""
SERVICES: Final = ("accrual", "redemption", "merchant", "gift-order", "settlement", "reporting", "console")


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """A service's app, its document, and a client that may do everything in entity 001."""

    document: dict[str, Any]
    http: TestClient

    def request_of(self, case: Case[Any], base_url: str) -> dict[str, Any]:
        """Return a generated call as this client sends it: in the entity that exists, under a key of its own."""
        if "legal_entity" in case.path_parameters:
            case.path_parameters["legal_entity"] = ENTITY
        request = case.as_transport_kwargs(base_url=base_url)
        request.pop("cookies", None)
        kept = {name: value for name, value in request.pop("headers").items() if name.lower() not in ("authorization", "idempotency-key")}
        content = {"content": request.pop("data")} if "data" in request else {}
        return {**request, **content, "headers": {**kept, "Idempotency-Key": new_id()}}


@contextmanager
def app_of(service: str, database_url: str) -> Iterator[Fuzzed]:
    """Open a service on an empty database, nothing of it running but its calls."""
    prefix = service.replace("-", "_").upper()
    needed = {"DATABASE_URL": database_url, "KAFKA_BOOTSTRAP_SERVERS": _NOBODY, **_MORE.get(service, {})}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in needed.items():
            patch.setenv(f"{prefix}_{name}", value)
        module = import_module(f"{service.replace('-', '_')}.main")
        built: Service = module.build(AccrualSettings()) if service == "accrual" else module.build()
    migrate(built.migrations, database_url)
    built.prepare()
    issued = CredentialIssuedV1(
        credential=TOKEN, token_sha256=token_sha256(TOKEN), entities=(ENTITY,), functions=tuple(Function), channel="MOBILE", enabled=True
    )
    with built.database.transaction() as cursor:
        cursor.execute(_OPEN, (ENTITY, BUSINESS_ON))
        issue_credential(cursor, issued)
    app = built.make_app({}, list)
    try:
        yield Fuzzed(app.openapi(), TestClient(app, raise_server_exceptions=False, headers={"Authorization": f"Bearer {TOKEN}"}))
    finally:
        built.database.close()
