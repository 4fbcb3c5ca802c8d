"""Decisions that take the place of earlier ones, over one transaction's cursor."""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec.structs import replace
from psycopg2.extensions import cursor as Cursor

from accrual.adapters import decision_rows
from accrual.adapters.business_keys import key_text
from accrual.application.facts import Decided, Place, TransactionKey, key_of, original_key_of
from accrual.application.history import Revision
from accrual.domain.decision import stored_posted
from accrual.domain.occasions import trigger_of
from loyalty_shared.contracts.core import TransactionRefundedV1
from loyalty_shared.persistence.arrays import number_array, text_array

_MARK: Final = """
update decision set first_batch_no = marked.first_batch_no, first_position = marked.first_position, recalculated_by = %s, posted = marked.posted
from unnest(%s::smallint[], %s::bigint[], %s::smallint[], %s::text[]) as marked (position, first_batch_no, first_position, posted)
where decision.batch_no = %s and decision.position = marked.position
"""
_EARLIER: Final = "unnest(%s::bigint[], %s::smallint[]) as earlier (batch_no, position)"
_SUPERSEDE: Final = f"""
update decision set superseded_by = %s from {_EARLIER} where decision.batch_no = earlier.batch_no and decision.position = earlier.position
"""
_FORGET_LEFT: Final = f"""
delete from original_left as kept using {_EARLIER} where kept.batch_no = earlier.batch_no and kept.position = earlier.position
"""
_KEEP_LEFT: Final = """
insert into original_left (batch_no, position, left_over) select %s, position, left_over from unnest(%s::smallint[], %s::text[]) as kept (position, left_over)
"""
_MOVE_KEYS: Final = """
update business_key set batch_no = %s, position = moved.position from unnest(%s::text[], %s::smallint[]) as moved (key, position)
where business_key.key = moved.key
"""
_encode: Final = msgspec.json.Encoder().encode


class SqlRevisions:
    """The revisions. Their keys are held (`hold_to_revise`), so nobody takes from the earlier decisions meanwhile."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def post(self, batch_no: int, revisions: Sequence[Revision], recalculation_id: str) -> None:
        positions = range(len(revisions))
        decision_rows.post(self._cursor, batch_no, _placed(batch_no, revisions))
        first = [revision.past.first for revision in revisions]
        self._cursor.execute(
            _MARK,
            (
                recalculation_id, number_array(positions), number_array(place[0] for place in first), number_array(place[1] for place in first),
                text_array(stored_posted(revision.posted) for revision in revisions), batch_no,
            ),
        )  # fmt: skip
        earlier = [revision.past.place for revision in revisions]
        places = (number_array(place[0] for place in earlier), number_array(place[1] for place in earlier))
        self._cursor.execute(_SUPERSEDE, (batch_no, *places))
        self._cursor.execute(_FORGET_LEFT, places)
        left = [(position, revision.left) for position, revision in zip(positions, revisions, strict=True) if revision.left is not None]
        if left:
            self._cursor.execute(_KEEP_LEFT, (batch_no, number_array(position for position, _ in left), text_array(_encode(each).decode() for _, each in left)))
        keys = text_array(key_text(key_of(revision.past.event), trigger_of(revision.past.event)) for revision in revisions)
        self._cursor.execute(_MOVE_KEYS, (batch_no, keys, number_array(positions)))


def _placed(batch_no: int, revisions: Sequence[Revision]) -> list[Decided]:
    """Return the decisions in their new places; a refund's comes after the purchase that it takes from, and points to it."""
    purchases: dict[TransactionKey, Place] = {}
    placed = []
    for position, revision in enumerate(revisions):
        event = revision.decided.event
        if isinstance(event, TransactionRefundedV1):
            placed.append(replace(revision.decided, position=position, original_at=purchases[original_key_of(event)]))
        else:
            purchases[key_of(event)] = (batch_no, position)
            placed.append(replace(revision.decided, position=position))
    return placed
