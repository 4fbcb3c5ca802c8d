"""A service in small, as a process of its own: reads TOPIC_IN, posts what it reads as outgoing rows, publishes them to TOPIC_OUT."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic_settings import SettingsConfigDict

from integration.shared.messaging.conftest import TakeThings, ThingTopic, topic_of, write_things
from loyalty_shared.messaging.subscriptions import Subscription
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.service import TryAgain, run_command
from loyalty_shared.serving import SERVICE_METRICS, Check, Chore, Service, ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SMALL_", frozen=True)


def make_app(checks: Mapping[str, Check], consumers: Callable[[], Sequence[Mapping[str, Any]]]) -> FastAPI:
    app = FastAPI()
    app.get("/checks")(lambda: {name: check() for name, check in checks.items()})
    app.get("/consumers")(consumers)
    return app


def job(entity: str, on: date) -> str:
    match entity:
        case "later":
            raise TryAgain("the day is not complete")
        case "broken":
            raise ZeroDivisionError("a bug")
    return f"did {entity} on {on}"


def build() -> Service:
    settings = Settings()
    database = Database(settings.database_url, application_name="small")
    use_case = TakeThings(database, before=lambda batch, cursor: write_things(cursor, [event.no for event in batch.events], 2) if batch.events else None)
    return Service(
        name="small",
        settings=settings,
        database=database,
        metrics=Metrics(SERVICE_METRICS),
        migrations=Path("migrations-of-small"),
        make_app=make_app,
        subscriptions=[Subscription(group="small.take-things", topic=topic_of(os.environ["TOPIC_IN"], 2), use_case=use_case, sequenced=False)],
        outgoing=[ThingTopic(os.environ["TOPIC_OUT"], 2)],
        chores=[Chore(name="fail", every_seconds=0.05, run=lambda: print(1 / 0))],
        jobs={"do": job},
    )


if __name__ == "__main__":
    sys.exit(run_command("small", build))
