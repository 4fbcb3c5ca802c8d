"""The accounts that the spending stage spends from: one is granted points by a channel, the others are made alike in the database."""

from typing import Final

import psycopg2
from psycopg2.extras import execute_values
from sqlalchemy.engine import make_url

from bench.workload import FIRST_DAY
from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.persistence.connections import Database
from nanzhu_demo.client import PlatformClient
from nanzhu_local.endpoints import Endpoints
from nanzhu_local.platform import LocalPlatform
from redemption.adapters.entry_rows import partition_of_customer

#: Numbers that no customer of the workload has.
FIRST_CUSTOMER: Final = 10_000_000
CUSTOMERS: Final = 20_000
#: Of one account, for all pairs of a run.
POINTS: Final = 1_000_000_000
FLOOR_DATABASE: Final = "spending_floor"
#: Entries of one outgoing batch, as many as accrual's own batches make.
BATCH_MAX: Final = 2_000

_WANTED: Final = "create temp table wanted (customer_no text, partition int, position int) on commit drop"
_COPY: Final = "insert into {table} select (jsonb_populate_record(first, {changed})).* from {table} as first, wanted where first.customer_no = %s"
_CHANGED: Final = "jsonb_build_object('customer_no', wanted.customer_no)"
_CHANGED_ENTRY: Final = (
    "jsonb_build_object('customer_no', wanted.customer_no, 'partition', wanted.partition, 'position', wanted.position, 'batch_no', %s::bigint)"
)


async def open_accounts(endpoints: Endpoints, legal_entity: str) -> None:
    """Give CUSTOMERS customers, numbered from FIRST_CUSTOMER, an account with one lot of POINTS each, entries and all."""
    grant = {"customer_no": f"C{FIRST_CUSTOMER}", "points": POINTS, "point_type": "base", "reason": "bench", "channel_serial": f"bench-{FIRST_CUSTOMER}"}
    async with PlatformClient(endpoints, legal_entity) as client:
        await client.post("redemption", "grants", grant | {"channel_date": FIRST_DAY.isoformat()}, role="channel")
    url = endpoints.services["redemption"].database
    database = Database(url, application_name="bench")
    for start in range(1, CUSTOMERS, BATCH_MAX):
        _open_alike(database, legal_entity, [f"C{FIRST_CUSTOMER + number}" for number in range(start, min(start + BATCH_MAX, CUSTOMERS))])
    database.close()
    connection = psycopg2.connect(url)
    connection.autocommit = True
    connection.cursor().execute("vacuum (analyze) account, lot, entry")
    connection.close()


def _open_alike(database: Database, legal_entity: str, customer_nos: list[str]) -> None:
    first = f"C{FIRST_CUSTOMER}"
    rows = [(number, partition_of_customer(legal_entity, number), position) for position, number in enumerate(customer_nos)]
    with database.transaction() as cursor:
        cursor.execute(_WANTED)
        execute_values(cursor, "insert into wanted values %s", rows)
        cursor.execute("insert into outgoing_batch (committed_at, may_repeat) values (%s, false) returning batch_no", (SystemClock().now(),))
        (batch_no,) = cursor.fetchone() or (None,)
        cursor.execute(_COPY.format(table="account", changed=_CHANGED), (first,))
        cursor.execute(_COPY.format(table="lot", changed=_CHANGED), (first,))
        cursor.execute(_COPY.format(table="entry", changed=_CHANGED_ENTRY), (batch_no, first))


def copy_ledger(platform: LocalPlatform, endpoints: Endpoints) -> str:
    """Copy redemption's database as it is now, while the service is stopped for it, and return the copy's URL, as a user who may write in it."""
    connection = psycopg2.connect(platform.database_server)
    connection.autocommit = True
    original = make_url(endpoints.services["redemption"].database).database
    platform.stop("redemption")
    try:
        connection.cursor().execute(f'create database {FLOOR_DATABASE} template "{original}"')
    finally:
        connection.close()
        platform.start("redemption")
    return make_url(platform.database_server).set(database=FLOOR_DATABASE).render_as_string(hide_password=False)
