"""The named actors (tests/actors.py) as fixtures."""

import dataclasses
import gc
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpcore2
import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client, override_settings
from django.utils import translation
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser, sync_playwright
from psycopg import sql
from pytest_django.plugin import blocking_manager_key
from redis import Redis

from annotations.data_store.folder_store import FolderStore
from annotations.data_store.stored_files import data_store
from annotations.models import BaseModel, Dataset, EntryVerification, Study
from annotations.services.common import unnamed_files
from annotations.services.common.redis_counters import redis_circuit
from annotations.services.prolific import prolific_client
from annotations.services.queue.worker_wakeup import broker_circuit
from annotations.services.visits import entry_verification
from tests import actors, forked, local_services, under_way
from tests.fake_prolific import FakeProlific
from tests.installed_browser import on_path
from tests.undone import undone

CHROMIUM_FLAGS = [
    "--no-sandbox",  # a test run by root in a container has no sandbox
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",  # it would find an address for what must have none
    # A request to elsewhere fails, and who looks for it is told; to be told of every request costs more than its page.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
# A busy machine makes any example slow.
hypothesis_settings.register_profile("unhurried", deadline=None)
hypothesis_settings.load_profile("unhurried")

FORGET_COUNTERS = "for _, key in ipairs(redis.call('KEYS', 'clarify:*')) do redis.call('DEL', key) end"
COORDINATOR_PASSWORD = "a long password for tests"
Committed = Callable[[], AbstractContextManager[None]]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported stays: a full collection would walk over all of it, for an eighth of a run's processor time."""
    gc.disable()
    collected = yield
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()
    return collected


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Migrate once, where several processes begin with what is made here."""
    if local_services.is_handed_on:
        database: Any = connection
        with session.config.stash[blocking_manager_key].unblock():
            name = database.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            database.close()
            database.close_pool()
        local_services.hand_on(name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None, object, object]:
    """A request activates its language for its thread, which here is the one of the next test."""
    try:
        return (yield)
    finally:
        translation.deactivate()


def pytest_sessionfinish() -> None:
    forked.end()


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the run cost beside its slowest tests: on a busy machine only processor time can be compared."""
    used = os.times()
    seconds = used.user + used.system + used.children_user + used.children_system
    terminalreporter.write_line(f"The tests and all that they started took {seconds:.0f} s of processor time.")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Name the test database after PYTEST_DB_SUFFIX, so that two runs on one server do not meet."""
    suffix = os.environ.get("PYTEST_DB_SUFFIX")
    if suffix:
        process = os.environ.get("PYTEST_XDIST_WORKER", "")
        connection.settings_dict["TEST"]["NAME"] = f"test_clarify_{suffix.lower()}{process}"


STORING = {"committed", "rows_of_the_module"}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a test whose module stores rows have the tests' database, also where it is run alone and uses none itself.

    Let those come last that report to Sentry: its hooks stay in the process, around each query and request.
    """
    items.sort(key=lambda item: "sentry" in getattr(item, "fixturenames", ()))
    for item in items:
        stores = isinstance(item, pytest.Function) and STORING & {*item.fixturenames}
        if stores and item.get_closest_marker("django_db") is None:
            item.add_marker(pytest.mark.django_db)


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_test_environment: None) -> None:
    """Take the database that was migrated for this process; where there is none, pytest-django makes it.

    Refuse to store, and to empty, what is in the database that DATABASE_URL names.
    """
    if local_services.migrated:
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = local_services.migrated
    else:
        request.getfixturevalue("django_db_setup")
    name = str(connection.settings_dict["NAME"])
    assert name.startswith("test_"), f"none of the tests is marked django_db, so {name} would be written to"


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_found_when_asked_for() -> Iterator[None]:
    """Every test client begins with the site's middleware, which would list each static file anew."""
    with override_settings(WHITENOISE_AUTOREFRESH=True):
        yield


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


@pytest.fixture(scope="session")
def _redis_of_the_tests() -> Redis:
    client: Redis = Redis.from_url(os.environ["REDIS_URL"])
    return client


@pytest.fixture(autouse=True)
def _no_test_before_is_remembered(_redis_of_the_tests: Redis) -> Iterator[None]:
    """A message sent a moment ago would not be sent again, a Redis taken away not be asked, a network be full.

    Nor is this one, by what the next module stores before its tests.
    """

    def forget() -> None:
        for circuit in (redis_circuit, broker_circuit, prolific_client.prolific_circuit):
            circuit.close()
        _redis_of_the_tests.eval(FORGET_COUNTERS, 0)

    forget()
    yield
    forget()


@pytest.fixture(scope="session", autouse=True)
def _certificates_are_read_once() -> Iterator[None]:
    """Each HTTP client would read all of the machine's, though what it calls here speaks no TLS."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(httpcore2, "default_ssl_context", cache(httpcore2.default_ssl_context))
        yield


@pytest.fixture(autouse=True)
def _no_request_is_under_way_when_the_database_is_emptied(request: pytest.FixtureRequest) -> Iterator[None]:
    """A page that was closed may have asked for something a moment before."""
    if "live_server" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")  # it is emptied after this fixture ends
    with under_way.counted() as requests:
        yield
        requests.wait_until_idle()


@pytest.fixture(scope="session")
def sprites_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the small data set, written once, under a DATA_ROOT of this run."""
    return actors.write_sprites(Path(settings.DATA_ROOT))


@pytest.fixture
def own_store(db: None, tmp_path: Path, settings: Any) -> FolderStore:
    """A data store of this test's own, with the files that rows name when it is made: ask for it last."""
    files = [bytes(data_store().read(digest)) for digest in unnamed_files.named()]
    settings.DATA_STORE = tmp_path / "contents"
    for content in files:
        data_store().put(content)
    return FolderStore(settings.DATA_STORE)


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


ACTORS = ("open_study", "alice", "bob")  # in the order in which they are stored
# A test that asks for one of these begins with rows of its own, and so do all of a module that replaces one of those.
ALONE = {"transactional_db", "live_server", "committed", "draft_study", "stored_study", "own_actors"}
REPLACED = {"sprites_like", "base_model", "draft_study", *ACTORS}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let the tests of a module that begin with the same actors begin with the same rows (`stored_actors`)."""
    asked = {*metafunc.fixturenames}
    database = metafunc.definition.get_closest_marker("django_db")
    empties = database is not None and database.kwargs.get("transaction")
    names = " ".join(name for name in ACTORS if name in asked)
    # What a module stores itself would be stored within what its tests share, and be gone with that.
    of_the_module = any(name.startswith("stored_") for name in asked - {"stored_base_model", "stored_actors"})
    if names and not (empties or of_the_module or asked & ALONE or {*vars(metafunc.module)} & REPLACED):
        metafunc.parametrize("stored_actors", [names], ids=[pytest.HIDDEN_PARAM], indirect=True, scope="module")


@pytest.fixture
def own_actors() -> None:
    """For a test whose actors are as their log says. That a stored visit's clock begins anew is not in the log."""


@dataclasses.dataclass(frozen=True)
class StoredActors:
    """What the tests of a module begin with that begin with the same."""

    base_model: BaseModel
    study: Study
    visits: dict[str, actors.Visit]


@pytest.fixture(scope="module", autouse=True)
def stored_actors(request: pytest.FixtureRequest) -> Iterator[StoredActors | None]:
    """The actors of the tests that are next, and of no others: pytest runs those together that begin with the same.

    Each test takes back what it does itself.
    """
    names = getattr(request, "param", "").split()
    if not names:
        yield None
        return
    request.getfixturevalue("django_db_setup")
    stored = "stored_base_model" in request.fixturenames and request.getfixturevalue("stored_base_model")
    directory = request.getfixturevalue("sprites_directory")
    with request.getfixturevalue("django_db_blocker").unblock(), undone():
        base_model = stored or actors.store_base_model(actors.store_dataset(directory))
        study = actors.open_study(actors.create_study(base_model))
        visits = {name: actors.start_visit(study, name) for name in names if name != "open_study"}
        yield StoredActors(base_model, study, visits)


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


@pytest.fixture(scope="module")
def stored_base_model(rows_of_the_module: None, sprites_directory: Path) -> BaseModel:
    """The base model of a module that stores once what many of its tests read: `usefixtures("stored_base_model")`.

    Then `sprites_like` and `base_model` are the stored ones for all of its tests, as a data set is there once.
    """
    return actors.store_base_model(actors.store_dataset(sprites_directory))


@pytest.fixture(scope="module")
def stored_study(stored_base_model: BaseModel) -> Study:
    """The open study of such a module: `open_study` is this one."""
    return actors.open_study(actors.create_study(stored_base_model))


@pytest.fixture(scope="module")
def stored_alice(stored_study: Study) -> actors.Visit:
    """Of such a module: `alice` is this visit, and its clock has just begun to run."""
    return actors.start_visit(stored_study, "alice")


@pytest.fixture(scope="module")
def stored_bob(stored_study: Study) -> actors.Visit:
    """Of such a module: `bob` is this visit."""
    return actors.start_visit(stored_study, "bob")


@pytest.fixture
def sprites_like(
    db: None, sprites_directory: Path, stored_actors: StoredActors | None, request: pytest.FixtureRequest
) -> Dataset:
    """96 validation and test images of squares and ovals, 100 in train; encoder `python:tests.fake_encoder`."""
    if stored_actors:
        return Dataset.objects.get(pk=stored_actors.base_model.dataset_id)
    if "stored_base_model" in request.fixturenames:
        return Dataset.objects.get(pk=request.getfixturevalue("stored_base_model").dataset_id)
    return actors.store_dataset(sprites_directory)


@pytest.fixture
def base_model(sprites_like: Dataset, stored_actors: StoredActors | None, request: pytest.FixtureRequest) -> BaseModel:
    """Goes by colour: 9 of 24 squares in validation are wrong, all red. "red" scores .87, "blue" 0 (no threshold)."""
    if stored_actors:
        return BaseModel.objects.get(pk=stored_actors.base_model.pk)
    if "stored_base_model" in request.fixturenames:
        return BaseModel.objects.get(pk=request.getfixturevalue("stored_base_model").pk)
    return actors.store_base_model(sprites_like)


@pytest.fixture
def draft_study(base_model: BaseModel) -> Study:
    """Not open yet; one task on squares."""
    return actors.create_study(base_model)


@pytest.fixture
def open_study(db: None, stored_actors: StoredActors | None, request: pytest.FixtureRequest) -> Study:
    """Open, with a frozen configuration."""
    if stored_actors:
        return Study.objects.get(pk=stored_actors.study.pk)
    if "stored_study" in request.fixturenames:
        return Study.objects.get(pk=request.getfixturevalue("stored_study").pk)
    return actors.open_study(request.getfixturevalue("draft_study"))


@pytest.fixture
def no_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    """An export reads in a transaction of its own, which there cannot be within that of stored rows."""
    monkeypatch.setattr("annotations.exports.releases.study_export.snapshot", nullcontext)


@pytest.fixture
def vouched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prolific vouches for everybody who comes by a link, so no place is held for less time, and none kept free."""
    monkeypatch.setattr(entry_verification, "verification_of", lambda *_link: EntryVerification.CONFIRMED)


@pytest.fixture
def alice(open_study: Study, stored_actors: StoredActors | None, request: pytest.FixtureRequest) -> actors.Visit:
    """In the middle of her first task."""
    return _visit(open_study, "alice", stored_actors, request)


@pytest.fixture
def bob(open_study: Study, stored_actors: StoredActors | None, request: pytest.FixtureRequest) -> actors.Visit:
    """Another participant of the same study, in the middle of his."""
    return _visit(open_study, "bob", stored_actors, request)


def _visit(study: Study, name: str, stored: StoredActors | None, request: pytest.FixtureRequest) -> actors.Visit:
    if stored and name in stored.visits:
        visit = stored.visits[name]
    elif f"stored_{name}" in request.fixturenames:
        visit = request.getfixturevalue(f"stored_{name}")
    else:
        return actors.start_visit(study, name)
    visit = actors.again(visit, study)
    actors.restart_clock(visit.assignment)
    return visit


@pytest.fixture
def coordinator(db: None) -> User:
    """Runs studies; the password is COORDINATOR_PASSWORD."""
    return User.objects.create(username="coordinator", password=_hashed(), is_staff=True, is_superuser=True)


@cache
def _hashed() -> str:
    """A hash takes as long as it should: once a process is enough."""
    return make_password(COORDINATOR_PASSWORD)


@pytest.fixture
def coordinator_client(coordinator: User) -> Client:
    client = Client()
    client.force_login(coordinator)
    return client


@pytest.fixture
def prolific(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeProlific]:
    """A Prolific of the test's own, and a site that has its token and its secret."""
    restless = dataclasses.replace(prolific_client.PATIENCE, sleep=lambda seconds: None)
    monkeypatch.setattr(prolific_client, "PATIENCE", restless)
    with FakeProlific() as fake:
        settings.PROLIFIC_API, settings.PROLIFIC_TOKEN = fake.api, fake.token
        settings.PROLIFIC_JWKS_URL, settings.PROLIFIC_WEBHOOK_SECRET = fake.jwks_url, fake.hook_secret
        settings.SITE_URL = "https://testserver"
        yield fake


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The one browser of the run: a second Playwright in this thread would not start."""
    # Playwright's loop runs in this thread from now on, and Django would take every query for one inside of it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=on_path(), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


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
    }
