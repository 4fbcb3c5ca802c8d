"""The expiry job on a real database: several workers, killed on the way, run again."""

import threading
from collections.abc import Collection
from datetime import date

import pytest

from loyalty_shared.service import run_command
from redemption.adapters.settling import SqlSettlingWork
from redemption.adapters.unit_of_work import begin_on
from redemption.application import settle_accounts
from redemption.application.settle_accounts import Due, SettleAccounts
from redemption.domain.account import Account
from redemption.main import build
from support.ledger import MARCH_1, Ledger, earned

MARCH_2, MARCH_3 = date(2026, 3, 2), date(2026, 3, 3)


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the job commit after every third account."""
    monkeypatch.setattr(settle_accounts, "ACCOUNTS_PER_TRANSACTION", 3)


def give_points_that_lapse(ledger: Ledger, customers: int) -> None:
    ledger.credit(*(earned(10 + number, f"C{number:02d}", expires_on=MARCH_1 if number % 2 else MARCH_2) for number in range(customers)), earned(5, "C01"))
    ledger.advance(MARCH_3)


def posted(ledger: Ledger) -> list[tuple[object, ...]]:
    """Return the job's entries, without what tells runs apart."""
    return ledger.rows("select customer_no, account_version, points, lots::text, balance_after, cause_no from entry where kind = 'expired' order by 1, 2")


def test_workers_share_the_accounts_and_each_lot_expires_once(ledger: Ledger, small_steps: None) -> None:
    give_points_that_lapse(ledger, 40)
    workers = [threading.Thread(target=ledger.settle, args=("001", Due.EXPIRED, MARCH_3)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [(row[0], row[2]) for row in posted(ledger)] == [(f"C{number:02d}", -10 - number) for number in range(40)]
    assert ledger.rows("select expired_before from expiry_progress") == [(MARCH_3,)]
    assert ledger.settle("001", Due.EXPIRED, MARCH_3) == 0
    assert not ledger.violations()


def test_an_account_that_is_held_by_a_call_is_waited_for(ledger: Ledger, small_steps: None) -> None:
    give_points_that_lapse(ledger, 5)
    with ledger.database.transaction() as cursor:
        cursor.execute("select from account where customer_no = 'C01' for update")
        job = threading.Thread(target=ledger.settle, args=("001", Due.EXPIRED, MARCH_3))
        job.start()
        job.join(timeout=0.7)
        assert job.is_alive()
        assert {row[0] for row in posted(ledger)} == {"C00", "C02", "C03", "C04"}, "the others were done meanwhile"
    job.join()
    assert len(posted(ledger)) == 5
    assert not ledger.violations()


class Killed(Exception):
    """The worker's process is gone."""


class DyingWork(SqlSettlingWork):
    """Work whose process is killed after so many transactions, before the next one commits."""

    left = 0

    def post(self, accounts: Collection[Account], at: object) -> None:
        super().post(accounts, at)  # type: ignore[arg-type]
        DyingWork.left -= 1
        if DyingWork.left < 0:
            raise Killed


def test_a_job_that_is_killed_goes_on_where_it_was_and_equals_an_undisturbed_run(ledger: Ledger, small_steps: None) -> None:
    give_points_that_lapse(ledger, 20)
    dying = SettleAccounts(begin_on(ledger.database, DyingWork), ledger.clock)
    for transactions in (2, 3):
        DyingWork.left = transactions
        with pytest.raises(Killed):
            dying("001", Due.EXPIRED, MARCH_3)
    assert len(posted(ledger)) == 15
    assert ledger.rows("select count(*) from expiry_progress") == [(0,)]
    assert ledger.settle("001", Due.EXPIRED, MARCH_3) == 5
    assert [(row[0], row[2]) for row in posted(ledger)] == [(f"C{number:02d}", -10 - number) for number in range(20)]
    assert not ledger.violations()


def test_the_command_says_done_failed_or_try_again(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    give_points_that_lapse(ledger, 4)
    monkeypatch.setenv("REDEMPTION_DATABASE_URL", ledger.database.url)
    monkeypatch.setenv("REDEMPTION_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")

    def run(name: str, on: str, entity: str = "001") -> int:
        return run_command("redemption", build, ["job", name, "--entity", entity, "--on", on])

    assert run("expire-points", "2026-03-04") == 75
    assert run("expire-points", "2026-03-01", entity="009") == 75
    assert run("expire-point", "2026-03-03") == 1
    assert posted(ledger) == []
    assert [run("expire-points", "2026-03-03") for _ in range(2)] == [0, 0]
    assert len(posted(ledger)) == 4


def test_what_comes_free_behind_the_jobs_mark_lapses_as_it_does(ledger: Ledger) -> None:
    give_points_that_lapse(ledger, 2)
    assert ledger.settle("001", Due.EXPIRED) == 2
    ledger.credit(earned(7, "C00", expires_on=MARCH_1))
    assert [row[2] for row in posted(ledger) if row[0] == "C00"] == [-10, -7]
    assert not ledger.violations()
