"""Take back for refunds whose purchase was decided meanwhile by another transaction that could not see them wait."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from accrual.application.decide_transactions import post_decided, take_back_waiting
from accrual.application.facts import CustomerFacts, Facts, OriginalBook, WaitingBook, months_given_back, original_key_of
from accrual.application.ports import BeginUnitOfWork
from loyalty_shared.kernel.clock import Clock

MATCHED_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class MatchWaitingRefunds:
    """Matches refunds that wait with purchases that have come. A purchase and its refund in two overlapping batches do not see each other; this does."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self) -> Mapping[str, int]:
        """Match at most MATCHED_MAX refunds, and return how many met each outcome; none when nothing can be matched."""
        with self.begin() as work:
            waiting = WaitingBook(held := work.waiting_refunds.hold_matching(MATCHED_MAX))
            if not held:
                return {}
            work.entities.hold_dates({one.refund.legal_entity for one in held})
            now = self.clock.now()
            batch_no = work.batches.begin(now, may_repeat=True)
            purchases = {original_key_of(one.refund): None for one in held}  # in the order the refunds came

            originals = work.originals.hold(purchases, before_batch=batch_no)
            facts = Facts(
                batch_no=batch_no,
                rules={},
                customers=CustomerFacts(()),
                originals=OriginalBook(originals, awaited=()),
                waiting=waiting,
                usage=work.usage.hold(set().union(*(months_given_back(original) for _, original in originals.values()))),
                next_position=0,
            )
            decided = [one for purchase in purchases if purchase in originals for one in take_back_waiting(purchase, facts)]

            post_decided(work, batch_no, decided, facts, now)
        return Counter(one.decision.outcome.value for one in decided)
