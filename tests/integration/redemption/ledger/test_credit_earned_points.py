"""Batches of accrual's events, posted to the ledger on a real database."""

import random
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

import psycopg2
import pytest
from msgspec import structs

from loyalty_shared.contracts.accrual import Cause, PointsEarnedV1
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.persistence.offsets import Fenced
from redemption.adapters.credit_rows import CreditRows
from redemption.adapters.crediting import SqlCreditingWork
from redemption.adapters.online_unit_of_work import SqlOnlineWork
from redemption.adapters.unit_of_work import begin_on
from redemption.application.credit_earned_points import CreditEarnedPoints
from redemption.domain.holds import Hold, HoldStatus
from support.accrual_desk import Raw
from support.ledger import MARCH_1, Ledger, clawed_back, earned


def test_a_batch_credits_each_customer_once_and_the_books_add_up(ledger: Ledger) -> None:
    ledger.credit(
        earned(100, "C1"), earned(20, "C2", expires_on=date(2030, 12, 31)), earned(5, "C1", point_type="bonus"), earned(7, "C1"),
        earned(30, "C1", available_on=date(2026, 3, 2)), earned(9, "C1", legal_entity="002"),
    )  # fmt: skip
    assert (ledger.balance("C1").available, ledger.balance("C1").pending, ledger.balance("C1", "bonus").available) == (107, 30, 5)
    assert ledger.account("C1", legal_entity="002").available() == 9
    assert list(ledger.entries("C1"))[:2] == [("earned", 100), ("earned", 5)]
    assert ledger.rows("select account_version, balance_after, debit_account, credit_account from entry where customer_no = 'C1' and points = 7") == [
        (3, 107, "issued:retail", "customer:base")
    ]
    assert ledger.rows("select count(*) from lot where customer_no = 'C1' and legal_entity = '001'") == [(3,)], "same points, same lot"
    assert not ledger.violations()


def test_the_same_batch_twice_is_fenced_and_changes_nothing(ledger: Ledger) -> None:
    batch = ledger.batch([earned(100)])
    ledger.take(batch)
    with pytest.raises(Fenced):
        ledger.take(batch)
    assert ledger.balance().available == 100
    assert not ledger.violations()


def test_events_of_a_new_epoch_are_compared_by_cause(ledger: Ledger) -> None:
    first, second = earned(100), earned(50)
    back = clawed_back(30, first)
    ledger.credit(first, back)
    ledger.credit(first, second, back, catching_up=True)
    assert (ledger.balance().available, ledger.balance().earned) == (120, 120)
    assert list(ledger.entries()) == [("earned", 100), ("clawed-back", -30), ("earned", 50)]


def test_what_two_recalculations_post_of_one_event_is_credited_twice(ledger: Ledger) -> None:
    """What somebody asks for is always marked to be compared by cause, and both may find the same difference: each is a cause of its own."""
    first, second = (structs.replace(earned(2, no="T-anew"), cause=Cause(kind=f"recalculation:{one}", source_system="core", no="T-anew")) for one in "12")
    ledger.credit(first, catching_up=True)
    ledger.credit(second, catching_up=True)
    ledger.credit(first, second, catching_up=True)
    assert ledger.balance().earned == 4
    assert not ledger.violations()


def test_a_refund_that_takes_from_its_earning_and_beyond_it_is_no_earning_posted_twice(ledger: Ledger) -> None:
    other, own = earned(10), earned(5)
    refund = clawed_back(5, own)
    beyond = structs.replace(refund, points=1, earning_id=None)
    ledger.credit(other, own, refund, beyond)
    assert ledger.balance().available == 9
    assert not ledger.violations()

    ledger.credit(earned(1), refund)  # doubled, and not beside what it doubles
    assert ledger.violations() == {"every-earning-once": 1}


def test_causes_of_two_entities_are_not_taken_for_one(ledger: Ledger) -> None:
    ours, theirs = earned(100, no="T-shared"), earned(70, no="T-shared", legal_entity="002")
    ledger.credit(ours)
    ledger.credit(ours, theirs, catching_up=True)
    assert (ledger.account().available(), ledger.account(legal_entity="002").available()) == (100, 70)


def test_a_dead_letter_tried_again_is_compared_by_cause(ledger: Ledger) -> None:
    republished, lost = earned(100, legal_entity="003"), earned(50, legal_entity="003")
    ledger.take(with_records(ledger.batch([republished, lost])))  # of an entity never heard of: set aside
    ledger.rows("insert into entity values ('003', '{}', 'Asia/Shanghai', '2026-03-01', 15) returning 1")
    ledger.credit(republished, catching_up=True)  # accrual was restored, and decided it again
    letters = ledger.rows("select batch_no || '-' || position from dead_letter order by position")
    for event, (letter_id,) in zip((republished, lost), letters, strict=True):
        CreditEarnedPoints(begin_on(ledger.database, SqlCreditingWork), ledger.clock)(replace(ledger.batch([event]), span=None, retry_of=str(letter_id)))
    assert ledger.rows("select points, may_repeat from entry join outgoing_batch using (batch_no) order by batch_no") == [(100, False), (50, True)]


def test_points_are_taken_back_in_the_batch_that_earned_them(ledger: Ledger) -> None:
    purchase = earned(1000)
    ledger.credit(purchase, clawed_back(250, purchase))
    assert (ledger.balance().available, ledger.balance().earned) == (750, 750)
    assert not ledger.violations()


def test_what_cannot_be_taken_is_owed_and_repaid_by_the_next_earning(ledger: Ledger) -> None:
    purchase = earned(100)
    ledger.credit(purchase)
    with ledger.database.transaction() as cursor:  # spent meanwhile
        cursor.execute("update lot set points = 0 where customer_no = 'C1'")
        cursor.execute("update account set totals = '{\"base\": [100, 100, 0]}' where customer_no = 'C1'")
    ledger.credit(clawed_back(60, purchase))
    assert (ledger.balance().arrears, ledger.balance().available) == (60, 0)
    ledger.credit(earned(50), earned(25))
    assert (ledger.balance().arrears, ledger.balance().available) == (0, 15)
    ledger.credit(earned(10))
    assert ledger.balance().available == 25
    assert ledger.rows("select arrears from account") == [(None,)]


def test_points_that_arrive_lapsed_are_credited_and_expired_together(ledger: Ledger) -> None:
    ledger.credit(earned(10, expires_on=date(2026, 2, 28), available_on=date(2026, 1, 1)), earned(3))
    assert list(ledger.entries()) == [("earned", 10), ("expired", -10), ("earned", 3)]
    assert (ledger.balance().available, ledger.balance().expired) == (3, 10)
    assert not ledger.violations()


def test_a_lapsed_point_excuses_one_claw_back_only(ledger: Ledger) -> None:
    purchase = earned(100, expires_on=date(2026, 3, 10))
    ledger.credit(purchase)
    ledger.advance(date(2026, 3, 11))
    ledger.credit(clawed_back(70, purchase))
    assert (ledger.balance().arrears, ledger.balance().expired) == (0, 100)
    ledger.credit(clawed_back(40, purchase))
    assert ledger.balance().arrears == 10
    assert list(ledger.entries()) == [("earned", 100), ("expired", -100), ("clawed-back", 0), ("clawed-back", -10)]
    assert not ledger.violations()


def test_points_taken_back_of_no_earning_begin_with_other_lots_and_what_has_lapsed_excuses_only_its_own_earning(ledger: Ledger) -> None:
    lapsing, first, last = earned(100, expires_on=date(2026, 3, 10)), earned(30, expires_on=date(2026, 6, 30)), earned(40)
    pending = earned(25, available_on=date(2026, 5, 1))
    ledger.credit(lapsing, last, first, pending)
    ledger.advance(date(2026, 3, 11))
    ledger.credit(clawed_back(50, lapsing, by_carry=True))
    lots = {lot.expires_on: state.points for lot, state in ledger.account().lots.items() if lot.available_on is None and state.points}
    assert lots == {None: 20}, "as they would be spent: the earliest expiry first, though another lot was named"
    ledger.credit(clawed_back(60, pending, by_carry=True))
    assert (ledger.balance().available, ledger.balance().pending, ledger.balance().arrears) == (0, 25, 40), "neither pending nor lapsed points are of use"
    ledger.credit(clawed_back(70, lapsing), clawed_back(70, lapsing))
    assert ledger.balance().arrears == 80, "100 lapsed points excused 100, once"
    assert not ledger.violations()


def hold_all(ledger: Ledger, expires_in: timedelta) -> None:
    now = ledger.clock.now()
    with ledger.database.transaction() as cursor:
        work = SqlOnlineWork(cursor)
        account = work.accounts.find_for_update("001", "C1", MARCH_1)
        assert account is not None
        lots = account.pick(100)
        account.hold(lots)
        work.accounts.post(account, now)
        hold = Hold(
            reservation_id="H1", customer_no="C1", points=100, application="mall", channel="POS", lots=lots, expires_at=now + expires_in,
            status=HoldStatus.RESERVED,
        )  # fmt: skip
        work.holds.add("001", hold, now)


def test_held_points_are_not_taken_back(ledger: Ledger) -> None:
    purchase = earned(100)
    ledger.credit(purchase)
    hold_all(ledger, timedelta(minutes=5))
    ledger.credit(clawed_back(60, purchase))
    assert (ledger.balance().arrears, ledger.balance().held) == (60, 100)
    assert not ledger.violations()


def test_points_of_a_hold_whose_time_was_up_lapsed_before_they_are_taken_back(ledger: Ledger) -> None:
    purchase = earned(100, expires_on=MARCH_1)
    ledger.credit(purchase)
    hold_all(ledger, timedelta(minutes=-1))
    ledger.advance(date(2026, 3, 2))
    ledger.credit(clawed_back(60, purchase))
    assert list(ledger.entries()) == [("earned", 100), ("expired", -100), ("clawed-back", 0)]
    assert (ledger.balance().arrears, ledger.balance().held) == (0, 0)
    assert ledger.rows("select status from hold") == [("expired",)]
    assert not ledger.violations()


def test_names_of_any_kind_survive_the_way_into_the_tables(ledger: Ledger) -> None:
    odd = "C\t1\\n客户"
    ledger.credit(earned(4, odd, no="n\\1:\t2", rule_code="r\\x", point_type="ba:se"))
    ledger.credit(clawed_back(1, earned(4, odd, rule_code="r\\x", point_type="ba:se")))
    assert ledger.balance(odd, "ba:se").available == 3
    assert ledger.rows("select cause_no, rule_code from entry where kind = 'earned'") == [("n\\1:\t2", "r\\x")]
    assert not ledger.violations()


def with_records(batch: Batch[PointsEarnedV1]) -> Batch[PointsEarnedV1]:
    """Return the batch with the records that it came from, so that its events can be set aside."""
    return replace(batch, records=[Raw(batch.topic, batch.partition, offset) for offset in batch.offsets])


def test_an_entity_never_heard_of_is_set_aside_and_the_rest_goes_on(ledger: Ledger) -> None:
    batch = ledger.batch([earned(1, legal_entity="099"), earned(2)])
    ledger.take(with_records(batch))
    assert ledger.balance().available == 2
    assert ledger.rows("select legal_entity, fault, status from dead_letter") == [("099", "unknown-entity", "open")]


def test_batches_that_race_for_the_same_accounts_lose_nothing_and_do_not_deadlock(ledger: Ledger) -> None:
    rng = random.Random(7)
    failures: list[BaseException] = []
    purchases: list[PointsEarnedV1] = [earned(40, f"C{number}") for number in range(30)]
    ledger.credit(*purchases, partition=9)

    def run(partition: int, batches: list[list[PointsEarnedV1]]) -> None:
        try:
            for events in batches:
                ledger.credit(*events, partition=partition)
        except BaseException as error:
            failures.append(error)

    work = []
    total = 30 * 40
    for partition in range(6):
        batches = []
        for _ in range(15):
            events: list[PointsEarnedV1] = [
                earned(rng.randrange(1, 9), f"C{rng.randrange(40)}", available_on=date(2026, 3, rng.choice((1, 2)))) for _ in range(60)
            ]
            total += sum(event.points for event in events)
            batches.append(events)
        batches.insert(rng.randrange(15), [clawed_back(5, purchase) for purchase in rng.sample(purchases, 30)])
        total -= 30 * 5
        work.append(threading.Thread(target=run, args=(partition, batches)))
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert not failures
    assert ledger.rows("select sum(points) from entry") == [(total,)]
    assert ledger.rows("select sum(points) from lot") == [(total,)]
    assert not ledger.violations()


def test_an_entry_is_never_changed_or_deleted(ledger: Ledger) -> None:
    ledger.credit(earned(1))
    for statement in ("update entry set points = 2", "delete from entry", "truncate entry"):
        with pytest.raises(psycopg2.IntegrityError, match="append-only"):
            ledger.rows(statement)


def test_invariants_find_what_is_wrong(ledger: Ledger) -> None:
    purchase = earned(10, available_on=MARCH_1)
    ledger.credit(purchase, earned(5, "C2"))
    assert not ledger.violations()
    with ledger.database.transaction() as cursor:
        cursor.execute("update lot set points = points + 1 where customer_no = 'C1'")
    assert ledger.violations() == {"postings-equal-lots-and-arrears": 1}
    with ledger.database.transaction() as cursor:
        cursor.execute("update lot set points = points - 1, held = 2 where customer_no = 'C1'")
        cursor.execute("update account set totals = '{\"base\": [6, 0, 0]}', version = 2 where customer_no = 'C2'")
    assert ledger.violations() == {
        "postings-equal-lots-and-arrears": 1, "balances-equal-entries": 1, "account-versions-gapless": 1, "trial-balance-zero": 1, "held-points-equal-holds": 1,
    }  # fmt: skip


@pytest.mark.parametrize("known", [True, False], ids=["an account that is there", "an account that is opened"])
def test_an_account_that_another_posts_to_meanwhile_is_posted_to_again(ledger: Ledger, *, known: bool) -> None:
    """Accounts are read without locks: what another transaction commits between the read and the write is found out, and counted in."""
    if known:
        ledger.credit(earned(1))
    meanwhile = ledger.batch([earned(20)], partition=1)

    class OvertakenWork(SqlCreditingWork):
        overtaken = 0

        def begin_posting(self, at: datetime, entities: Mapping[str, Entity], partition: int) -> CreditRows:
            if not OvertakenWork.overtaken:
                ledger.take(meanwhile)
            OvertakenWork.overtaken += 1
            return super().begin_posting(at, entities, partition)

    CreditEarnedPoints(begin_on(ledger.database, OvertakenWork), ledger.clock)(ledger.batch([earned(100), earned(3, "C2")]))
    assert OvertakenWork.overtaken == 2, "posted again"
    assert ledger.balance().available == 120 + known
    assert [version for (version,) in ledger.rows("select account_version from entry where customer_no = 'C1' order by 1")] == list(range(1, 3 + known))
    assert ledger.balance("C2").available == 3
    assert not ledger.violations()
