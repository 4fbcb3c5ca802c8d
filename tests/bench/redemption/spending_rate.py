"""How many reserve + capture pairs a second the use cases alone do with PostgreSQL on this machine: `python -m bench.redemption.spending_rate URL`.

The database at URL is migrated. CUSTOMERS accounts are granted points, then callers spend from them at random. Round trips are those to the
database without begin and commit.
"""

import argparse
import hashlib
import itertools
import random
import resource
import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import patch

from loyalty_shared.kernel.clock import SystemClock, monotonic_seconds
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.migrations import migrate
from loyalty_shared.web.idempotency import Answer, Idempotency
from redemption.adapters.online_applications import open_first_applications
from redemption.adapters.online_ids import TimeOrderedIds
from redemption.adapters.online_unit_of_work import begin_online_on
from redemption.adapters.queued_cursor import QueuedCursor
from redemption.application.capture_reservation import CaptureReservation
from redemption.application.grant_points import Granting, GrantPoints
from redemption.application.online_ports import Call
from redemption.application.reserve_points import ReservePoints
from redemption.application.spending_checks import Spending
from redemption.domain.reversals import Serial

MIGRATIONS = Path(__file__).parents[3] / "services/redemption/migrations"
BUSINESS_ON = date(2026, 3, 1)
CUSTOMERS = 10_000
_numbers = itertools.count(1)
_run = f"{SystemClock().now().timestamp():.0f}"


def count_trips(run: Callable[[], None]) -> int:
    """Return how many round trips to the database a run makes."""
    count, send = itertools.count(), QueuedCursor.send

    def counted(cursor: QueuedCursor) -> None:
        if cursor.is_queued:
            next(count)
        send(cursor)

    with patch.object(QueuedCursor, "send", counted):
        run()
    return next(count)


def call() -> Call:
    """Make a call with a key of its own."""
    key = f"{_run}-{next(_numbers)}"
    return Call(Idempotency("001", "bench", key, hashlib.sha256(key.encode()).digest()), "MOBILE")


def serial() -> Serial:
    """Make a serial of its own."""
    return Serial(BUSINESS_ON, f"{_run}-{next(_numbers)}")


def main() -> None:
    """Spend for the given time with the given number of callers and print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--callers", type=int, default=16)
    arguments = parser.parse_args()
    migrate(MIGRATIONS, arguments.url)
    database = Database(arguments.url, application_name="bench", pool_max=arguments.callers)
    clock = SystemClock()
    ids = TimeOrderedIds(clock)
    begin = begin_online_on(database)
    with database.transaction() as cursor:
        cursor.execute("insert into entity values ('001', '{}', 'Asia/Shanghai', %s, 15) on conflict do nothing", (BUSINESS_ON,))
        open_first_applications(cursor, "001")
        cursor.execute("select count(*) from account")
        granted = (cursor.fetchone() or (0,))[0]
    grant = GrantPoints(begin=begin, clock=clock, new_id=ids)
    for number in range(granted, CUSTOMERS):
        grant(call(), Granting(serial=serial(), customer_no=f"C{number:07d}", points=10**9, point_type="base", expires_on=None, reason="bench"))

    reserve, capture = ReservePoints(begin=begin, clock=clock, new_id=ids), CaptureReservation(begin=begin, clock=clock, new_id=ids)

    def pair(rng: random.Random) -> None:
        asked = Spending(
            serial=serial(), customer_no=f"C{rng.randrange(CUSTOMERS):07d}", points=10, application="mall", point_types=None, expires_in=timedelta(minutes=15)
        )
        done(capture(call(), done(reserve(call(), asked)).body["reservation_id"], None))

    trips = count_trips(lambda: pair(random.Random(0)))
    until = monotonic_seconds() + arguments.seconds
    pairs = [0] * arguments.callers

    def spend(caller: int) -> None:
        rng = random.Random(caller)
        while monotonic_seconds() < until:
            pair(rng)
            pairs[caller] += 1

    began, before = monotonic_seconds(), resource.getrusage(resource.RUSAGE_SELF)
    threads = [threading.Thread(target=spend, args=(caller,)) for caller in range(arguments.callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, after = monotonic_seconds() - began, resource.getrusage(resource.RUSAGE_SELF)
    python = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    done_pairs = sum(pairs)
    print(
        f"{done_pairs / seconds:,.0f} reserve + capture pairs/s with {arguments.callers} callers; {trips} round trips a pair; "
        f"Python {python / done_pairs * 1e6:,.0f} us of {seconds / done_pairs * 1e6:,.0f} us each"
    )


def done(answer: Answer) -> Answer:
    """Return an answer after checking that it is no refusal."""
    assert answer.refusal is None, answer
    return answer


if __name__ == "__main__":
    main()
