"""The SQL of one reserve + capture pair as a script for pgbench: what the service's own use cases send, written down while they run one pair."""

import hashlib
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Final
from unittest.mock import patch

from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.persistence.connections import Database
from loyalty_shared.web.idempotency import Answer, Idempotency
from redemption.adapters.online_unit_of_work import begin_online_on
from redemption.adapters.queued_cursor import QueuedCursor
from redemption.application.capture_reservation import CaptureReservation
from redemption.application.online_ports import Call
from redemption.application.reserve_points import ReservePoints
from redemption.application.spending_checks import Spending
from redemption.domain.reversals import Serial

POINTS: Final = 10
RESERVATION: Final = "a" * 32
REDEMPTION: Final = "b" * 32
SERIAL: Final = "the-serial"
RESERVE_KEY: Final = "the-key-of-the-reservation"
CAPTURE_KEY: Final = "the-key-of-the-capture"

#: What differs from pair to pair: the pattern, what pgbench puts there, and how often it is in the pair. The rest (amounts, instants, digests) only has
#: to be as long as it is. A pattern that is not there as often means that the service's SQL has changed: look here again.
_VARYING: Final = (
    (r"\b(pg(?:_try)?_advisory_xact_lock)\(\s*-?\d+\)", r"\1(:key)", 3),
    (RESERVE_KEY, "r:key", 2),
    (CAPTURE_KEY, "c:key", 2),
    (SERIAL, ":key", 2),
    (RESERVATION, "0" * 18 + ":key", 8),
    (REDEMPTION, "1" * 18 + ":key", 4),
    (r"(came_by\) values )\(\d+,", r"\1(:sent_batch_no,", 1),
    (r"('C:customer'),\d+,(\d+, -)", r"\1,:key,\2", 1),
    (r"(update account set version = )\d+", r"\1:key", 1),
)
_PREAMBLE: Final = """\
\\set number :number + 1
\\set key 10000000000000 + :client_id * 1000000000 + :number
\\set customer random(:first, :last)
"""


def pgbench_script(database: Database, legal_entity: str, customer_no: str, on: date) -> str:
    """Return a pgbench script of the pair's messages, one round trip each, after running one pair of this customer. Raises ValueError when the SQL has changed.

    It wants the variables `first` and `last` (customers' numbers), and `number`, 0. pgbench sends begin and commit apart, as the service's driver does.
    """
    sent = [message.replace(customer_no, "C:customer") for message in _messages(database, legal_entity, customer_no, on)]
    script = "\n".join(sent)
    for pattern, replacement, times in _VARYING:
        script, found = re.subn(pattern, replacement, script)
        if found != times:
            raise ValueError(f"a pair's SQL has {found} of {pattern!r} where {times} were: bring spending_sql.py up to date\n{script}")
    return _PREAMBLE + script


def _messages(database: Database, legal_entity: str, customer_no: str, on: date) -> Iterator[str]:
    """Yield what one pair sends to the database, transaction by transaction, as lines of a pgbench script."""
    clock, begin, messages, send = SystemClock(), begin_online_on(database), list[str](), QueuedCursor.send

    def recorded(cursor: QueuedCursor) -> None:
        if cursor.is_queued:
            send(cursor)
            messages.append((cursor.query or b"").decode())
        else:
            send(cursor)

    def call(key: str) -> Call:
        return Call(Idempotency(legal_entity, "bench", key, hashlib.sha256(key.encode()).digest()), "MOBILE")

    asked = Spending(serial=Serial(on, SERIAL), customer_no=customer_no, points=POINTS, application="mall", point_types=None, expires_in=timedelta(minutes=15))
    reserve = ReservePoints(begin=begin, clock=clock, new_id=lambda: RESERVATION)
    capture = CaptureReservation(begin=begin, clock=clock, new_id=lambda: REDEMPTION)
    with patch.object(QueuedCursor, "send", recorded):
        uses: tuple[Callable[[], Answer], ...] = (
            lambda: reserve(call(RESERVE_KEY), asked),
            lambda: capture(call(CAPTURE_KEY), RESERVATION, None),
        )
        for use in uses:
            _done(use())
            yield "begin;"
            for message in messages:
                yield _as_one_message(message)
            yield "commit;"
            messages.clear()


def _as_one_message(message: str) -> str:
    """Return statements as pgbench sends them in one round trip; the number of the batch that one of them makes is kept for the next."""
    statements = [statement.strip() for statement in message.split(";") if statement.strip()]
    end = " \\gset sent_" if message.rstrip().endswith("returning batch_no") else ";"
    return " \\;\n".join(statements) + end


def _done(answer: Answer) -> None:
    if answer.refusal is not None:
        raise ValueError(f"the pair whose SQL is wanted was refused: {answer.refusal} {answer.body}")
