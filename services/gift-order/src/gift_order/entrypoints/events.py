"""Which use case takes which topic."""

from dataclasses import replace
from datetime import date
from typing import Final

from psycopg2.extensions import cursor as Cursor

from gift_order.adapters.unit_of_work import begin_on
from gift_order.adapters.wishes import ask_for_all
from gift_order.application.unlock_gifts import ClawedBack, Earned, UnlockGifts
from loyalty_shared.contracts.topics import ACCRUAL_POINTS, CONSOLE_PARAMETERS
from loyalty_shared.following import FollowParameters
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.persistence.connections import Database

#: Most earnings concern nobody here: what a batch costs is its one transaction.
EARNINGS_PER_BATCH: Final = 10_000
#: Every earning of the bank passes here, so only the fields that are used are decoded.
_EARNINGS: Final = replace(ACCRUAL_POINTS, types={"loyalty.accrual.points.earned.v1": Earned, "loyalty.accrual.points.clawed_back.v1": ClawedBack})


def subscriptions(database: Database, clock: Clock) -> tuple[Subscription, ...]:
    """Return what gift-order follows: points earned, and the console's word on entities, dates and credentials."""

    def on_date_advanced(cursor: Cursor, legal_entity: str, business_on: date) -> None:
        ask_for_all(cursor, legal_entity, clock.now())

    return (
        Subscription(
            group="gift-order.unlock-gifts",
            topic=_EARNINGS,
            use_case=UnlockGifts(begin=begin_on(database), clock=clock),
            sequenced=True,
            batch_max=EARNINGS_PER_BATCH,
            patient=True,
        ),
        Subscription(
            group="gift-order.follow-parameters",
            topic=CONSOLE_PARAMETERS,
            use_case=FollowParameters(database=database, clock=clock, on_date_advanced=on_date_advanced),
            sequenced=True,
        ),
    )
