"""End freezes: write down what the business date has ended."""

from dataclasses import dataclass
from typing import Final

from loyalty_shared.kernel.clock import Clock
from redemption.application.staff_ports import BeginStaffWork

#: Accounts whose freezes are ended in one transaction.
ACCOUNTS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class EndFreezes:
    """Ends the freezes of an entity whose last date has passed. Nothing waits for it: a freeze holds nothing from then on, whether or not this has run."""

    begin: BeginStaffWork
    clock: Clock

    def __call__(self, legal_entity: str) -> int:
        """Return how many accounts had one."""
        done = 0
        while True:
            with self.begin() as work:
                on = work.hold_date(legal_entity).business_on
                customers = work.freezes.list_due(legal_entity, on, ACCOUNTS_MAX)
                if customers:
                    work.freezes.lock_accounts(legal_entity, customers)
                    work.freezes.end_due(legal_entity, customers, on, self.clock.now())
            done += len(customers)
            if len(customers) < ACCOUNTS_MAX:
                return done
