"""Servers that somebody else runs (here: the session's), named by the environment."""

from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

from nanzhu_local.external import ExternalKafka, ExternalPostgres
from nanzhu_local.failures import PlatformFailure
from nanzhu_local.platform import LocalPlatform

NAME = "test_external_service"


def test_a_missing_database_is_made_once_and_kept(postgres_server: str) -> None:
    server = ExternalPostgres(postgres_server)
    server.require_reachable()
    url = server.database(NAME)
    try:
        assert server.database(NAME) == url
        connection = psycopg2.connect(url)
        assert connection.info.dbname == NAME
        connection.close()
    finally:
        admin = psycopg2.connect(postgres_server)
        admin.autocommit = True
        admin.cursor().execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(NAME)))
        admin.close()


def test_the_environment_replaces_the_embedded_servers(kafka: str, postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)
    monkeypatch.setenv("DATABASE_URL", postgres_server)
    platform = LocalPlatform(tmp_path / "run")
    platform.up_infrastructure()
    assert (platform.kafka, platform.database_server) == (kafka, postgres_server)
    assert not list((tmp_path / "run" / "pids").iterdir())
    with pytest.raises(PlatformFailure, match="kafka is external"):
        platform.kill9("kafka")


def test_a_server_that_does_not_answer_is_named_with_its_variable() -> None:
    with pytest.raises(PlatformFailure, match="KAFKA_BOOTSTRAP_SERVERS"):
        ExternalKafka("127.0.0.1:1").require_reachable()
    with pytest.raises(PlatformFailure, match="DATABASE_URL"):
        ExternalPostgres("postgresql://nobody@127.0.0.1:1/none").require_reachable()
