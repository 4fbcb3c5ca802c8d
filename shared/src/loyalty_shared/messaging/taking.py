"""The first statements of every transaction that takes records: move the group's place, and count its sources' bad records."""

from collections.abc import Sequence
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.messaging.records import Batch, SourceTally
from loyalty_shared.persistence.dead_letters import Status, place_of
from loyalty_shared.persistence.offsets import Fenced, advance

#: The share of bad records is taken over at least this many of a source's records, and halved from there on, so that old ones fade.
RECENT_RECORDS: Final = 1_000

_CLOSE_LETTER = "update dead_letter set status = %s where batch_no = %s and position = %s and consumer_group = %s and status = %s"
_FORGIVE_SOURCE = """
delete from source_state as state using dead_letter as letter
where letter.batch_no = %s and letter.position = %s and state.consumer_group = letter.consumer_group
  and state.legal_entity = coalesce(letter.legal_entity, '') and state.source_system = coalesce(letter.source_system, '')
"""
_TALLY = """
insert into source_state as state (consumer_group, legal_entity, source_system, consecutive, recent, recent_bad, stopped_at)
values (%(group)s, %(legal_entity)s, %(source_system)s, %(trailing_bad)s, %(records)s, %(bad)s, case when %(stopped)s then clock_timestamp() end)
on conflict (consumer_group, legal_entity, source_system) do update set
    consecutive = case when %(good)s > 0 then excluded.consecutive else state.consecutive + excluded.consecutive end,
    recent = (state.recent + excluded.recent) / case when state.recent + excluded.recent >= 2 * %(fade)s then 2 else 1 end,
    recent_bad = (state.recent_bad + excluded.recent_bad) / case when state.recent + excluded.recent >= 2 * %(fade)s then 2 else 1 end,
    stopped_at = coalesce(state.stopped_at, excluded.stopped_at)
"""
_FORGET_FAULTLESS = """
delete from source_state
where consumer_group = %s and legal_entity = %s and source_system = %s and consecutive = 0 and recent_bad = 0 and stopped_at is null
"""


def take_batch(cursor: Cursor, batch: Batch[Any]) -> None:
    """Move the consumer's place past this batch. Raises Fenced when another owner has gone on, or the dead letter was already retried.

    Called first in the use case's transaction (`work.offsets.advance(batch)`): the locked row keeps a second owner waiting.
    """
    if batch.span is not None:
        advance(cursor, batch.span)
    if batch.retry_of is not None:
        _close_letter(cursor, batch.group, batch.retry_of)
    _add_tallies(cursor, batch.group, batch.tallies)


def _close_letter(cursor: Cursor, group: str, letter_id: str) -> None:
    place = place_of(letter_id)
    assert place is not None, f"{letter_id!r} is the handle of a stored dead letter"
    cursor.execute(_CLOSE_LETTER, (Status.RETRIED.value, *place, group, Status.OPEN.value))
    if cursor.rowcount != 1:
        raise Fenced(f"dead letter {letter_id} of {group} has been retried already")
    # An operator has seen to the source: its records are taken again, from the next one on.
    cursor.execute(_FORGIVE_SOURCE, place)


def _add_tallies(cursor: Cursor, group: str, tallies: Sequence[SourceTally]) -> None:
    """Add up what the sources sent; in order of source, so that two partitions' transactions do not deadlock."""
    for tally in sorted(tallies, key=lambda tally: (tally.legal_entity, tally.source_system)):
        cursor.execute(
            _TALLY,
            {
                "group": group,
                "legal_entity": tally.legal_entity,
                "source_system": tally.source_system,
                "trailing_bad": tally.trailing_bad,
                "records": tally.good + tally.bad,
                "good": tally.good,
                "bad": tally.bad,
                "stopped": tally.stopped,
                "fade": RECENT_RECORDS,
            },
        )
        if not tally.bad:
            cursor.execute(_FORGET_FAULTLESS, (group, tally.legal_entity, tally.source_system))
