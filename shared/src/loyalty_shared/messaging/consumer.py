"""The consumers of one process: the members of each subscription's group, together."""

import asyncio
from collections.abc import Sequence

from loyalty_shared.messaging.member import GroupMember
from loyalty_shared.messaging.standing import Standing, State
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database


class ConsumerRuntime:
    """Follows all subscriptions of a service. consume > decode > one use case, in one transaction; what comes of it is in `standing`."""

    def __init__(self, bootstrap_servers: str, database: Database, subscriptions: Sequence[Subscription], metrics: Metrics, standing: Standing) -> None:
        self.standing = standing
        for subscription in subscriptions:
            standing.set_group(subscription.group, State.WAITING_FOR_KAFKA, "its start")
        self._members = [
            GroupMember(bootstrap_servers, database, subscription, metrics, standing) for subscription in subscriptions for _ in range(subscription.members)
        ]

    async def run(self) -> None:
        """Follow until `stop`. Does not end because Kafka or the database is away, or was never there."""
        await asyncio.gather(*(member.run() for member in self._members))

    def stop(self) -> None:
        """Let each batch in hand be finished, then end `run`. Call on the event loop."""
        for member in self._members:
            member.stop()
