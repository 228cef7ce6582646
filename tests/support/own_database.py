"""The database of this process: made once, emptied row by row, and given back as it was."""

import gc
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from psycopg import sql
from pytest_django.plugin import blocking_manager_key

from tests.support import local_services
from tests.support.undone import undone

Committed = Callable[[], AbstractContextManager[None]]
STORING = {"committed", "rows_of_the_module"}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Name the test database after PYTEST_DB_SUFFIX, so that two runs on one server do not meet."""
    suffix = os.environ.get("PYTEST_DB_SUFFIX")
    if suffix:
        process = os.environ.get("PYTEST_XDIST_WORKER", "")
        connection.settings_dict["TEST"]["NAME"] = f"test_clarify_{suffix.lower()}{process}"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Migrate once, where several processes begin with what is made here."""
    if local_services.is_handed_on:
        database: Any = connection
        with session.config.stash[blocking_manager_key].unblock(), _no_collection():
            name = database.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            database.close()
            database.close_pool()
        local_services.hand_on(name)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Of the classes that each migration makes of all models: collections walk over them for a third of its time."""
    gc.disable()
    yield
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a test whose module stores rows have the tests' database, also where it is run alone and uses none itself."""
    for item in items:
        stores = isinstance(item, pytest.Function) and STORING & {*item.fixturenames}
        if stores and item.get_closest_marker("django_db") is None:
            item.add_marker(pytest.mark.django_db)


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_test_environment: None) -> None:
    """Take the database that was migrated for this process; where there is none, pytest-django makes it.

    Refuse to store, and to empty, what is in the database that DATABASE_URL names.
    """
    # However long a busy machine takes: a test that computes keeps its rows, and of several people each has the lock.
    connection.settings_dict["OPTIONS"]["options"] += " -c idle_in_transaction_session_timeout=0 -c lock_timeout=20s"
    if local_services.migrated:
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = local_services.migrated
    else:
        with _no_collection():
            request.getfixturevalue("django_db_setup")
    name = str(connection.settings_dict["NAME"])
    assert name.startswith("test_"), f"none of the tests is marked django_db, so {name} would be written to"


@pytest.fixture(scope="session", autouse=True)
def _tables_are_emptied_row_by_row() -> Iterator[None]:
    """TRUNCATE makes the files of all tables and indexes anew, which takes longer than most tests that need it.

    Django's own rows of content types and permissions stay, so it need not store them again. For each connection: once
    Chromium was started, this thread has another one.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(DatabaseOperations, "sql_flush", _emptied)
        yield


def _emptied(operations: DatabaseOperations, style: object, tables: Iterable[str], **options: bool) -> list[str]:
    """Empty the tables of which the command `flush` asks how; return that there is nothing left to do."""
    names = sorted({*tables} - {"django_content_type", "auth_permission"})
    statements = [sql.SQL("DELETE FROM {};").format(sql.Identifier(name)) for name in names]
    with transaction.atomic(), operations.connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no trigger guards a row, no key another one
        cursor.execute(sql.SQL("").join(statements))
    return []


@pytest.fixture(scope="module")
def rows_of_the_module(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """What fixtures of the module store after this one is there for each of its tests, and gone after the last.

    Each test takes back what it does itself. Not for a module with tests that empty the database.
    """
    with django_db_blocker.unblock():
        has_begun = connection.in_atomic_block
        assert not has_begun, 'A test has begun, and what it stores would stay: usefixtures("stored_base_model").'
        with undone():
            yield


@pytest.fixture(scope="session")
def committed(django_db_setup: None, django_db_blocker: Any) -> Committed:
    """A block whose rows are committed, as a release needs them; at its end the database is empty.

    For a fixture of a module. Where its tests do not empty the database themselves, the block may last as long as they.
    """

    @contextmanager
    def block() -> Iterator[None]:
        with django_db_blocker.unblock():
            try:
                yield
            finally:
                call_command("flush", verbosity=0, interactive=False, reset_sequences=False)

    return block


@pytest.fixture
def no_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    """An export reads in a transaction of its own, which there cannot be within that of stored rows."""
    monkeypatch.setattr("annotations.releases.study_export.snapshot", nullcontext)


@pytest.fixture
def subprocess_environment(transactional_db: None) -> Iterator[dict[str, str]]:
    """The environment of a process that shall work on the test database, such as a real worker."""
    name = str(connection.settings_dict["NAME"])
    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
    yield {
        **os.environ,
        "DATABASE_URL": url,
        "DATA_ROOT": str(settings.DATA_ROOT),
        "DATA_STORE": str(settings.DATA_STORE),
        "WITHDRAWALS_ROOT": str(settings.WITHDRAWALS_ROOT),
    }
