"""Release points whose behaviour had come before they began to wait for it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from accrual.application.ports import BeginUnitOfWork
from accrual.application.waiting_earnings import Release
from loyalty_shared.kernel.clock import Clock

RELEASED_MAX: Final = 1_000
#: No batch of behaviours lasts so long: one that could not see an earning because it was being posted at the same moment has committed by then.
OVERLAP: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class ReleaseWaitingEarnings:
    """Looks once at each earning that waits: its behaviour may have come before it. Every later behaviour finds the earning itself."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self) -> int:
        """Look at no more than RELEASED_MAX earnings, and return how many there were."""
        with self.begin() as work:
            now = self.clock.now()
            held = work.waiting_earnings.hold_unseen(now - OVERLAP, RELEASED_MAX)
            work.waiting_earnings.mark_seen([earning for earning, (_, on) in held.items() if on is None])
            releases = [Release(earning, on) for earning, (_, on) in held.items() if on is not None]
            if releases:
                work.entities.hold_dates({legal_entity for legal_entity, on in held.values() if on is not None})
                work.waiting_earnings.release(work.batches.begin(now, may_repeat=True), releases)
        return len(held)
