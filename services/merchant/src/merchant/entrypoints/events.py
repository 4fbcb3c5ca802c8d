"""Which use case takes which topic."""

from loyalty_shared.contracts.topics import CONSOLE_PARAMETERS
from loyalty_shared.following import FollowParameters
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.persistence.connections import Database


def subscriptions(database: Database, clock: Clock) -> tuple[Subscription, ...]:
    """Return what the merchant service follows: entities, credentials and the date, from the console."""
    return (
        Subscription(group="merchant.follow-parameters", topic=CONSOLE_PARAMETERS, use_case=FollowParameters(database=database, clock=clock), sequenced=True),
    )
