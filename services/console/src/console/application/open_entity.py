"""Use case: open a legal entity on this installation."""

from dataclasses import dataclass

from console.application.calls import Call, answer_once, refused
from console.application.furnish import MakeOperators, furnish
from console.application.ports import BeginUnitOfWork, UnitOfWork
from console.domain.announcements import issued_from, opened_from
from console.domain.audit import Deed
from console.domain.entities import NewEntity
from console.domain.local_credentials import bound_also_to, credentials_from, service_credentials_from
from console.domain.refusals import Refusal
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEntity:
    """Opens an entity, with credentials, roles and operators of its own, and binds the opening administrator's credential to it. Refusal: `entity-exists`.

    The answer holds no token, for answers are kept: the edge derives them for the caller.
    """

    begin: BeginUnitOfWork
    clock: Clock
    seed: str
    make_operators: MakeOperators

    def __call__(self, call: Call, entity: NewEntity) -> Answer:
        now = self.clock.now()
        operators = self.make_operators(entity.legal_entity, now)  # hashing passwords takes its time: in no transaction

        def decide(work: UnitOfWork) -> Answer:
            credentials = work.credentials.list_for_update()
            if not work.entities.open(entity, by=call.by.who, at=now):
                return refused(Refusal.ENTITY_EXISTS, "body.legal_entity", f"{entity.legal_entity} is open already", "Choose another code.")
            issued = [*credentials_from(self.seed, entity.legal_entity), *service_credentials_from(self.seed, work.entities.list_codes())]
            if (opener := credentials.get(call.by.who)) is not None:  # an operator is bound to it when they sign in again
                issued.append(bound_also_to(opener, entity.legal_entity))
            for credential in issued:
                work.credentials.issue(credential)
            body = {"legal_entity": entity.legal_entity, "names": entity.names, "zone": entity.zone, "business_on": entity.business_on}
            work.audit.note(Deed(legal_entity=entity.legal_entity, action="entity.opened", subject=entity.legal_entity, after=body), call.by, now)
            work.announcements.post([opened_from(entity), *map(issued_from, issued)], now)
            furnish(work, entity, operators, now)
            return Answer(body)

        return answer_once(self.begin, call.idempotency, now, decide)
