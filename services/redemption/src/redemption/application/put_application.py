"""Put an application: an administrator says what a use of points asks from now on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer, Idempotency
from redemption.application.online_ports import BeginOnlineWork
from redemption.domain.applications import Application


@dataclass(frozen=True, slots=True, kw_only=True)
class PutApplication:
    """Registers a use of points, or replaces what one asks. What is held or spent already stands, and counts in limits that are set later."""

    begin: BeginOnlineWork
    clock: Clock

    def __call__(self, idempotency: Idempotency, application: Application) -> Answer:
        """Return the application as it is from now on."""
        with self.begin() as work:
            if (earlier := work.answers.find(idempotency)) is not None:
                return earlier
            work.hold_date(idempotency.legal_entity)
            work.applications.put(idempotency.legal_entity, application)
            return work.answers.keep(idempotency, Answer(shown_application(application)), self.clock.now())


def shown_application(application: Application) -> Mapping[str, Any]:
    """Return an application as it is shown; null: it does not ask."""
    terms = application.terms
    return {
        "code": application.code,
        "names": terms.names,
        "status": "open" if application.is_open else "closed",
        "channels": terms.channels,
        "cost_bearer": terms.cost_bearer,
        "clearing_mode": terms.clearing_mode,
        "eligible": terms.eligible,
        "minimum": application.minimum,
        "step": application.step,
        "points_max": application.points_max,
        "maximum_share_percent": terms.maximum_share_percent,
        "limits": {"per_transaction": application.points_max, "per_day": terms.per_day, "per_month": terms.per_month},
        "rate": terms.rate,
        "from": terms.opens_on,
        "to": terms.closes_on,
        "step_up_above": terms.step_up_above,
    }
