"""What accrual publishes for velocity watching, from the batches that it commits."""

import msgspec

from accrual.adapters.outgoing_suspects import SUSPECT_NOTICED, SuspectsTopic
from loyalty_shared.contracts.accrual import SuspectNoticedV1
from support.accrual_desk import Desk, purchase, refund
from support.rules import rule

LEAST = {"fact": "transaction.amount_minor", "at_least": 20_00}


def published(desk: Desk) -> list[tuple[str, str, str, bytes | None]]:
    """Return (kind, number, rule, key) of what the relay would publish, in order; twice the same."""
    with desk.database.transaction() as cursor:
        cursor.execute("select batch_no from outgoing_batch order by batch_no")
        batches = [row[0] for row in cursor.fetchall()]
        records, again = (list(SuspectsTopic().read(cursor, batches)) for _ in range(2))
    assert records == again
    assert {record.type for record in records} <= {SUSPECT_NOTICED}
    suspects = [msgspec.json.decode(record.value or b"", type=SuspectNoticedV1) for record in records]
    return [(one.kind, one.no, one.rule_code or "", record.key) for one, record in zip(suspects, records, strict=True)]


def test_what_a_batch_noticed_is_published_once_it_is_committed(desk: Desk) -> None:
    desk.approve(rule("base", {"per_minor": 2000, "points": 1}, when=LEAST))
    bought = purchase("1", 20_10)
    desk.decide(bought, purchase("2"))
    desk.decide(purchase("3"))
    desk.decide(refund("4", bought, 10), *(purchase(f"T{number}", 50_00, customer_no="C2", terminal_no="P1") for number in range(3)))
    assert published(desk) == [("just-over-minimum", "1", "base", b"001:C1"), ("refund", "4", "", b"001:C1"), ("same-terminal", "T2", "", b"001:C2")]
    assert desk.rows("select count(*) from batch_summary where suspects is null") == [(1,)]
