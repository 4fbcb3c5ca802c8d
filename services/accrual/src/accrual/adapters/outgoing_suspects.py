"""`loyalty.accrual.suspects`: what a batch noticed, for velocity watching."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.accrual import SuspectNoticedV1
from loyalty_shared.contracts.topics import ACCRUAL_SUSPECTS, Topic
from loyalty_shared.messaging.outgoing import OutgoingRecord

SUSPECT_NOTICED: Final = "loyalty.accrual.suspect.noticed.v1"
_READ: Final = """
select batch_no, suspects, committed_at from batch_summary join outgoing_batch using (batch_no)
where batch_no = any(%s) and suspects is not null order by batch_no
"""
_decode: Final = msgspec.json.Decoder(list[SuspectNoticedV1]).decode
_encode: Final = msgspec.json.Encoder().encode


class SuspectsTopic:
    """One record for each event that a batch noticed."""

    @property
    def topic(self) -> Topic:
        return ACCRUAL_SUSPECTS

    def read(self, cursor: Cursor, batches: Sequence[int]) -> Iterable[OutgoingRecord]:
        cursor.execute(_READ, (list(batches),))
        for batch_no, stored, at in cursor.fetchall():
            for suspect in _decode(stored):
                key = f"{suspect.legal_entity}:{suspect.customer_no}".encode()
                yield OutgoingRecord(batch_no, 0, key, SUSPECT_NOTICED, _encode(suspect), at)
