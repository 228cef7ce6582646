"""A wait for PostgreSQL ends in the web role, also where it never answers."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from clarify_site import web_connections
from clarify_site.web_connections import AnsweringConnection

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[AnsweringConnection]:
    monkeypatch.setattr(web_connections, "STATEMENT_S", 0.3)
    given: dict[str, Any] = connection.get_connection_params()
    with AnsweringConnection.connect(**{**given, "autocommit": True}) as found:
        yield found


def test_a_statement_without_an_answer_is_given_up_with_its_connection(asked: AnsweringConnection) -> None:
    with pytest.raises(psycopg.OperationalError):
        asked.cursor().execute("SELECT pg_sleep(2)")
    assert asked.closed and asked.broken


def test_what_is_answered_in_time_changes_nothing(asked: AnsweringConnection) -> None:
    with pytest.raises(psycopg.errors.QueryCanceled):
        asked.cursor().execute("SET statement_timeout = 50; SELECT pg_sleep(2)")
    assert asked.cursor().execute("SELECT 1").fetchone() == (1,)


def test_the_pools_question_has_less_time(asked: AnsweringConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_connections, "STATEMENT_S", 60)
    monkeypatch.setattr(web_connections, "ASKED_S", 0.3)
    with pytest.raises(psycopg.OperationalError):
        asked.execute("SELECT pg_sleep(2)")
    assert asked.closed
