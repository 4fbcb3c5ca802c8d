"""Which use case takes which topic."""

from typing import Final

from loyalty_shared.contracts.topics import CONSOLE_PARAMETERS, REDEMPTION_LEDGER
from loyalty_shared.following import FollowParameters
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.persistence.connections import Database
from settlement.adapters.costs import keep_cost
from settlement.adapters.rebuilding import RECORDING_GROUP
from settlement.adapters.recording import SqlRecordingWork
from settlement.adapters.unit_of_work import begin_on
from settlement.application.record_ledger import RecordLedger

#: A batch costs a few rows however many entries it has, and nobody waits for it: large ones cost least.
ENTRIES_PER_BATCH: Final = 20_000


def subscriptions(database: Database, clock: Clock) -> tuple[Subscription, ...]:
    """Return what settlement follows: the ledger, and the console's entities, dates and cost of points."""
    return (
        Subscription(
            group=RECORDING_GROUP,
            topic=REDEMPTION_LEDGER,
            use_case=RecordLedger(begin_on(database, SqlRecordingWork), clock),
            sequenced=True,
            batch_max=ENTRIES_PER_BATCH,
            patient=True,
        ),
        Subscription(
            group="settlement.follow-parameters",
            topic=CONSOLE_PARAMETERS,
            use_case=FollowParameters(database=database, clock=clock, on_parameter_changed=keep_cost),
            sequenced=True,
        ),
    )
