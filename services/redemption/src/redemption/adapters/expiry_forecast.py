"""What is going to lapse, by month: from the lots as they are."""

from datetime import date
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor

# Of sliding lots, the last date is as the accounts' last activity has it: every activity moves it on.
_FORECAST: Final = """
select to_char(last_on, 'YYYY-MM') as month, point_type, sum(points)::bigint, count(distinct customer_no) from (
    select expires_on as last_on, point_type, points - held as points, customer_no from lot
        where legal_entity = %(legal_entity)s and expires_on between %(on)s and %(to)s and points > held
    union all select slides_to, point_type, points - held, customer_no from lot
        where legal_entity = %(legal_entity)s and slides_to between %(on)s and %(to)s and points > held) as lapsing
group by month, point_type order by month, point_type
"""


class MonthForecast(msgspec.Struct, frozen=True):
    """Points of one type whose last date of use is in a month (YYYY-MM), and how many customers have some."""

    month: str
    point_type: str
    points: int
    customers: int


def forecast_expiry(cursor: Cursor, legal_entity: str, on: date, to: date) -> list[MonthForecast]:
    """Return what lapses after a last date from `on` to `to`, both included, by month and point type, when nobody does anything; held points are left out."""
    cursor.execute(_FORECAST, {"legal_entity": legal_entity, "on": on, "to": to})
    return [MonthForecast(*row) for row in cursor.fetchall()]
