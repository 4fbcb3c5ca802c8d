"""What the relay publishes of accrual's: bodies are built from decision rows, the same for the same rows at any time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct, structs
from psycopg2.extensions import cursor as Cursor

from accrual.adapters.decision_rows import EVENTS, KINDS
from accrual.adapters.rule_sets import version_from
from accrual.domain.decision import Given, applied_from, earning_id
from accrual.domain.occasions import Behaviour, MonthBalance
from accrual.domain.validity import AWAITING
from loyalty_shared.contracts.accrual import BatchDecidedV1, Cause, CostBearer, PointsClawedBackV1, PointsEarnedV1
from loyalty_shared.contracts.topics import ACCRUAL_BATCHES, ACCRUAL_POINTS, Topic
from loyalty_shared.messaging.outgoing import OutgoingRecord

EARNED: Final = "loyalty.accrual.points.earned.v1"
CLAWED_BACK: Final = "loyalty.accrual.points.clawed_back.v1"
BATCH_DECIDED: Final = "loyalty.accrual.batch.decided.v1"

#: What the ledger and its readers call the event that points come from.
CAUSE_KINDS: Final = dict(zip(EVENTS, ("transaction", "refund", "reversal", "behaviour", "balance"), strict=True))
#: Of the differences that a recalculation posts; its id follows, as two may post the same difference of one event, and the ledger compares by cause.
RECALCULATION: Final = "recalculation"
_WITHOUT_LEG: Final = (KINDS[Behaviour], KINDS[MonthBalance])

#: Of a refund, the columns of what it takes from are the original's, so that the ledger finds the lot that made it.
_READ: Final = """
select taken.batch_no, taken.partition, taken.kind, taken.legal_entity, taken.source_system, taken.transaction_no, taken.leg,
  coalesce(taken.posted, taken.applied), taken.traceparent,
  coalesce(earned.customer_no, taken.customer_no), coalesce(earned.source_system, taken.source_system),
  coalesce(earned.transaction_no, taken.transaction_no), coalesce(earned.leg, taken.leg), coalesce(earned.transaction_on, taken.transaction_on),
  coalesce(earned.institution, taken.institution), coalesce(earned.channel, taken.channel), taken.recalculated_by
from decision as taken
left join lateral (
  select * from decision where batch_no = taken.original_batch_no and position = taken.original_position limit 1
) as earned on true
where taken.batch_no = any(%s) and (taken.points <> 0 or taken.posted is not null) order by taken.batch_no, taken.position
"""
#: Earnings that have waited: what is published is the decision's, of the points and the date of the release.
_RELEASED: Final = """
select released_earning.batch_no, partition, kind, legal_entity, source_system, transaction_no, leg, applied, traceparent, customer_no, source_system,
  transaction_no, leg, transaction_on, institution, channel, null, rule_no, released_earning.points, available_on
from released_earning join decision on decision.batch_no = earned_batch_no and decision.position = earned_position
where released_earning.batch_no = any(%s) order by released_earning.batch_no, earned_batch_no, earned_position, rule_no
"""
_RULES: Final = "select rule_no, version, document from rule_version where rule_no = any(%s)"
_encode: Final = msgspec.json.Encoder().encode


class PublishedRule(Struct, frozen=True):
    """What of a rule version stands in each earning it gave."""

    code: str
    version: int
    point_type: str
    expiry_policy: str
    cost_bearers: tuple[CostBearer, ...]
    campaign: str | None


class PublishedRules(dict[int, PublishedRule]):
    """Rule versions by number, as they are published. Approved versions never change, so what was loaded once is kept."""

    def load(self, cursor: Cursor, numbers: Iterable[int]) -> None:
        """Load those that are not here yet."""
        missing = set(numbers) - self.keys()
        if missing:
            cursor.execute(_RULES, (list(missing),))
            for rule_no, version, document in cursor.fetchall():
                rule = version_from(rule_no, version, document, None).rule
                self[rule_no] = PublishedRule(rule.code, version, rule.point_type, rule.expiry_policy, rule.cost_bearers, rule.campaign)


class PointsTopic:
    """`loyalty.accrual.points`: one record for each rule that gave points or had them taken back."""

    def __init__(self) -> None:
        self._rules = PublishedRules()

    @property
    def topic(self) -> Topic:
        return ACCRUAL_POINTS

    def read(self, cursor: Cursor, batches: Sequence[int]) -> Iterable[OutgoingRecord]:
        at = _committed_at(cursor, batches)
        cursor.execute(_READ, (list(batches),))
        decided = [(row, applied_from(row[7])[0]) for row in cursor.fetchall()]
        cursor.execute(_RELEASED, (list(batches),))
        released = [(row[:-3], (_released(row),)) for row in cursor.fetchall()]
        if released:
            decided = sorted([*decided, *released], key=lambda one: one[0][0])  # within a batch, after what it decided
        self._rules.load(cursor, {given.rule_no for _, applied in decided for given in applied})
        return (record for row, applied in decided for record in self._records(row, applied, at[row[0]]))

    def _records(self, row: Sequence[Any], applied: Sequence[Given], at: datetime) -> Iterator[OutgoingRecord]:
        batch_no, partition, kind, legal_entity, source_system, number, leg, _, traceparent, customer_no, *earned = row
        earned_source, earned_no, earned_leg, earned_on, institution, channel, recalculated_by = earned
        key = f"{legal_entity}:{customer_no}".encode()
        named_by = kind if kind in _WITHOUT_LEG else earned_leg  # a behaviour and a transaction may have the same number
        cause = Cause(kind=f"{RECALCULATION}:{recalculated_by}" if recalculated_by else CAUSE_KINDS[kind], source_system=source_system, no=number, leg=leg)
        for given in applied:
            if given.points == 0 or given.available_on == AWAITING:  # a limit left nothing of it; it is published when it is released, or was never
                continue
            rule = self._rules[given.rule_no]
            event = PointsEarnedV1 if given.points > 0 else PointsClawedBackV1
            body = event(
                legal_entity=legal_entity,
                customer_no=customer_no,
                points=abs(given.points),
                point_type=rule.point_type,
                rule_code=rule.code,
                rule_version=rule.version,
                cause=cause,
                transaction_on=earned_on,
                available_on=given.available_on,
                expires_on=given.expires_on,
                expiry_policy=rule.expiry_policy,
                institution=institution,
                channel=channel,
                cost_bearers=rule.cost_bearers,
                campaign_code=rule.campaign,
                earning_id=earning_id(earned_source, earned_no, named_by, rule.code, recalculated_by if given.points > 0 else None),
            )
            if given.points < 0 and not given.is_of_its_earning:
                body = structs.replace(body, earning_id=None)
            yield OutgoingRecord(batch_no, partition, key, EARNED if given.points > 0 else CLAWED_BACK, _encode(body), at, traceparent)


class BatchesTopic:
    """`loyalty.accrual.batches`: one record for each committed batch that decided something."""

    def __init__(self) -> None:
        self._rules = PublishedRules()

    @property
    def topic(self) -> Topic:
        return ACCRUAL_BATCHES

    def read(self, cursor: Cursor, batches: Sequence[int]) -> Iterable[OutgoingRecord]:
        at = _committed_at(cursor, batches)
        cursor.execute("select batch_no, groups from batch_summary where batch_no = any(%s) order by batch_no", (list(batches),))
        summaries = [(batch_no, msgspec.json.decode(stored)) for batch_no, stored in cursor.fetchall()]
        self._rules.load(cursor, {int(number) for _, groups in summaries for group in groups for number in group["rules"]})
        for batch_no, groups in summaries:
            told = tuple(group | {"rules": self._rules_told(group["rules"])} for group in groups)
            body = BatchDecidedV1(batch_no=batch_no, decided_at=at[batch_no], events=sum(group["events"] for group in groups), groups=told)
            yield OutgoingRecord(batch_no, 0, str(batch_no).encode(), BATCH_DECIDED, _encode(body), at[batch_no])

    def _rules_told(self, by_number: Mapping[str, tuple[int, int]]) -> list[dict[str, Any]]:
        rules = [(self._rules[int(number)], events, points) for number, (events, points) in by_number.items()]
        return [{"rule_code": rule.code, "rule_version": rule.version, "events": events, "points": points} for rule, events, points in rules]


def _released(row: Sequence[Any]) -> Given:
    """Return what is published of an earning that has waited, as its decision's rule gave it."""
    *_, rule_no, points, available_on = row
    given = next(given for given in applied_from(row[7])[0] if given.rule_no == rule_no)
    return structs.replace(given, points=points, available_on=available_on)


def _committed_at(cursor: Cursor, batches: Sequence[int]) -> dict[int, datetime]:
    cursor.execute("select batch_no, committed_at from outgoing_batch where batch_no = any(%s)", (list(batches),))
    return dict(cursor.fetchall())
