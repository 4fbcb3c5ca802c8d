"""Ask for an extension of expiry: a maker's wish, of which nothing comes until a checker approves it."""

from dataclasses import dataclass
from datetime import date

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import refused
from redemption.application.extending_ports import BeginExtendingWork, ExtendingWork, shown_extension
from redemption.application.online_ports import NewId
from redemption.application.staff_calls import StaffCall, answer_once
from redemption.domain.extending import Extension
from redemption.domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Extending:
    """What a maker asks for: at least one of the customer, the institution and the last date is stated."""

    customer_no: str | None
    institution: str | None
    expires_on: date | None
    to: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskExtension:
    """Keeps what a maker asks for."""

    begin: BeginExtendingWork
    clock: Clock
    new_id: NewId

    def __call__(self, call: StaffCall, asked: Extending) -> Answer:
        """Return the extension, pending; or `extension-in-the-past`, `customer-unknown`."""

        def ask(work: ExtendingWork, entity: Entity) -> Answer:
            if asked.to < entity.business_on:
                return refused(Refusal.EXTENSION_IN_THE_PAST)
            account = None if asked.customer_no is None else work.accounts.find(call.legal_entity, asked.customer_no, entity.business_on)
            if account is None and asked.customer_no is not None:
                return refused(Refusal.CUSTOMER_UNKNOWN)
            extension = Extension(
                extension_id=self.new_id(),
                customer_no=account.customer_no if account else None,  # of a merged number: the one that answers for it
                institution=asked.institution,
                expires_on=asked.expires_on,
                extend_to=asked.to,
                reason=asked.reason,
                asked_by=call.credential,
                asked_at=self.clock.now(),
            )
            work.extensions.add(call.legal_entity, extension)
            return Answer(shown_extension(extension))

        return answer_once(self.begin, self.clock, call, ask)
