"""What settlement publishes: each step of a settlement batch (contracts.md section 2)."""

from datetime import date

from msgspec import Struct


class BatchMadeV1(Struct, gc=False, frozen=True, kw_only=True):
    """What a party settles for one business date was worked out.

    `party`: the code of a cost bearer, whose points were used, or `redeemed:<application>`, into which they went. `points` used, less those given back;
    `amount_minor` what they cost; the party pays it, or receives it when it is an application. `lines`: how many.
    """

    legal_entity: str
    batch_id: str
    party: str
    business_on: date
    lines: int
    points: int
    amount_minor: int
    currency: str
    status: str


class BatchReviewedV1(BatchMadeV1, frozen=True, kw_only=True, gc=False):
    """Somebody other than its maker has looked at the batch."""


class BatchReleasedV1(BatchMadeV1, frozen=True, kw_only=True, gc=False):
    """The batch is settled: it may be paid."""


BATCHES = {
    "loyalty.settlement.batch.made.v1": BatchMadeV1,
    "loyalty.settlement.batch.reviewed.v1": BatchReviewedV1,
    "loyalty.settlement.batch.released.v1": BatchReleasedV1,
}
