"""The business keys of core transactions: `<entity>:<source>:<number>:<leg>`; of behaviours and months' balances the trigger's name stands for the leg."""

from collections.abc import Collection, Sequence
from functools import lru_cache

from psycopg2.extensions import cursor as Cursor

from accrual.application.facts import Place, TransactionKey, WaitingRefund, key_of
from accrual.domain.occasions import MonthBalance, trigger_of
from accrual.domain.trigger import Trigger
from loyalty_shared.contracts.core import BehaviourOccurredV1, TransactionPostedV1, TransactionReversedV1
from loyalty_shared.persistence import business_keys
from loyalty_shared.persistence.arrays import number_array, text_array
from loyalty_shared.persistence.business_keys import Claim, digest_of

_SOURCES_CACHED_MAX = 1_024

#: In key order, so that a batch whose refunds take from decisions and a recalculation that revises them wait for each other, never in a circle.
_PLACES_OF = "select key, batch_no, position from business_key where key = any(%s::text[]) order by key"


@lru_cache(maxsize=_SOURCES_CACHED_MAX)
def _prefix(legal_entity: str, source_system: str) -> str:
    # Without the quoting, a colon inside a source's name or a number would let two transactions share one key.
    return f"{legal_entity}:{source_system.replace('%', '%25').replace(':', '%3A')}:"


def key_text(key: TransactionKey, trigger: Trigger = Trigger.TRANSACTION) -> str:
    """Return the stored form of a business key."""
    legal_entity, source_system, number, leg = key
    return f"{_prefix(legal_entity, source_system)}{number}:{leg if trigger is Trigger.TRANSACTION else trigger.value}"


def _digest(event: TransactionPostedV1) -> int:
    # A refund and a reversal have the same fields, so the kind is told by the digest too.
    digest = digest_of(event)
    return ~digest if type(event) is TransactionReversedV1 else digest


def hold_places(cursor: Cursor, keys: Collection[str]) -> dict[str, Place]:
    """Return where the decisions of known keys stand, and keep them from being revised until the transaction ends."""
    cursor.execute(f"{_PLACES_OF} for share", (text_array(keys),))
    return {key: (batch_no, position) for key, batch_no, position in cursor.fetchall()}


class SqlBusinessKeys:
    """The business keys, over one transaction's cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def claim(self, events: Sequence[TransactionPostedV1], batch_no: int) -> Claim:
        keys = [f"{_prefix(event.legal_entity, event.source_system)}{event.transaction_no}:{event.leg}" for event in events]
        return business_keys.claim(self._cursor, keys, [_digest(event) for event in events], batch_no)

    def claim_behaviours(self, events: Sequence[BehaviourOccurredV1], batch_no: int) -> Claim:
        keys = [key_text((event.legal_entity, event.source_system, event.behaviour_no, 1), Trigger.BEHAVIOUR) for event in events]
        return business_keys.claim(self._cursor, keys, [digest_of(event) for event in events], batch_no)

    def claim_months(self, months: Sequence[MonthBalance], batch_no: int) -> Claim:
        return business_keys.claim(
            self._cursor, [key_text(key_of(month), Trigger.BALANCE) for month in months], [digest_of(month) for month in months], batch_no
        )

    def hold_to_revise(self, events: Sequence[TransactionPostedV1]) -> None:
        keys = text_array(sorted(key_text(key_of(event), trigger_of(event)) for event in events))
        self._cursor.execute(f"{_PLACES_OF} for no key update", (keys,))

    def move(self, moved: Collection[tuple[WaitingRefund, Place]]) -> None:
        if not moved:
            return
        self._cursor.execute(
            "update business_key set batch_no = moved.batch_no, position = moved.position"
            " from unnest(%s::text[], %s::bigint[], %s::smallint[]) as moved (key, batch_no, position) where business_key.key = moved.key",
            (
                text_array(key_text(key_of(waiting.refund)) for waiting, _ in moved),
                number_array(place[0] for _, place in moved),
                number_array(place[1] for _, place in moved),
            ),
        )
