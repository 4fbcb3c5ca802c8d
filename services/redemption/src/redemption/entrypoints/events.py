"""Which use case takes which topic."""

from datetime import date
from typing import Final

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.console import EntityOpenedV1
from loyalty_shared.contracts.topics import ACCRUAL_POINTS, CONSOLE_PARAMETERS, CORE_CUSTOMERS, MERCHANT_MERCHANTS
from loyalty_shared.following import FollowParameters
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.persistence.connections import Database
from redemption.adapters.crediting import SqlCreditingWork
from redemption.adapters.customers import SqlCustomersWork
from redemption.adapters.days import close_day
from redemption.adapters.merchants import SqlMerchantsWork
from redemption.adapters.online_applications import open_first_applications
from redemption.adapters.parameters import keep_parameter
from redemption.adapters.unit_of_work import begin_on
from redemption.application.credit_earned_points import CreditEarnedPoints
from redemption.application.record_customers import RecordCustomers
from redemption.application.record_merchants import RecordMerchants

#: Accounts stay locked while their batch is posted, and online calls wait for them: half of what would cost the least processor time for each earning.
EARNINGS_PER_BATCH: Final = 2_000


def subscriptions(database: Database, clock: Clock) -> tuple[Subscription, ...]:
    """Return what the ledger follows: points from accrual, customers from core banking, merchants, the date from the console."""

    def on_entity_opened(cursor: Cursor, event: EntityOpenedV1) -> None:
        open_first_applications(cursor, event.legal_entity)

    def on_date_advanced(cursor: Cursor, legal_entity: str, business_on: date) -> None:
        close_day(cursor, legal_entity, business_on, clock)

    return (
        Subscription(
            group="redemption.credit-earned-points",
            topic=ACCRUAL_POINTS,
            use_case=CreditEarnedPoints(begin_on(database, SqlCreditingWork), clock),
            sequenced=True,
            batch_max=EARNINGS_PER_BATCH,
            members=2,
            after=("redemption.follow-parameters",),
        ),
        Subscription(
            group="redemption.record-customers",
            topic=CORE_CUSTOMERS,
            use_case=RecordCustomers(begin_on(database, SqlCustomersWork), clock),
            sequenced=False,
        ),
        Subscription(
            group="redemption.record-merchants",
            topic=MERCHANT_MERCHANTS,
            use_case=RecordMerchants(begin_on(database, SqlMerchantsWork), clock),
            sequenced=True,
        ),
        Subscription(
            group="redemption.follow-parameters",
            topic=CONSOLE_PARAMETERS,
            use_case=FollowParameters(
                database=database,
                clock=clock,
                on_entity_opened=on_entity_opened,
                on_date_advanced=on_date_advanced,
                on_parameter_changed=keep_parameter,
            ),
            sequenced=True,
        ),
    )
