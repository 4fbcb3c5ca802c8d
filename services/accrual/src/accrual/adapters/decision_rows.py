"""Decision rows: written with COPY, read back as the events and decisions they were made from."""

import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct
from psycopg2.extensions import cursor as Cursor

from accrual.application.facts import Decided, Place
from accrual.domain.decision import Decision, applied_from, stored_applied
from accrual.domain.occasions import Behaviour, MonthBalance
from accrual.domain.reasons import Outcome, Reason
from loyalty_shared.contracts.core import TransactionPostedV1, TransactionRefundedV1, TransactionReversedV1
from loyalty_shared.contracts.topics import ACCRUAL_POINTS
from loyalty_shared.messaging.partitioning import partition_of
from loyalty_shared.persistence.arrays import number_array
from loyalty_shared.persistence.bulk import copy_text

KINDS: Final = {
    TransactionPostedV1: "posted", TransactionRefundedV1: "refunded", TransactionReversedV1: "reversed", Behaviour: "behaviour", MonthBalance: "balance",
}  # fmt: skip
EVENTS: Final = {kind: event for event, kind in KINDS.items()}

_COPY: Final = """
copy decision (batch_no, position, partition, kind, legal_entity, source_system, transaction_no, leg, customer_no, account_no, card_type, product_code,
  transaction_code, channel, institution, direction, amount_minor, currency, merchant_no, store_no, terminal_no, mcc, transaction_at, posted_on, attributes,
  original_source_system, original_no, original_leg, original_batch_no, original_position, transaction_on, outcome, points, reason, rule_set, facts_at,
  applied, traceparent) from stdin with (null '')
"""
_TABS: Final = _COPY.count(",")
_READ_BYTES: Final = 1 << 18

#: What a decision is read back from; `stored_from` takes a row in this order.
COLUMNS: Final = """
decision.batch_no, decision.position, kind, legal_entity, source_system, transaction_no, leg, customer_no, account_no, card_type, product_code,
transaction_code, channel, institution, direction, amount_minor, currency, merchant_no, store_no, terminal_no, mcc, transaction_at, posted_on, attributes,
original_source_system, original_no, original_leg, original_batch_no, original_position, transaction_on, outcome, points, reason, rule_set, facts_at,
applied, traceparent, recalculated_by
"""
_AT_PLACES: Final = f"""
select {COLUMNS} from unnest(%s::bigint[], %s::smallint[]) as wanted (batch_no, position)
join decision on decision.batch_no = wanted.batch_no and decision.position = wanted.position order by decision.batch_no, decision.position
"""
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode
#: By value: looked up for every row of a long history, which calling the class would take ten times as long for.
_OUTCOMES: Final = {outcome.value: outcome for outcome in Outcome}
_REASONS: Final = {reason.value: reason for reason in Reason}


def post(cursor: Cursor, batch_no: int, decided: Sequence[Decided]) -> None:
    """Write a batch's decisions."""
    cursor.copy_expert(_COPY, io.StringIO("".join(_lines(batch_no, decided))), size=_READ_BYTES)


def _lines(batch_no: int, decided: Iterable[Decided]) -> Iterator[str]:
    """Write each decision as a line of COPY text. Nearly no text needs escaping, which is told from the whole line at once."""
    for one in decided:
        fields = _fields(batch_no, one)
        line = "\t".join(fields)
        if "\\" in line or "\n" in line or "\r" in line or line.count("\t") != _TABS:
            line = "\t".join(map(copy_text, fields))
        yield line + "\n"


def _fields(batch_no: int, one: Decided) -> tuple[str, ...]:
    """Return a row's fields in the order of _COPY. No text of an event can be empty, so '' is null."""
    event, decision = one.event, one.decision
    original = ("", "", "", "", "")
    if isinstance(event, TransactionRefundedV1):
        place = one.original_at or ("", "")
        original = (event.original_source_system or "", event.original_transaction_no, str(event.original_leg), str(place[0]), str(place[1]))
    return (
        str(batch_no),
        str(one.position),
        str(partition_of(f"{event.legal_entity}:{one.owner}".encode(), ACCRUAL_POINTS.partitions)),
        KINDS[type(event)],
        event.legal_entity,
        event.source_system,
        event.transaction_no,
        str(event.leg),
        event.customer_no,
        event.account_no,
        event.card_type or "",
        event.product_code,
        event.transaction_code,
        event.channel,
        event.institution,
        event.direction,
        str(event.amount_minor),
        event.currency,
        event.merchant_no or "",
        event.store_no or "",
        event.terminal_no or "",
        event.mcc or "",
        event.transaction_at.isoformat(),
        event.posted_on.isoformat(),
        _encode(event.attributes).decode() if event.attributes else "",
        *original,
        decision.transaction_on.isoformat(),
        decision.outcome,
        str(decision.points),
        decision.reason or "",
        str(decision.rule_set),
        one.facts_at.isoformat() if one.facts_at else "",
        stored_applied(decision) or "",
        one.traceparent or "",
    )


class StoredDecision(Struct):
    """A decision as it stands: the event, what was decided, the facts' `changed_at`, and for a refund the decision it took from.

    `recalculated_by`: the recalculation that made it anew, if any.
    """

    place: Place
    kind: str
    event: TransactionPostedV1
    decision: Decision
    facts_at: datetime | None
    original_at: Place | None
    traceparent: str | None
    recalculated_by: str | None


def stored_from(row: Sequence[Any]) -> StoredDecision:
    """Return the decision of one row, in the order of COLUMNS."""
    (
        batch_no, position, kind, legal_entity, source_system, transaction_no, leg, customer_no, account_no, card_type, product_code,
        transaction_code, channel, institution, direction, amount_minor, currency, merchant_no, store_no, terminal_no, mcc, transaction_at, posted_on,
        attributes, original_source_system, original_no, original_leg, original_batch_no, original_position, transaction_on, outcome, points, reason,
        rule_set, facts_at, applied, traceparent, recalculated_by,
    ) = row  # fmt: skip
    original: dict[str, Any] = {}
    if original_no is not None:
        original = {"original_source_system": original_source_system, "original_transaction_no": original_no, "original_leg": original_leg}
    event = EVENTS[kind](
        legal_entity=legal_entity, source_system=source_system, transaction_no=transaction_no, leg=leg, customer_no=customer_no, account_no=account_no,
        card_type=card_type, product_code=product_code, transaction_code=transaction_code, channel=channel, institution=institution, direction=direction,
        amount_minor=amount_minor, currency=currency, merchant_no=merchant_no, store_no=store_no, terminal_no=terminal_no, mcc=mcc,
        transaction_at=transaction_at, posted_on=posted_on, attributes=_decode(attributes) if attributes else {}, **original,
    )  # fmt: skip
    given, used, seen = applied_from(applied)
    return StoredDecision(
        place=(batch_no, position),
        kind=kind,
        event=event,
        decision=Decision(_OUTCOMES[outcome], points, _REASONS[reason] if reason else None, transaction_on, rule_set, given, used, seen),
        facts_at=facts_at,
        original_at=None if original_batch_no is None else (original_batch_no, original_position),
        traceparent=traceparent,
        recalculated_by=recalculated_by,
    )


def load_at(cursor: Cursor, places: Collection[Place]) -> list[StoredDecision]:
    """Return the decisions that stand at the given places, in their order."""
    if not places:
        return []
    cursor.execute(_AT_PLACES, (number_array(place[0] for place in places), number_array(place[1] for place in places)))
    return [stored_from(row) for row in cursor.fetchall()]
