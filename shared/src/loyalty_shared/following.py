"""How every service but the console comes to know entities, business dates, credentials and what else it names: by following `loyalty.console.parameters`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.console import BusinessDateAdvancedV1, CredentialIssuedV1, EntityOpenedV1, InstitutionChangedV1, ParameterChangedV1
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.records import Batch
from loyalty_shared.messaging.taking import take_batch
from loyalty_shared.persistence import dead_letters
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.dead_letters import Fault
from loyalty_shared.persistence.entity_dates import find_entity, hold_date_exclusively
from loyalty_shared.persistence.outgoing import begin_batch

ParameterEvent = EntityOpenedV1 | BusinessDateAdvancedV1 | CredentialIssuedV1 | ParameterChangedV1 | InstitutionChangedV1


_UNKNOWN: Final = "legal_entity: its opening was never heard; restore the console's topic, then retry"
_OPEN = """
insert into entity (legal_entity, names, zone, business_on, retention_years) values (%s, %s, %s, %s, %s) on conflict do nothing
"""
_CORRECT = "update entity set names = %s, zone = %s, retention_years = %s where legal_entity = %s"
_ADVANCE = "update entity set business_on = %s where legal_entity = %s"
_ISSUE = """
insert into credential (credential, token_sha256, entities, functions, channel, enabled, institutions, operator, expires_at)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
on conflict (credential) do update set token_sha256 = excluded.token_sha256, entities = excluded.entities, functions = excluded.functions,
    channel = excluded.channel, enabled = excluded.enabled, institutions = excluded.institutions, operator = excluded.operator,
    expires_at = excluded.expires_at
"""
_FORGET = "delete from credential where expires_at < %s"
#: Operators sign in every day: what has expired this long ago is of no use to anyone.
EXPIRED_KEPT_FOR: Final = timedelta(days=1)


_NEWER: Final = "credential: it is known here, maybe as a later letter stated it; issue it again at the console"


def do_nothing(_cursor: Cursor, *_what: object) -> None:
    """Be the hook of a service that has nothing of its own to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowParameters:
    """Takes what the console says as this service's own. Safe to run twice: every event states what is so, and a date only moves forward.

    The hooks run in the same transaction, under the entity's exclusive date lock. `on_entity_opened`: makes what a new entity begins with.
    `on_date_advanced`: closes a day of a legal entity, which gets no more postings: the one this service was on. What the console says it was on is another
    when the console's database was set back. `on_parameter_changed`, `on_institution_changed`: keep them in a table of the service's own, by what they state:
    the same may be said again.
    """

    database: Database
    clock: Clock
    on_entity_opened: Callable[[Cursor, EntityOpenedV1], None] = do_nothing
    on_date_advanced: Callable[[Cursor, str, date], None] = do_nothing
    on_parameter_changed: Callable[[Cursor, ParameterChangedV1], None] = do_nothing
    on_institution_changed: Callable[[Cursor, InstitutionChangedV1], None] = do_nothing

    def __call__(self, batch: Batch[ParameterEvent]) -> None:
        with self.database.transaction() as cursor:
            for legal_entity in sorted({event.legal_entity for event in batch.events if isinstance(event, EntityOpenedV1 | BusinessDateAdvancedV1)}):
                hold_date_exclusively(cursor, legal_entity)  # in the order in which postings take them
            # Written after the waiting: this transaction's id is then above those of all postings it waited for, and the relay publishes the close after them.
            take_batch(cursor, batch)
            rejected = list(batch.rejected)
            for index, event in enumerate(batch.events):
                match event:
                    case EntityOpenedV1():
                        if _open_entity(cursor, event):
                            self.on_entity_opened(cursor, event)
                    case BusinessDateAdvancedV1():
                        if not self._advance(cursor, event):
                            rejected.append(batch.reject(index, Fault.UNKNOWN_ENTITY, _UNKNOWN, legal_entity=event.legal_entity, source_system=None))
                    case CredentialIssuedV1():
                        if batch.retry_of is not None and is_issued(cursor, event.credential):
                            rejected.append(batch.reject(index, Fault.CONFLICTING_CONTENT, _NEWER, legal_entity=None, source_system=None))
                        else:
                            issue_credential(cursor, event)
                    case ParameterChangedV1():
                        self.on_parameter_changed(cursor, event)
                    case InstitutionChangedV1():
                        self.on_institution_changed(cursor, event)
            if any(isinstance(event, CredentialIssuedV1) and event.expires_at for event in batch.events):
                forget_expired_credentials(cursor, self.clock.now())
            if rejected:
                now = self.clock.now()
                dead_letters.post(cursor, begin_batch(cursor, now), batch.group, rejected, now)

    def _advance(self, cursor: Cursor, event: BusinessDateAdvancedV1) -> bool:
        """Move the entity's date forward; False when the entity is not known."""
        entity = find_entity(cursor, event.legal_entity)
        if entity is None:
            return False
        if entity.business_on < event.business_on:
            cursor.execute(_ADVANCE, (event.business_on, event.legal_entity))
            self.on_date_advanced(cursor, event.legal_entity, entity.business_on)
        return True


def _open_entity(cursor: Cursor, event: EntityOpenedV1) -> bool:
    """Take the entity up; True when it is new here. Of one that is known the business date stays: only an advance moves it."""
    names = msgspec.json.encode(event.names).decode()
    cursor.execute(_OPEN, (event.legal_entity, names, event.zone, event.business_on, event.retention_years))
    if cursor.rowcount == 1:
        return True
    cursor.execute(_CORRECT, (names, event.zone, event.retention_years, event.legal_entity))
    return False


def is_issued(cursor: Cursor, credential: str) -> bool:
    """Tell whether this service knows the credential, valid or taken back."""
    cursor.execute("select 1 from credential where credential = %s", (credential,))
    return cursor.fetchone() is not None


def issue_credential(cursor: Cursor, event: CredentialIssuedV1) -> None:
    """Make the credential valid at this service as the event states it, or take it back."""
    institutions = None if event.institutions is None else list(event.institutions)
    cursor.execute(
        _ISSUE,
        (
            event.credential,
            event.token_sha256,
            list(event.entities),
            list(event.functions),
            event.channel,
            event.enabled,
            institutions,
            event.operator,
            event.expires_at,
        ),
    )


def forget_expired_credentials(cursor: Cursor, now: datetime) -> None:
    """Delete the credentials whose time has been up for a day."""
    cursor.execute(_FORGET, (now - EXPIRED_KEPT_FOR,))
