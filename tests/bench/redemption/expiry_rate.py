"""How long it takes to expire a million lots, killed twice on the way: `python -m bench.redemption.expiry_rate SERVER_URL [--lots 1000000]`.

SERVER_URL is a PostgreSQL server on which databases may be made. The lots are generated in one database, which is copied: in the one the job runs undisturbed,
in the other all its processes are killed twice. Both must have posted the same; running the date again must change nothing.
"""

import argparse
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from loyalty_shared.kernel.clock import SystemClock, monotonic_seconds
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.migrations import migrate
from redemption.adapters.invariants import check_invariants
from redemption.application.settle_accounts import ACCOUNTS_PER_TRANSACTION

MIGRATIONS = Path(__file__).parents[3] / "services/redemption/migrations"
WORKERS = 2
LOTS_PER_BATCH = 2 * ACCOUNTS_PER_TRANSACTION
MADE_ON, ON = date(2026, 3, 1), date(2027, 1, 1)

#: Two lots for each customer that lapse, one that does not; the entries that made them.
_FILL = """
insert into entity values ('001', '{}', 'Asia/Shanghai', %(made_on)s, 15);
insert into outgoing_batch (committed_at) values (now());
insert into account (legal_entity, customer_no, version, totals, opened_at)
    select '001', 'C' || lpad(n::text, 8, '0'), 3, '{"base": [60, 0, 0]}', now() from generate_series(1, %(customers)s) as n;
insert into lot (legal_entity, customer_no, point_type, available_on, expires_on, party, institution, points, held, lapsed, excused)
    select '001', customer_no, 'base', '-infinity', expires_on, 'retail', '450100', points, 0, 0, 0
    from account, (values (date '2026-11-30', 10), (date '2026-12-31', 20), (date '2030-12-31', 30)) as made (expires_on, points);
insert into entry (batch_no, account_version, points, balance_after, posted_at, position, business_on, partition, cause_leg, legal_entity, customer_no, kind,
        point_type, lots, cause_kind, cause_source, cause_no, debit_account, credit_account)
    select 1, n, n * 10, n * (n + 1) * 5, now(), (row_number() over ())::int, %(made_on)s, 0, 1, '001', customer_no, 'earned', 'base',
        json_build_array(json_build_array('base:' || lot.expires_on || ':retail:450100', points, null)), 'transaction', 'core', customer_no || '-' || n,
        'issued:retail', 'customer:base'
    from (select lot.*, points / 10 as n from lot) as lot;
update entity set business_on = %(on)s;
"""
_POSTED = """
select count(*), sum(points), md5(string_agg(concat_ws('|', customer_no, account_version, points, lots, balance_after, cause_no), ',' order by customer_no,
    account_version)) from entry where kind = 'expired'
"""
_KEPT = """
select md5(string_agg(concat_ws('|', customer_no, expires_on, points, lapsed), ',' order by customer_no, expires_on)) from lot
union all select md5(string_agg(concat_ws('|', customer_no, version, totals), ',' order by customer_no)) from account
"""


def run(server: str, statement: str) -> None:
    """Run a statement about databases."""
    connection = psycopg2.connect(server)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def query(url: str, statement: str, values: dict[str, object] | None = None) -> list[tuple[object, ...]]:
    """Return a statement's rows."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def start(url: str) -> list[subprocess.Popen[bytes]]:
    """Start the job as a scheduler would, on as many processes as there are processors."""
    environment = {**os.environ, "REDEMPTION_DATABASE_URL": url, "REDEMPTION_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9", "REDEMPTION_LOG_LEVEL": "WARNING"}
    command = [str(Path(sys.executable).with_name("redemption")), "job", "expire-points", "--entity", "001", "--on", ON.isoformat()]
    return [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for _ in range(WORKERS)]


def expire(url: str, kill_after: tuple[int, ...] = ()) -> float:
    """Run the job to its end, killed whenever so many entries have been posted, and return the seconds it took in all."""
    began = monotonic_seconds()
    for entries in kill_after:
        workers = start(url)
        while query(url, "select count(*) from outgoing_batch")[0][0] < entries // LOTS_PER_BATCH:  # type: ignore[operator]  # a count
            try:
                workers[0].wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue
            raise RuntimeError("the job ended before it could be killed")
        for worker in workers:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
    codes = [worker.wait() for worker in start(url)]
    if any(codes):
        raise RuntimeError(f"exit codes {codes}")
    return monotonic_seconds() - began


def main() -> None:
    """Generate, copy, expire both, compare, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server")
    parser.add_argument("--lots", type=int, default=1_000_000)
    arguments = parser.parse_args()
    names = [f"expiry_{kind}_{os.getpid()}" for kind in ("undisturbed", "killed")]
    undisturbed, killed = (str(urlunsplit(urlsplit(arguments.server)._replace(path=f"/{name}"))) for name in names)
    try:
        run(arguments.server, f"create database {names[0]}")
        migrate(MIGRATIONS, undisturbed)
        query(undisturbed, _FILL, {"customers": arguments.lots // 2, "made_on": MADE_ON, "on": ON})
        run(undisturbed, "vacuum analyze")
        run(arguments.server, f"create database {names[1]} template {names[0]}")
        seconds = [expire(undisturbed), expire(killed, kill_after=(arguments.lots // 4, arguments.lots // 2))]
        posted, kept = [query(url, _POSTED) for url in (undisturbed, killed)], [query(url, _KEPT) for url in (undisturbed, killed)]
        again = expire(killed)
        assert posted[0] == posted[1], "the killed run posted something else"
        assert kept[0] == kept[1], "the killed run left other lots or balances"
        assert query(killed, _POSTED) == posted[1], "running the date again changed something"
        assert posted[0][0][0] == arguments.lots, posted
        database = Database(killed, application_name="bench")
        with database.transaction() as cursor:
            violations = [
                checked for checked in check_invariants(cursor, "001", SystemClock().now()) if checked.violations and checked.name != "outbox-empties"
            ]
        database.close()
        assert not violations, violations
        print(
            f"{arguments.lots:,} lots expired in {seconds[0]:.0f} s undisturbed, {seconds[1]:.0f} s killed twice, by {WORKERS} processes; again: {again:.1f} s"
        )
    finally:
        for name in names:
            run(arguments.server, f"drop database if exists {name} with (force)")


if __name__ == "__main__":
    main()
