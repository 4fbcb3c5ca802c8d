"""The names by which the platform tells things apart. NewTypes, so that a customer's number is never taken for an entity's."""

import uuid
from typing import NewType

LegalEntity = NewType("LegalEntity", str)
CustomerNo = NewType("CustomerNo", str)
PointType = NewType("PointType", str)
RuleCode = NewType("RuleCode", str)


def new_id() -> str:
    """Return a new random identifier for a thing that has no business key of its own."""
    return uuid.uuid4().hex
