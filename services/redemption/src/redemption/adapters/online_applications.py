"""Applications over one transaction's cursor."""

from datetime import date
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from redemption.adapters.online_opening import application_from
from redemption.domain.account import Account
from redemption.domain.applications import FIRST_APPLICATIONS, Application, CustomerFacts, Spent

_COLUMNS: Final = "code, is_open, minimum, step, points_max, terms::text"
_LIST: Final = f"select {_COLUMNS} from application where legal_entity = %s order by code"
_FIND: Final = f"select {_COLUMNS} from application where legal_entity = %s and code = %s"
_OPEN: Final = "insert into application (legal_entity, code, is_open) select %s, unnest(%s), true on conflict do nothing"
_PUT: Final = """
insert into application (legal_entity, code, is_open, minimum, step, points_max, terms) values (%s, %s, %s, %s, %s, %s, %s)
on conflict (legal_entity, code) do update set is_open = excluded.is_open, minimum = excluded.minimum, step = excluded.step,
    points_max = excluded.points_max, terms = excluded.terms
"""
_FACTS: Final = "select level, coalesce(tags, '{}'), home_institution from customer where legal_entity = %s and customer_no = %s"
#: What is held or spent and was not given back, by the business date that it counts in.
_SPENT: Final = """
select coalesce(sum(points) filter (where counted_on = %(on)s), 0)::bigint, coalesce(sum(points), 0)::bigint from (
    select points, counted_on from hold
    where legal_entity = %(legal_entity)s and customer_no = any(%(numbers)s) and status = 'reserved' and application = %(application)s
        and counted_on >= %(month)s
    union all
    select (part.value ->> 2)::bigint, counted_on from redemption, json_array_elements(lots) as part
    where legal_entity = %(legal_entity)s and customer_no = any(%(numbers)s) and application = %(application)s and counted_on >= %(month)s) as counted
"""


def open_first_applications(cursor: Cursor, legal_entity: str) -> None:
    """Give a new entity the applications that every entity begins with; those it has already stay as they are."""
    cursor.execute(_OPEN, (legal_entity, list(FIRST_APPLICATIONS)))


class SqlApplications:
    """What points can be spent on."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def list(self, legal_entity: str) -> list[Application]:
        """Return every application of the entity, by code."""
        self._cursor.execute(_LIST, (legal_entity,))
        return [application_from(*row) for row in self._cursor.fetchall()]

    def find(self, legal_entity: str, code: str) -> Application | None:
        """Return an application; None: there is none of that code."""
        self._cursor.execute(_FIND, (legal_entity, code))
        row = self._cursor.fetchone()
        return application_from(*row) if row else None

    def put(self, legal_entity: str, application: Application) -> None:
        """Write an application as it is to be from now on."""
        bounds = (application.minimum, application.step, application.points_max)
        terms = msgspec.json.encode(application.terms).decode()
        self._cursor.execute(_PUT, (legal_entity, application.code, application.is_open, *bounds, terms))

    def find_customer_facts(self, legal_entity: str, customer_no: str) -> CustomerFacts:
        """Return what core banking last said of a customer."""
        self._cursor.execute(_FACTS, (legal_entity, customer_no))
        row = self._cursor.fetchone()
        return CustomerFacts(level=row[0], tags=tuple(row[1]), institution=row[2]) if row else CustomerFacts()

    def spent(self, account: Account, application: str) -> Spent:
        """Return what a locked account, by any of its numbers, has spent or holds on an application on its business date and in that month."""
        on: date = account.business_on
        wanted = {"legal_entity": account.legal_entity, "numbers": list(account.numbers), "application": application, "on": on, "month": on.replace(day=1)}
        self._cursor.execute(_SPENT, wanted)
        row = self._cursor.fetchone()
        assert row is not None
        return Spent(*row)
