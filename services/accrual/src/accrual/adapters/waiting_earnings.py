"""Earnings that wait for a behaviour, and what has been released of them, which the relay publishes."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Final

from msgspec import structs
from psycopg2.extensions import cursor as Cursor
from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Index, Integer, MetaData, PrimaryKeyConstraint, SmallInteger, Table, Text, text

from accrual.adapters.merges import find_merged, has_merged
from accrual.application.facts import Place
from accrual.application.waiting_earnings import EarningPlace, Occurred, Release, WaitingEarningsBook
from accrual.domain.decision import Decision
from accrual.domain.validity import AWAITING
from loyalty_shared.persistence.arrays import number_array, text_array
from loyalty_shared.persistence.bulk import CopyRows

_COLUMNS: Final = (
    "batch_no", "position", "rule_no", "legal_entity", "customer_no", "behaviour_code", "since", "points", "waiting_since", "seen",
)  # fmt: skip
_EARNINGS: Final = "unnest(%s::bigint[], %s::smallint[], %s::int[]) as wanted (batch_no, position, rule_no)"
_TAKE: Final = """
update waiting_earning set points = waiting_earning.points - taken.points
from unnest(%s::bigint[], %s::smallint[], %s::int[], %s::bigint[]) as taken (batch_no, position, rule_no, points)
where waiting_earning.batch_no = taken.batch_no and waiting_earning.position = taken.position and waiting_earning.rule_no = taken.rule_no
"""
_HOLD_FOR: Final = """
select batch_no, position, rule_no, occurred.on_date
from unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::date[]) as occurred (legal_entity, customer_no, behaviour_code, at, on_date)
join waiting_earning using (legal_entity, customer_no, behaviour_code)
where available_on is null and since <= occurred.at order by batch_no, position, rule_no, occurred.at for update of waiting_earning
"""
#: By whatever number of the customer it came.
_BY_ANY_NUMBER: Final = """in (
        with answering as (
            select coalesce((
                select survivor from merged_number
                where merged_number.legal_entity = waiting_earning.legal_entity and merged_number.customer_no = waiting_earning.customer_no
            ), waiting_earning.customer_no) as survivor)
        select survivor from answering
        union all
        select customer_no from answering join merged_number using (survivor) where legal_entity = waiting_earning.legal_entity)
"""
_BY_ITS_NUMBER: Final = "= waiting_earning.customer_no"
_HOLD_UNSEEN: Final = """
select batch_no, position, rule_no, legal_entity, (
    select transaction_on from decision where decision.legal_entity = waiting_earning.legal_entity and decision.customer_no {by_number}
      and decision.kind = 'behaviour' and decision.transaction_code = behaviour_code and decision.transaction_at >= since
    order by decision.transaction_at limit 1)
from waiting_earning where not seen and waiting_since <= %s order by batch_no, position, rule_no limit %s for update skip locked
"""
_MARK_SEEN: Final = f"""
update waiting_earning set seen = true from {_EARNINGS}
where waiting_earning.batch_no = wanted.batch_no and waiting_earning.position = wanted.position and waiting_earning.rule_no = wanted.rule_no
"""
_RELEASE: Final = """
with released as (
  update waiting_earning set available_on = due.available_on, seen = true
  from unnest(%s::bigint[], %s::smallint[], %s::int[], %s::date[]) as due (batch_no, position, rule_no, available_on)
  where waiting_earning.batch_no = due.batch_no and waiting_earning.position = due.position and waiting_earning.rule_no = due.rule_no
    and waiting_earning.available_on is null
  returning waiting_earning.batch_no, waiting_earning.position, waiting_earning.rule_no, waiting_earning.points, waiting_earning.available_on)
insert into released_earning (batch_no, earned_batch_no, earned_position, rule_no, points, available_on)
select %s, batch_no, position, rule_no, points, available_on from released where points > 0
"""
_RELEASED: Final = f"select batch_no, position, rule_no, available_on from {_EARNINGS} join waiting_earning using (batch_no, position, rule_no)"


def waiting_earning_table(metadata: MetaData) -> Table:
    """Define the earnings that wait for a behaviour. `points`: what refunds have left of them; `available_on`: null while they wait."""
    return Table(
        "waiting_earning",
        metadata,
        Column("batch_no", BigInteger, nullable=False),
        Column("position", SmallInteger, nullable=False),
        Column("rule_no", Integer, nullable=False),
        Column("legal_entity", Text, nullable=False),
        Column("customer_no", Text, nullable=False),
        Column("behaviour_code", Text, nullable=False),
        Column("since", DateTime(timezone=True), nullable=False),
        Column("points", BigInteger, nullable=False),
        Column("waiting_since", DateTime(timezone=True), nullable=False),
        Column("seen", Boolean, nullable=False),  # looked at once more for behaviours that came before it
        Column("available_on", Date, nullable=True),
        PrimaryKeyConstraint("batch_no", "position", "rule_no"),
        Index("ix_waiting_earning_customer", "legal_entity", "customer_no", "behaviour_code", postgresql_where=Column("available_on").is_(None)),
        Index("ix_waiting_earning_unseen", "waiting_since", postgresql_where=text("not seen")),
    )


def released_earning_table(metadata: MetaData) -> Table:
    """Define what of waiting earnings is published: `batch_no` is that of the release, the decision that gave the points stands at the earned place."""
    return Table(
        "released_earning",
        metadata,
        Column("batch_no", BigInteger, nullable=False),
        Column("earned_batch_no", BigInteger, nullable=False),
        Column("earned_position", SmallInteger, nullable=False),
        Column("rule_no", Integer, nullable=False),
        Column("points", BigInteger, nullable=False),
        Column("available_on", Date, nullable=False),
        PrimaryKeyConstraint("batch_no", "earned_batch_no", "earned_position", "rule_no"),
    )


class SqlWaitingEarnings:
    """Earnings that wait, over one transaction's cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def post(self, book: WaitingEarningsBook, at: datetime) -> None:
        rows = CopyRows()
        for each in book.added:
            rows.append(*each.earning, each.legal_entity, each.customer_no, each.behaviour_code, each.since, each.points, at, False)
        rows.copy(self._cursor, "waiting_earning", _COLUMNS)
        if book.taken:
            self._cursor.execute(_TAKE, (*_arrays(book.taken), number_array(book.taken.values())))

    def hold_for(self, behaviours: Sequence[Occurred]) -> list[Release]:
        if not behaviours:
            return []
        merged = find_merged(self._cursor, {(one.legal_entity, one.customer_no) for one in behaviours})
        if merged:  # what waits for it may wait under another number of the customer
            behaviours = [
                one._replace(customer_no=number)
                for one in behaviours
                for _, number in merged.get((one.legal_entity, one.customer_no), ((one.legal_entity, one.customer_no),))
            ]
        entities, customers, codes, instants, days = zip(*behaviours, strict=True)
        columns = (text_array(entities), text_array(customers), text_array(codes), text_array(map(datetime.isoformat, instants)), _dates(days))
        self._cursor.execute(_HOLD_FOR, columns)
        first: dict[EarningPlace, date] = {}
        for *earning, on in self._cursor.fetchall():
            first.setdefault(EarningPlace(*earning), on)
        return [Release(earning, on) for earning, on in first.items()]

    def hold_unseen(self, until: datetime, limit: int) -> Mapping[EarningPlace, tuple[str, date | None]]:
        by_number = _BY_ANY_NUMBER if has_merged(self._cursor) else _BY_ITS_NUMBER
        self._cursor.execute(_HOLD_UNSEEN.format(by_number=by_number), (until, limit))
        return {EarningPlace(*earning): (legal_entity, on) for *earning, legal_entity, on in self._cursor.fetchall()}

    def mark_seen(self, earnings: Collection[EarningPlace]) -> None:
        if earnings:
            self._cursor.execute(_MARK_SEEN, _arrays(earnings))

    def release(self, batch_no: int, releases: Sequence[Release]) -> None:
        if releases:
            earnings, days = zip(*releases, strict=True)
            self._cursor.execute(_RELEASE, (*_arrays(earnings), _dates(days), batch_no))


def with_releases(cursor: Cursor, decisions: Mapping[Place, Decision], *, hold: bool) -> dict[Place, Decision]:
    """Return decisions with the dates on which points of theirs that waited became available. `hold`: keep those that wait from being released meanwhile."""
    waited = [EarningPlace(*place, given.rule_no) for place, decision in decisions.items() for given in decision.applied if given.available_on == AWAITING]
    if not waited:
        return dict(decisions)
    cursor.execute(f"{_RELEASED} order by batch_no, position, rule_no for update of waiting_earning" if hold else _RELEASED, _arrays(waited))
    released = {EarningPlace(*earning): on for *earning, on in cursor.fetchall() if on is not None}
    return {
        place: structs.replace(
            decision,
            applied=tuple(
                structs.replace(given, available_on=released.get(EarningPlace(*place, given.rule_no), given.available_on)) for given in decision.applied
            ),
        )
        for place, decision in decisions.items()
    }


def _arrays(earnings: Collection[EarningPlace]) -> tuple[str, str, str]:
    return tuple(number_array(each[index] for each in earnings) for index in range(3))  # type: ignore[return-value]  # three columns


def _dates(days: Collection[date]) -> str:
    return text_array(day.isoformat() for day in days)
