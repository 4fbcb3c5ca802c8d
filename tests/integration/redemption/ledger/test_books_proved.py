"""The books proved on a real database: entries are those that were published, and what is kept of accounts is what their entries say."""

from datetime import date, timedelta

import msgspec
import pytest
from psycopg2.extensions import cursor as Cursor

from loyalty_shared.contracts.topics import REDEMPTION_LEDGER
from loyalty_shared.messaging.publishing import Chunks
from loyalty_shared.messaging.relay_rows import take_leases
from loyalty_shared.messaging.windows import Windows
from loyalty_shared.service import run_command
from redemption.adapters.online_unit_of_work import SqlOnlineWork
from redemption.adapters.outgoing import LedgerTopic
from redemption.adapters.rebuilding import SqlRebuildingWork, begin_comparing_on
from redemption.adapters.sealed_chain import ChainBroken, Verified, verify_chain
from redemption.adapters.unit_of_work import begin_on
from redemption.application.rebuild_balances import BalancesDiffer, RebuildBalances
from redemption.application.settle_accounts import Due
from redemption.domain.holds import Hold, HoldStatus
from redemption.main import build
from support.eventually import eventually
from support.ledger import MARCH_1, Ledger, clawed_back, earned

MARCH_2 = date(2026, 3, 2)
MARCH_5 = date(2026, 3, 5)


class Sink:
    """Takes records where a producer would send them to Kafka."""

    def create_batch(self) -> "Sink":
        return self

    def append(self, **_record: object) -> object:
        return self


def publish(ledger: Ledger) -> None:
    """Seal all that has committed, as the relay does once Kafka has it."""
    windows = Windows(ledger.database, [LedgerTopic()], "/loyalty/redemption", "test")
    with ledger.database.transaction() as cursor:
        leases = take_leases(cursor, "test", {(REDEMPTION_LEDGER.name, partition) for partition in range(REDEMPTION_LEDGER.partitions)})
    parts: list[Chunks] = []

    def publish_a_window() -> bool:
        """Publish what no transaction of anybody on the server can still come before; tell whether that was the last."""
        nonlocal parts
        window = windows.step(Sink(), leases, [part.published for part in parts])
        parts = list(window.parts) if window is not None else []
        left = ledger.rows("select count(*) from outgoing_batch where xid::text::bigint >= (select min(bound_xid) from relay_partition)")
        return window is None and left == [(0,)]

    eventually(publish_a_window)


def verified(ledger: Ledger) -> Verified:
    with ledger.database.transaction() as cursor:
        return verify_chain(cursor, LedgerTopic())


def tamper(cursor: Cursor, statement: str) -> None:
    """Change entries as somebody could who owns the database."""
    cursor.execute(f"alter table entry disable trigger append_only; {statement}; alter table entry enable trigger append_only")


@pytest.fixture
def published(ledger: Ledger) -> Ledger:
    """Return a ledger with nine entries and a closed day, published in several windows."""
    for number in range(3):
        ledger.credit(earned(10 + number, "C1", no=f"T{number}"), earned(5, "C2"), partition=1)
        ledger.credit(earned(20, "C3"), partition=2)
        if number == 1:
            ledger.advance(MARCH_2)
        publish(ledger)
    return ledger


def test_what_was_published_is_found_unchanged(published: Ledger) -> None:
    assert verified(published) == Verified(chunks=10, records=9 + 4)
    published.credit(earned(1))
    assert verified(published).records == 13, "what is not published yet is not sealed yet"


def verified_after(ledger: Ledger, statement: str) -> Verified:
    """Verify after a tampering, which is rolled back when it is found."""
    with ledger.database.transaction() as cursor:
        tamper(cursor, statement)
        return verify_chain(cursor, LedgerTopic())


#: What somebody who owns the database might do, and which chunk is then named.
TAMPERINGS = (
    ("update entry set points = points + 1 where cause_no = 'T1'", "partition 1, records 1.3 to 1.4"),
    ("update entry set lots = replace(lots::text, 'retail', 'bank')::json where cause_no = 'T2'", "partition 1, records 1.6 to 1.7"),
    ("delete from entry where cause_no = 'T0'", "partition 1, records 1.1 to 1.2"),
    ("update outgoing_batch set committed_at = committed_at - interval '1 day' where batch_no = 2", "partition 2, records 1.1 to 1.1"),
    ("update day_closed set entries = 7 where partition = 3", "partition 3, records 1.1 to 1.1"),
    ("delete from relay_seal where partition = 1 and first_number = 3", "partition 1, records 1.5 to 1.5: the seals before it are missing"),
    ("delete from relay_seal where partition = 1 and first_number = 6", "partition 1: its last seals are missing"),
    ("update relay_seal set chain = sha256('') where partition = 2 and first_number = 1", "partition 2, records 1.1 to 1.1"),
)


def test_the_first_chunk_that_was_changed_is_named(published: Ledger) -> None:
    for statement, chunk in TAMPERINGS:
        with pytest.raises(ChainBroken, match=chunk):
            verified_after(published, statement)
    assert verified(published).records == 13


def hold(ledger: Ledger, points: int) -> None:
    now = ledger.clock.now()
    with ledger.database.transaction() as cursor:
        work = SqlOnlineWork(cursor)
        account = work.accounts.find_for_update("001", "C1", ledger.business_on())
        assert account is not None
        lots = account.pick(points)
        account.hold(lots)
        work.accounts.post(account, now)
        hold = Hold(
            reservation_id="H1", customer_no="C1", points=points, application="mall", channel="POS", lots=lots, expires_at=now + timedelta(minutes=9),
            status=HoldStatus.RESERVED,
        )  # fmt: skip
        work.holds.add("001", hold, now)


@pytest.fixture
def busy(ledger: Ledger) -> Ledger:
    """Return a ledger with points of every kind: pending, matured, held, lapsed, excused, sliding, owed."""
    lapsing, spent = earned(100, "C1", expires_on=MARCH_2), earned(30, "C2")
    sliding = msgspec.structs.replace(earned(40, "C3"), expiry_policy="sliding_months:2", expires_on=date(2026, 5, 1))
    ledger.credit(lapsing, earned(50, "C1"), earned(25, "C1", available_on=MARCH_2), earned(8, "C1", available_on=date(2026, 4, 1)), sliding, spent)
    ledger.credit(clawed_back(45, spent), earned(3, "C2", point_type="bonus"))
    ledger.advance(MARCH_5)
    assert ledger.settle("001", Due.EXPIRED) == 1
    ledger.credit(clawed_back(70, lapsing), earned(5, "C3"), earned(10, "C1"))
    hold(ledger, 20)
    return ledger


def compare(ledger: Ledger) -> str:
    return str(RebuildBalances(begin_comparing_on(ledger.database), ledger.clock)("001", repair=False))


def rebuild(ledger: Ledger) -> int:
    return RebuildBalances(begin_on(ledger.database, SqlRebuildingWork), ledger.clock)("001", repair=True).different


def kept(ledger: Ledger) -> list[tuple[object, ...]]:
    """Return what is kept of accounts and lots, as far as it counts."""
    return ledger.rows("select customer_no, version, totals::jsonb, arrears::jsonb, active_on from account order by 1") + ledger.rows(
        "select customer_no, point_type, available_on::text, expires_on::text, sliding_months, slides_to, points, held, lapsed - excused from lot"
        " where points > 0 or lapsed > excused order by 1, 2, 3, 4, 5"
    )


def test_what_is_kept_is_what_the_entries_say(busy: Ledger) -> None:
    assert compare(busy) == "3 accounts compared, 0 different"
    assert rebuild(busy) == 0


#: What may be wrong with what is kept, and how it is told.
DAMAGES = (
    ("update account set totals = '{\"base\": [1, 0, 0]}' where customer_no = 'C1'", r"C1 \(totals"),
    ("update account set arrears = null where customer_no = 'C2'", r"C2 \(arrears"),
    ("update account set active_on = '2026-04-09' where customer_no = 'C3'", r"C3 \(last activity"),
    ("update lot set points = points + 1 where customer_no = 'C1' and points > 30", r"C1 \(lots"),
    ("update lot set excused = 0 where customer_no = 'C1' and lapsed > 0", r"C1 \(lots"),
    ("update lot set held = 0 where customer_no = 'C1'", r"C1 \(lots"),
    ("delete from lot", "3 different"),
    ("delete from account where customer_no = 'C2'", r"C2 \(version"),
)


def test_what_differs_is_named_and_rebuilt_from_the_entries(busy: Ledger) -> None:
    for due in Due:
        busy.settle("001", due)  # so that nothing but the damage is to be seen
    before = kept(busy)
    for statement, found in DAMAGES:
        busy.rows(statement + " returning 1")
        with pytest.raises(BalancesDiffer, match=found):
            compare(busy)
        assert rebuild(busy) >= 1, statement
        assert kept(busy) == before, statement
    assert compare(busy) == "3 accounts compared, 0 different"
    assert not busy.violations()


def test_points_arrive_while_balances_are_rebuilt_and_none_is_lost(busy: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    busy.rows("update account set totals = '{\"base\": [1, 0, 0]}' where customer_no = 'C3' returning 1")
    read = SqlRebuildingWork.read_each

    def read_then_credit(work: SqlRebuildingWork, *wanted: object, **how: object) -> object:
        pairs = read(work, *wanted, **how)  # type: ignore[arg-type]
        busy.credit(earned(11, "C9"))
        return pairs

    monkeypatch.setattr(SqlRebuildingWork, "read_each", read_then_credit)
    assert rebuild(busy) == 1
    assert busy.balance("C9").available == 11
    assert not busy.violations()


def test_the_commands_say_what_they_found(busy: Ledger, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    publish(busy)
    monkeypatch.setenv("REDEMPTION_DATABASE_URL", busy.database.url)
    monkeypatch.setenv("REDEMPTION_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")

    def run(name: str) -> int:
        return run_command("redemption", build, ["job", name, "--entity", "001", "--on", MARCH_1.isoformat()])

    assert [run("verify-chain"), run("compare-balances")] == [0, 0]
    with busy.database.transaction() as cursor:
        tamper(cursor, "update entry set points = 31 where kind = 'earned' and points = 30")
    assert [run("verify-chain"), run("compare-balances"), run("rebuild-balances"), run("compare-balances")] == [1, 1, 0, 0]
    printed = capsys.readouterr()
    assert "are as they were published" in printed.out
    assert "the entries are not those that were published" in printed.err
    assert "C2 (totals, arrears)" in printed.err
