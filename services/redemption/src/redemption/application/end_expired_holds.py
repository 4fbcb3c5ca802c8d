"""End expired holds: write down the ends that the clock has brought. Reading and spending go by the clock and do not wait for this."""

from dataclasses import dataclass
from typing import Final

from loyalty_shared.kernel.clock import Clock
from redemption.application.online_ports import BeginOnlineWork

#: How many holds one transaction ends, so that it keeps no account locked for long.
HOLDS_MAX: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class EndExpiredHolds:
    """Ends holds whose time is up, the longest overdue first: at most HOLDS_MAX. Returns how many accounts had some, 0 when none is left to end."""

    begin: BeginOnlineWork
    clock: Clock

    def __call__(self) -> int:
        with self.begin() as work:
            keys = work.holds.list_accounts_with_ended(self.clock.now(), HOLDS_MAX)
            dates = {legal_entity: work.hold_date(legal_entity).business_on for legal_entity in sorted({key[0] for key in keys})}
            for legal_entity, customer_no in keys:
                account = work.accounts.find_for_update(legal_entity, customer_no, dates[legal_entity])
                assert account is not None, "a hold without an account"
                now = self.clock.now()
                work.holds.end_expired(account, now)
                work.accounts.post(account, now)
        return len(keys)
