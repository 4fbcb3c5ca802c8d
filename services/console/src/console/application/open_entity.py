"""Use case: open a legal entity on this installation."""

from dataclasses import dataclass

from console.application.ports import BeginUnitOfWork
from console.domain.announcements import issued_from, opened_from
from console.domain.entities import NewEntity
from console.domain.local_credentials import bound_also_to, credentials_from, service_credentials_from
from console.domain.refusals import Refusal
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer, Idempotency


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEntity:
    """Opens an entity, with credentials of its own, and binds the opening administrator's credential to it. Refusal: `entity-exists`.

    The answer holds no token, for answers are kept: the edge derives them for the caller.
    """

    begin: BeginUnitOfWork
    clock: Clock
    seed: str

    def __call__(self, call: Idempotency, entity: NewEntity) -> Answer:
        now = self.clock.now()
        with self.begin() as work:
            if (earlier := work.answers.find(call)) is not None:
                return earlier
            credentials = work.credentials.list_for_update()
            if not work.entities.open(entity, by=call.credential, at=now):
                reason = {"path": "body.legal_entity", "fault": f"{entity.legal_entity} is open already", "remedy": "Choose another code."}
                return work.answers.keep(call, Answer({"reasons": [reason]}, Refusal.ENTITY_EXISTS), now)
            issued = [
                *credentials_from(self.seed, entity.legal_entity),
                *service_credentials_from(self.seed, work.entities.list_codes()),
            ]
            if (opener := credentials.get(call.credential)) is not None:  # an operator is bound to it when they sign in again
                issued.append(bound_also_to(opener, entity.legal_entity))
            for credential in issued:
                work.credentials.issue(credential)
            work.announcements.post([opened_from(entity), *map(issued_from, issued)], now)
            body = {"legal_entity": entity.legal_entity, "names": entity.names, "zone": entity.zone, "business_on": entity.business_on}
            return work.answers.keep(call, Answer(body), now)
