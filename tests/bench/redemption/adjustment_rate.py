"""How long a file of 100,000 adjustments takes, from its text to the last posting, with PostgreSQL on this machine.

`python -m bench.redemption.adjustment_rate URL`: the database at URL is migrated. Each customer has one line that gives and one that takes.
"""

import argparse
import hashlib
from datetime import date
from pathlib import Path

from loyalty_shared.kernel.clock import SystemClock, monotonic_seconds
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.migrations import migrate
from loyalty_shared.web.idempotency import Idempotency
from redemption.adapters.online_ids import TimeOrderedIds
from redemption.adapters.posting_files import SqlPostingWork
from redemption.adapters.staff_unit_of_work import SqlStaffWork
from redemption.adapters.unit_of_work import begin_on
from redemption.application.adjustment_file_ports import FileStatus
from redemption.application.decide_adjustment_file import DecideAdjustmentFile
from redemption.application.post_adjustment_files import PostAdjustmentFiles
from redemption.application.receive_adjustment_file import ReceiveAdjustmentFile
from redemption.application.staff_calls import StaffCall

MIGRATIONS = Path(__file__).parents[3] / "services/redemption/migrations"
BUSINESS_ON = date(2026, 3, 1)
_run = f"{SystemClock().now().timestamp():.0f}"


def call(caller: str) -> StaffCall:
    """Make a call of this run's own."""
    return StaffCall(Idempotency("001", caller, _run, hashlib.sha256(_run.encode()).digest()), may_check=caller == "checker")


def content_of(customers: int) -> str:
    """Return a file of two lines for each customer."""
    given = (f"D,{number},C{number:08d},100,base,2027-12-31,goodwill" for number in range(customers))
    taken = (f"D,{customers + number},C{number:08d},-40,base,,credited twice" for number in range(customers))
    return "\n".join((f"H,1,001,BENCH-{_run},2026-03-01", *given, *taken, f"T,{2 * customers},{100 * customers},{40 * customers}"))


def main() -> None:
    """Prepare the customers, then time each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--all-or-nothing", action="store_true")
    options = parser.parse_args()
    customers = options.lines // 2
    migrate(MIGRATIONS, options.url)
    database, clock = Database(options.url, application_name="bench"), SystemClock()
    with database.transaction() as cursor:
        cursor.execute("insert into entity values ('001', '{}', 'Asia/Shanghai', %s, 15) on conflict do nothing", (BUSINESS_ON,))
        cursor.execute(
            "insert into customer (legal_entity, customer_no, status, changed_at)"
            " select '001', 'C' || lpad(n::text, 8, '0'), 'active', now() from generate_series(0, %s) as n on conflict do nothing",
            (customers - 1,),
        )
    begin = begin_on(database, SqlStaffWork)
    started_at = monotonic_seconds()
    answer = ReceiveAdjustmentFile(begin=begin, clock=clock, new_id=TimeOrderedIds(clock))(
        call("maker"), content_of(customers), all_or_nothing=options.all_or_nothing
    )
    assert answer.refusal is None, answer
    received_at = monotonic_seconds()
    DecideAdjustmentFile(begin=begin, clock=clock, decision=FileStatus.APPROVED)(call("checker"), str(answer.body["file_id"]))
    posted = PostAdjustmentFiles(begin_on(database, SqlPostingWork), clock)("001")
    ended_at = monotonic_seconds()
    print(f"{posted} lines: received in {received_at - started_at:.1f} s, posted in {ended_at - received_at:.1f} s")
    database.close()


if __name__ == "__main__":
    main()
