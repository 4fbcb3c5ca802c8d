"""Writing the mart, over psycopg2: one statement per table and batch."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from loyalty_shared.contracts.accrual import BatchDecidedV1
from loyalty_shared.contracts.redemption import DayClosedV1, EntryPostedV1
from loyalty_shared.messaging.records import Batch
from loyalty_shared.messaging.taking import take_batch
from loyalty_shared.persistence import dead_letters
from loyalty_shared.persistence.arrays import number_array, text_array
from loyalty_shared.persistence.dead_letters import Rejected
from loyalty_shared.persistence.entity_dates import list_entities
from loyalty_shared.persistence.outgoing import begin_batch
from loyalty_shared.persistence.repeated_entries import list_fresh, remember
from reporting.domain.postings import NOT_SAID, GroupKey, Sums, tallies_from

#: The text that a group's seal is made with; `{row}` is the alias of the row.
KEY_TEXT: Final = (
    "concat_ws(chr(31), {row}.legal_entity, {row}.business_on::text, {row}.partition::text, {row}.point_type, {row}.kind, {row}.counter_account,"
    " {row}.institution, {row}.rule_code, {row}.channel, {row}.application)"
)
_KEY_COLUMNS: Final = "legal_entity, business_on, partition, point_type, kind, counter_account, institution, rule_code, channel, application"
_ADD_GROUPS: Final = f"""
insert into posting_group as held ({_KEY_COLUMNS}, entries, points, lots, seal)
select {_KEY_COLUMNS}, entries, points, lots, seal_of({KEY_TEXT.format(row="added")}, entries, points, lots)
from (
    select legal_entity, business_on, %s::smallint as partition, point_type, kind, counter_account, institution, rule_code, channel, application,
        entries, points, lots
    from unnest(%s::text[], %s::date[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
        %s::bigint[], %s::bigint[], %s::bigint[])
        as row (legal_entity, business_on, point_type, kind, counter_account, institution, rule_code, channel, application, entries, points, lots)
) as added
on conflict ({_KEY_COLUMNS}) do update set
    entries = held.entries + excluded.entries, points = held.points + excluded.points, lots = held.lots + excluded.lots, seal = held.seal + excluded.seal
"""
_ADD_TALLIES: Final = """
insert into posting_tally as held (legal_entity, business_on, partition, kind, entries, points, lots) values %s
on conflict (legal_entity, business_on, partition, kind) do update set
    entries = held.entries + excluded.entries, points = held.points + excluded.points, lots = held.lots + excluded.lots
"""
_CLOSE: Final = """
insert into day_close (legal_entity, business_on, partition, entries, points_by_kind) values %s
on conflict (legal_entity, business_on, partition) do update set entries = excluded.entries, points_by_kind = excluded.points_by_kind
"""
_ADD_DECIDED: Final = """
insert into decided_group as held (legal_entity, decided_on, institution, product, channel, currency, outcome, events, points, amount_minor) values %s
on conflict (legal_entity, decided_on, institution, product, channel, currency, outcome) do update set
    events = held.events + excluded.events, points = held.points + excluded.points, amount_minor = held.amount_minor + excluded.amount_minor
"""
_ROWS_PER_STATEMENT: Final = 1_000

DecidedKey = tuple[str, date, str, str, str, str, str]


class SqlRecordingWork:
    """One transaction that adds a batch of a topic to the mart."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def advance(self, batch: Batch[Any]) -> None:
        """Move the consumer's place past the batch. Raises Fenced when another owner has gone on, or the mart is being rebuilt."""
        take_batch(self._cursor, batch)

    def not_held(self, batch: Batch[Any], entries: Sequence[EntryPostedV1]) -> Sequence[EntryPostedV1]:
        """Return the entries that an earlier epoch of the ledger did not bring: of equal ones, as many repeat as any earlier epoch had."""
        return list_fresh(self._cursor, batch.partition, batch.span, entries)

    def remember(self, batch: Batch[Any], entries: Sequence[EntryPostedV1], at: datetime) -> None:
        """Keep what tells these entries' repeats, should the ledger be restored and post them again."""
        remember(self._cursor, batch.partition, batch.span, entries, at)

    def add_entries(self, partition: int, groups: Mapping[GroupKey, Sums]) -> None:
        """Add the groups, and the tallies that they are checked against."""
        keys = sorted(groups)
        entity, day, point_type, kind, counter, institution, rule, channel, application = zip(*keys, strict=True)
        sums = list(zip(*(groups[key] for key in keys), strict=True))
        days = "{" + ",".join(map(date.isoformat, day)) + "}"
        texts = [text_array(column) for column in (point_type, kind, counter, institution, rule, channel, application)]
        self._cursor.execute(_ADD_GROUPS, (partition, text_array(entity), days, *texts, *map(number_array, sums)))
        tallies = tallies_from(groups)
        rows = [(key.legal_entity, key.business_on, partition, key.kind, *tallies[key]) for key in sorted(tallies)]
        execute_values(self._cursor, _ADD_TALLIES, rows, page_size=_ROWS_PER_STATEMENT)

    def close_days(self, days: Sequence[DayClosedV1]) -> None:
        """Keep what the ledger says it posted on a closed date; said again, the last word counts."""
        last = {(day.legal_entity, day.business_on, day.partition): (day.entries, msgspec.json.encode(day.points_by_kind).decode()) for day in days}
        execute_values(self._cursor, _CLOSE, [(*key, *said) for key, said in sorted(last.items())], page_size=_ROWS_PER_STATEMENT)

    def add_decided(self, batches: Sequence[BatchDecidedV1]) -> None:
        """Add what accrual decided, by the day it did in each entity's zone."""
        groups: defaultdict[DecidedKey, list[int]] = defaultdict(lambda: [0, 0, 0])
        zones = {entity.legal_entity: entity.zone for entity in list_entities(self._cursor)}
        for batch in batches:
            for group in batch.groups:
                legal_entity = group["legal_entity"]
                # An entity that is not known here yet has no zone: its day is then UTC's.
                day = batch.decided_at.astimezone(zones.get(legal_entity)).date() if legal_entity in zones else batch.decided_at.date()
                product = group.get("product_code") or NOT_SAID
                sums = groups[legal_entity, day, group["institution"], product, group["channel"], group["currency"], group["outcome"]]
                for index, measure in enumerate(("events", "points", "amount_minor")):
                    sums[index] += group[measure]
        rows = [(*key, *groups[key]) for key in sorted(groups)]
        if rows:
            execute_values(self._cursor, _ADD_DECIDED, rows, page_size=_ROWS_PER_STATEMENT)

    def set_aside(self, batch: Batch[Any], rejected: Sequence[Rejected], at: datetime) -> None:
        """Keep the records that could not be read."""
        dead_letters.post(self._cursor, begin_batch(self._cursor, at), batch.group, rejected, at)
