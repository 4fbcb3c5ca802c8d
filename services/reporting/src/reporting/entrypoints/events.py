"""Which use case takes which topic."""

from typing import Final

from loyalty_shared.contracts.topics import ACCRUAL_BATCHES, CONSOLE_PARAMETERS, REDEMPTION_LEDGER
from loyalty_shared.following import FollowParameters
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.persistence.connections import Database
from reporting.adapters.institutions import keep_institution
from reporting.adapters.recording import begin_recording_on
from reporting.application.record_decisions import RecordDecisions
from reporting.application.record_entries import RecordEntries

#: Larger than other consumers': the more entries come together, the fewer rows are written for each. What Kafka hands over at a time is less than this.
ENTRIES_PER_BATCH: Final = 20_000


def mart_subscriptions(database: Database, clock: Clock) -> tuple[Subscription, ...]:
    """Return what the mart is made of, and made again of by a rebuild."""
    begin = begin_recording_on(database)
    return (
        Subscription(
            group="reporting.record-entries",
            topic=REDEMPTION_LEDGER,
            use_case=RecordEntries(begin, clock),
            sequenced=True,
            batch_max=ENTRIES_PER_BATCH,
            patient=True,
        ),
        Subscription(
            group="reporting.record-decisions",
            topic=ACCRUAL_BATCHES,
            use_case=RecordDecisions(begin, clock),
            sequenced=True,
            source_of=lambda event: ("", ""),  # a batch may be of several entities
        ),
    )


def subscriptions(database: Database, clock: Clock) -> tuple[Subscription, ...]:
    """Return all that reporting follows: the ledger and accrual's decisions for the mart; the console for entities, dates, credentials and the tree."""
    return (
        *mart_subscriptions(database, clock),
        Subscription(
            group="reporting.follow-parameters",
            topic=CONSOLE_PARAMETERS,
            use_case=FollowParameters(database=database, clock=clock, on_institution_changed=keep_institution),
            sequenced=True,
        ),
    )
