"""Records of the ledger's topic, as redemption publishes them."""

import itertools
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from loyalty_shared.contracts.accrual import Cause
from loyalty_shared.contracts.redemption import DayClosedV1, EntryLot, EntryPostedV1

MARCH_1 = date(2026, 3, 1)
NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)

_numbers = itertools.count(1)


def entry(kind: str, points: int, counter: str, *paid: tuple[str, int], no: str | None = None, **others: Any) -> EntryPostedV1:
    """Return a ledger entry of 1 March against a system account; `paid`: (funding, signed points) of its lots."""
    number = f"{next(_numbers):08}"  # in the order of their ids they are in the order in which they were made
    lots = tuple(
        EntryLot(lot_id=f"base:never:{party}:450100", points=part, available_on=None, expires_on=None, party=party, institution="450100")
        for party, part in paid
    )
    application = counter.removeprefix("redeemed:") if counter.startswith("redeemed:") else None
    fields = {
        "entry_id": f"{number}-0", "legal_entity": "001", "customer_no": "C1", "account_version": int(number), "kind": kind,
        "points": points, "point_type": "base",
        "lots": lots, "cause": Cause(kind="redemption" if application else "transaction", source_system="MOBILE", no=no or f"N{number}"), "rule_code": None,
        "application": application, "channel": "MOBILE", "institution": None, "business_on": MARCH_1, "balance_after": 0,
        "debit_account": counter if points > 0 else "customer:base", "credit_account": "customer:base" if points > 0 else counter, "posted_at": NOON,
    }  # fmt: skip
    return EntryPostedV1(**{**fields, **others})


def earned(points: int, party: str = "retail", **others: Any) -> EntryPostedV1:
    """Return points given by a party."""
    return entry("earned", points, f"issued:{party}", (party, points), **others)


def redeemed(points: int, *paid: tuple[str, int], application: str = "mall", **others: Any) -> EntryPostedV1:
    """Return points spent; `paid`: (funding, points taken) by lot, all of them retail's when left out."""
    parts = paid or (("retail", points),)
    return entry("redeemed", -points, f"redeemed:{application}", *((party, -part) for party, part in parts), **others)


def restored(points: int, *paid: tuple[str, int], application: str = "mall", **others: Any) -> EntryPostedV1:
    """Return points given back."""
    return entry("restored", points, f"redeemed:{application}", *(paid or (("retail", points),)), **others)


def closes(on: date, entries: Iterable[EntryPostedV1], partition_of: dict[str, int] | None = None, legal_entity: str = "001") -> dict[int, DayClosedV1]:
    """Return the close of a date for every partition, all entries being of partition 0 unless their customer's is given."""
    counts, points = dict.fromkeys(range(4), 0), {partition: dict[str, int]() for partition in range(4)}
    for one in entries:
        partition = (partition_of or {}).get(one.customer_no, 0)
        counts[partition] += 1
        points[partition][one.kind] = points[partition].get(one.kind, 0) + one.points
    return {
        partition: DayClosedV1(legal_entity=legal_entity, business_on=on, partition=partition, entries=counts[partition], points_by_kind=points[partition])
        for partition in range(4)
    }
