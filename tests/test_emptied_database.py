"""How the database is emptied after a test that commits (tests/support/own_database.py)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db import connection


@pytest.mark.django_db(transaction=True)
def test_whichever_connection_empties_the_database_djangos_own_rows_stay() -> None:
    """With Chromium's start a process gets another connection, and each thread has one of its own."""
    User.objects.create(username="ann")
    before = set(Permission.objects.values_list("pk", flat=True))

    def empty() -> None:
        call_command("flush", verbosity=0, interactive=False, reset_sequences=False)
        connection.close()

    with ThreadPoolExecutor(1) as another:
        another.submit(empty).result()
    assert not User.objects.exists()
    assert before and set(Permission.objects.values_list("pk", flat=True)) == before
