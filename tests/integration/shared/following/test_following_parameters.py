"""Following the console on a real database: what it says becomes this service's own, once, and a closed day gets no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs
from psycopg2.extensions import cursor as Cursor
from sqlalchemy import MetaData

from loyalty_shared.contracts.console import BusinessDateAdvancedV1, CredentialIssuedV1, EntityOpenedV1, InstitutionChangedV1, ParameterChangedV1
from loyalty_shared.following import FollowParameters
from loyalty_shared.messaging.records import Batch, rejected_record
from loyalty_shared.persistence import dead_letters
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.dead_letters import Fault, dead_letter_table, list_open, source_state_table
from loyalty_shared.persistence.entity_dates import entity_table, hold_date, list_entities
from loyalty_shared.persistence.offsets import Fenced, Position, Span, consumer_offset_table, find_position
from loyalty_shared.persistence.outgoing import begin_batch, outgoing_batch_table
from loyalty_shared.web.credentials import credential_table, load_callers
from support.eventually import eventually
from support.platform import MakeDatabase

GROUP, TOPIC = "accrual.follow-parameters", "loyalty.console.parameters"


class FixedClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Record:
    """A record as Kafka gives it."""

    offset: int
    topic: str = TOPIC
    partition: int = 0
    key: bytes | None = b"001"
    value: bytes | None = b"{}"
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass
class Follower:
    """A service that follows, and what its hooks were called with."""

    database: Database
    opened: list[str] = field(default_factory=list)
    closed: list[tuple[str, date]] = field(default_factory=list)
    place: int = 0

    def take(self, *events: Any) -> None:
        FollowParameters(database=self.database, clock=FixedClock(), on_entity_opened=self.note_opened, on_date_advanced=self.note_closed)(self.batch(events))
        self.place += len(events)

    def try_again(self, event: Any) -> None:
        """Take the event as one that was set aside."""
        with self.database.transaction() as cursor:
            batch_no = begin_batch(cursor, FixedClock().now())
            letter = rejected_record(Record(0), Fault.FAILED_TO_PROCESS, "it failed", legal_entity=None, source_system=None)
            dead_letters.post(cursor, batch_no, GROUP, [letter], FixedClock().now())
        FollowParameters(database=self.database, clock=FixedClock())(replace(self.batch([event]), span=None, retry_of=f"{batch_no}-0"))

    def batch(self, events: Sequence[Any]) -> Batch[Any]:
        before = Position(cluster_id="c", topic_id="t", next_offset=self.place) if self.place else None
        after = Position(cluster_id="c", topic_id="t", next_offset=self.place + len(events))
        return Batch(
            group=GROUP,
            topic=TOPIC,
            partition=0,
            events=events,
            offsets=range(self.place, self.place + len(events)),
            traceparents=[None] * len(events),
            records=[Record(self.place + index) for index in range(len(events))],
            span=Span(group=GROUP, topic=TOPIC, partition=0, before=before, after=after),
        )

    def note_opened(self, cursor: Cursor, event: EntityOpenedV1) -> None:
        self.opened.append(event.legal_entity)

    def note_closed(self, cursor: Cursor, legal_entity: str, business_on: date) -> None:
        self.closed.append((legal_entity, business_on))

    def dates(self) -> dict[str, date]:
        with self.database.transaction() as cursor:
            return {entity.legal_entity: entity.business_on for entity in list_entities(cursor)}

    def next_offset(self) -> int | None:
        with self.database.transaction() as cursor:
            position = find_position(cursor, GROUP, TOPIC, 0)
        return position.next_offset if position else None


@pytest.fixture
def follower(database: MakeDatabase) -> Iterator[Follower]:
    metadata = MetaData()
    for define in (entity_table, credential_table, consumer_offset_table, outgoing_batch_table, dead_letter_table, source_state_table):
        define(metadata)
    opened = Database(database("follower"), application_name="test")
    metadata.create_all(opened.engine)
    yield Follower(opened)
    opened.close()


def opened(code: str, on: date = date(2026, 3, 1), zone: str = "Asia/Shanghai") -> EntityOpenedV1:
    return EntityOpenedV1(legal_entity=code, names={"en": code}, zone=zone, business_on=on, retention_years=15)


def advanced(code: str, previous: int, to: int) -> BusinessDateAdvancedV1:
    return BusinessDateAdvancedV1(legal_entity=code, previous_on=date(2026, 3, previous), business_on=date(2026, 3, to))


def issued(enabled: bool = True, entities: tuple[str, ...] = ("001",)) -> CredentialIssuedV1:
    return CredentialIssuedV1(credential="001-admin", token_sha256="ab", entities=entities, functions=("admin",), channel=None, enabled=enabled)


def test_entities_and_dates_become_the_services_own(follower: Follower) -> None:
    follower.take(opened("001"), opened("002"), advanced("001", 1, 3))
    assert follower.dates() == {"001": date(2026, 3, 3), "002": date(2026, 3, 1)}
    assert (follower.opened, follower.closed, follower.next_offset()) == (["001", "002"], [("001", date(2026, 3, 1))], 3)


def test_what_is_said_again_changes_nothing_and_closes_no_day_twice(follower: Follower) -> None:
    follower.take(opened("001"), advanced("001", 1, 3))
    follower.take(opened("001", zone="Asia/Tokyo"), advanced("001", 1, 3), advanced("001", 1, 2))
    assert follower.dates() == {"001": date(2026, 3, 3)}
    assert (follower.opened, follower.closed) == (["001"], [("001", date(2026, 3, 1))])
    with follower.database.transaction() as cursor:
        assert str(hold_date(cursor, "001").zone) == "Asia/Tokyo"


def test_the_day_that_is_closed_is_the_one_the_service_was_on(follower: Follower) -> None:
    follower.take(opened("001"), advanced("001", 1, 2), advanced("001", 2, 3))
    follower.take(advanced("001", 1, 4))  # the console was set back to 1 March
    assert (follower.dates(), follower.closed) == ({"001": date(2026, 3, 4)}, [("001", date(2026, 3, day)) for day in (1, 2, 3)])


def test_credentials_are_issued_rebound_and_taken_back(follower: Follower) -> None:
    known = []
    for event in (issued(), issued(entities=("001", "003")), issued(enabled=False)):
        follower.take(event)
        with follower.database.transaction() as cursor:
            known.append({sha256: sorted(caller.entities) for sha256, caller in load_callers(cursor, FixedClock().now()).items()})
    assert known == [{"ab": ["001"]}, {"ab": ["001", "003"]}, {}]


def test_parameters_and_institutions_are_handed_on_in_the_same_transaction(follower: Follower) -> None:
    changed = ParameterChangedV1(legal_entity="001", name="cost-per-point", value="0.25", effective_on=date(2026, 4, 1))
    branch = InstitutionChangedV1(legal_entity="001", institution="450000", parent="HQ", names={"en": "Nanning"}, level="branch", status="open")
    heard: list[Any] = []

    def hear(cursor: Cursor, event: Any) -> None:
        cursor.execute("select count(*) from entity")
        heard.append((event, cursor.fetchone()))

    follow = FollowParameters(database=follower.database, clock=FixedClock(), on_parameter_changed=hear, on_institution_changed=hear)
    follow(follower.batch([opened("001"), changed, branch]))
    assert heard == [(changed, (1,)), (branch, (1,))]


def test_old_sessions_are_forgotten_as_new_ones_are_heard_of(follower: Follower) -> None:
    now = FixedClock().now()

    def session(number: int, **ends_in: float) -> CredentialIssuedV1:
        return structs.replace(issued(), credential=f"session.{number}", token_sha256=str(number), operator="wei", expires_at=now + timedelta(**ends_in))

    follower.take(issued(), session(1, hours=-25), session(2, hours=-1), session(3, hours=8))
    with follower.database.transaction() as cursor:
        cursor.execute("select credential from credential order by credential")
        assert [row[0] for row in cursor.fetchall()] == ["001-admin", "session.2", "session.3"]
        assert sorted(load_callers(cursor, now)) == ["3", "ab"]


def test_a_credentials_dead_letter_tried_again_never_undoes_what_was_stated_since(follower: Follower) -> None:
    for known_before, valid in ((False, True), (True, False)):
        if known_before:
            follower.take(issued(enabled=False))
        follower.try_again(issued())
        with follower.database.transaction() as cursor:
            assert bool(load_callers(cursor, FixedClock().now())) is valid
            assert [letter.rejected.fault for letter in list_open(cursor, "001", after=(0, -1), limit=10)] == ["conflicting-content"] * known_before


def test_a_date_of_an_entity_never_heard_of_is_set_aside_and_the_rest_is_taken(follower: Follower) -> None:
    follower.take(advanced("009", 1, 2), opened("001"))
    assert follower.dates() == {"001": date(2026, 3, 1)}
    with follower.database.transaction() as cursor:
        letters = list_open(cursor, "009", after=(0, -1), limit=10)
    assert [(letter.rejected.fault, letter.rejected.offset) for letter in letters] == [("unknown-entity", 0)]


def test_what_another_owner_took_is_not_taken_again(follower: Follower) -> None:
    follower.take(opened("001"))
    batch = follower.batch([advanced("001", 1, 2)])
    follower.take(advanced("001", 1, 2))
    with pytest.raises(Fenced):
        FollowParameters(database=follower.database, clock=FixedClock(), on_date_advanced=follower.note_closed)(batch)
    assert len(follower.closed) == 1


def test_a_hook_that_fails_leaves_the_date_and_the_place_as_they_were(follower: Follower) -> None:
    follower.take(opened("001"))

    def fail(_cursor: Cursor, _legal_entity: str, _business_on: date) -> None:
        raise RuntimeError("the day does not close")

    with pytest.raises(RuntimeError):
        FollowParameters(database=follower.database, clock=FixedClock(), on_date_advanced=fail)(follower.batch([advanced("001", 1, 2)]))
    assert (follower.dates(), follower.next_offset()) == ({"001": date(2026, 3, 1)}, 1)


def test_the_date_moves_only_after_every_posting_of_it(follower: Follower) -> None:
    follower.take(opened("001"))
    with ThreadPoolExecutor(1) as threads:
        with follower.database.transaction() as cursor:
            assert hold_date(cursor, "001").business_on == date(2026, 3, 1)
            advance = threads.submit(follower.take, advanced("001", 1, 2))
            eventually(lambda: count_waiting(follower) == 1)
            assert follower.dates() == {"001": date(2026, 3, 1)}
        advance.result()
    assert follower.dates() == {"001": date(2026, 3, 2)}


def count_waiting(follower: Follower) -> int:
    with follower.database.transaction() as cursor:
        cursor.execute("select count(*) from pg_locks join pg_database on pg_database.oid = database where datname = current_database() and not granted")
        row = cursor.fetchone()
    assert row is not None
    number: int = row[0]
    return number
