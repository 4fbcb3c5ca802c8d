"""Changes of merchants: written by use cases, read by the relay."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.merchant import MerchantChangedV1
from loyalty_shared.contracts.topics import MERCHANT_MERCHANTS, Topic
from loyalty_shared.messaging.outgoing import OutgoingRecord
from loyalty_shared.observability.tracing import current_traceparent
from loyalty_shared.persistence.outgoing import begin_batch
from merchant.domain.merchants import Merchant

MERCHANT_CHANGED: Final = "loyalty.merchant.merchant.changed.v1"
_ADD: Final = """
insert into merchant_change (batch_no, position, legal_entity, merchant_no, reason, body, traceparent, changed_at) values (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_READ: Final = """
select batch_no, legal_entity, merchant_no, body, changed_at, traceparent from merchant_change where batch_no = any(%s) order by batch_no, position
"""


class SqlChanges:
    """What one transaction changes; called with the merchants locked."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def post(self, merchants: Sequence[Merchant]) -> None:
        batch_no = begin_batch(self._cursor, max(merchant.changed_at for merchant in merchants))
        traceparent = current_traceparent()
        for position, merchant in enumerate(merchants):
            body = msgspec.json.encode(_published(merchant)).decode()
            key = (merchant.legal_entity, merchant.merchant_no)
            self._cursor.execute(_ADD, (batch_no, position, *key, merchant.reason, body, traceparent, merchant.changed_at))


class MerchantsTopic:
    """The relay's view of the changes: all on one partition, so that followers hear them in the order they were made."""

    @property
    def topic(self) -> Topic:
        return MERCHANT_MERCHANTS

    def read(self, cursor: Cursor, batches: Sequence[int]) -> Iterable[OutgoingRecord]:
        """Return the records of the given batches, in order of (batch_no, position)."""
        cursor.execute(_READ, (list(batches),))
        return [
            OutgoingRecord(batch_no, 0, f"{legal_entity}:{merchant_no}".encode(), MERCHANT_CHANGED, body.encode(), at, traceparent)
            for batch_no, legal_entity, merchant_no, body, at, traceparent in cursor.fetchall()
        ]


def _published(merchant: Merchant) -> MerchantChangedV1:
    return MerchantChangedV1(
        legal_entity=merchant.legal_entity,
        merchant_no=merchant.merchant_no,
        names=merchant.profile.names,
        merchant_type=merchant.profile.merchant_type,
        mcc=merchant.profile.mcc,
        institution=merchant.profile.institution,
        status=merchant.status,
        changed_at=merchant.changed_at,
        version=merchant.version,
    )
