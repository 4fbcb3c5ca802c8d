"""The consumers of one process: the members of each subscription's group, together."""

import asyncio
from collections.abc import Sequence

from loyalty_shared.messaging.facts_first import FactsFirst
from loyalty_shared.messaging.member import GroupMember
from loyalty_shared.messaging.standing import Standing, State
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database


class ConsumerRuntime:
    """Follows all subscriptions of a service. consume > decode > one use case, in one transaction; what comes of it is in `standing`."""

    def __init__(self, bootstrap_servers: str, database: Database, subscriptions: Sequence[Subscription], metrics: Metrics, standing: Standing) -> None:
        self.standing = standing
        self._stopping = asyncio.Event()
        for subscription in subscriptions:
            standing.set_group(subscription.group, State.WAITING_FOR_KAFKA, "its start")
        self._groups = [
            (
                subscription.group,
                FactsFirst(bootstrap_servers, database, [other for other in subscriptions if other.group in subscription.after], standing, self._stopping),
                [GroupMember(bootstrap_servers, database, subscription, metrics, standing) for _ in range(subscription.members)],
            )
            for subscription in subscriptions
        ]

    async def run(self) -> None:
        """Follow until `stop`. Does not end because Kafka or the database is away, or was never there."""
        await asyncio.gather(*(self._follow(group, facts_first, members) for group, facts_first, members in self._groups))

    async def _follow(self, group: str, facts_first: FactsFirst, members: Sequence[GroupMember]) -> None:
        await facts_first.wait(group)
        await asyncio.gather(*(member.run() for member in members))

    def stop(self) -> None:
        """Let each batch in hand be finished, then end `run`. Call on the event loop."""
        self._stopping.set()
        for _, _, members in self._groups:
            for member in members:
                member.stop()
