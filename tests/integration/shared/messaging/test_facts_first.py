"""A group that comes after others: what was there at its start is read by them before it takes its first record."""

import pytest
from psycopg2.extensions import cursor as Cursor

from integration.shared.messaging.conftest import Happened, TakeThings, consumer, envelope, produce, rows, running, thing, topic_of
from loyalty_shared.messaging import facts_first
from loyalty_shared.messaging.records import Batch
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.persistence.connections import Database
from support.eventually import eventually
from support.platform import MakeTopic

FACTS = 50


def subscriptions(service: Database, facts: str, events: str, facts_use_case: TakeThings) -> tuple[Subscription, Subscription]:
    """Return a group that decides, first, and the facts' group that it comes after; what the decider sees of the facts is in `facts_seen`."""

    def look(_batch: Batch[Happened], cursor: Cursor) -> None:
        cursor.execute("insert into facts_seen select count(*) from taken where reader = 'facts'")

    with service.transaction() as cursor:
        cursor.execute("create table facts_seen (count bigint)")
    of_facts = Subscription(group=f"test.facts.{facts}", topic=topic_of(facts), use_case=facts_use_case, sequenced=False, batch_max=5)
    decide = TakeThings(service, reader="decider", before=look)
    return Subscription(group=f"test.decide.{events}", topic=topic_of(events), use_case=decide, sequenced=False, after=(of_facts.group,)), of_facts


def test_all_facts_that_were_there_are_read_first(kafka: str, service: Database, topic: MakeTopic) -> None:
    facts, events = topic("facts"), topic("events")
    produce(kafka, facts, [(thing(number), envelope()) for number in range(FACTS)])
    produce(kafka, events, [(thing(1000), envelope())])
    followed = subscriptions(service, facts, events, TakeThings(service, reader="facts"))
    with running(lambda: consumer(kafka, service, *followed)):
        eventually(lambda: rows(service, "select count from facts_seen") == [(FACTS,)])


def test_facts_that_cannot_be_read_do_not_keep_the_others_back_for_ever(
    kafka: str, service: Database, topic: MakeTopic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts_first, "WAIT_SECONDS_MAX", 1.0)
    facts, events = topic("facts"), topic("events")
    produce(kafka, facts, [(thing(1), envelope(sequence=b"1.2"))])
    produce(kafka, events, [(thing(1000), envelope())])
    decide, of_facts = subscriptions(service, facts, events, TakeThings(service, reader="facts"))
    broken = Subscription(group=of_facts.group, topic=of_facts.topic, use_case=of_facts.use_case, sequenced=True)  # its first record is lost: it stops
    with running(lambda: consumer(kafka, service, decide, broken)):
        eventually(lambda: rows(service, "select count from facts_seen") == [(0,)])
