"""The named actors (tests/actors.py) as fixtures."""

import dataclasses
import gc
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, override_settings
from django.utils import translation
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser, sync_playwright

from annotations.models import BaseModel, Dataset, EntryVerification, Study
from annotations.services.prolific import prolific_client
from annotations.services.visits import entry_verification
from tests import actors, under_way
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
]
# A busy machine makes any example slow.
hypothesis_settings.register_profile("unhurried", deadline=None)
hypothesis_settings.load_profile("unhurried")

COORDINATOR_PASSWORD = "a long password for tests"


def pytest_collection_finish() -> None:
    """What was imported stays: a full collection would walk over all of it, for an eighth of a run's processor time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


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


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_found_when_asked_for() -> Iterator[None]:
    """Every test client begins with the site's middleware, which would list each static file anew."""
    with override_settings(WHITENOISE_AUTOREFRESH=True):
        yield


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    """A request activates its language for its thread, which here is the one of the next test."""
    yield
    translation.deactivate()


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


@pytest.fixture(scope="module")
def rows_of_the_module(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """What fixtures of the module store after this one is there for each of its tests, and gone after the last.

    Each test takes back what it does itself. Not for a module with tests that empty the database.
    """
    with django_db_blocker.unblock(), undone():
        yield


@pytest.fixture
def sprites_like(db: None, sprites_directory: Path) -> Dataset:
    """96 validation and test images of squares and ovals, 100 in train; encoder `python:tests.fake_encoder`."""
    return actors.store_dataset(sprites_directory)


@pytest.fixture
def base_model(sprites_like: Dataset) -> BaseModel:
    """Goes by colour: 9 of 24 squares in validation are wrong, all red. "red" scores .87, "blue" 0 (no threshold)."""
    return actors.store_base_model(sprites_like)


@pytest.fixture
def draft_study(base_model: BaseModel) -> Study:
    """Not open yet; one task on squares."""
    return actors.create_study(base_model)


@pytest.fixture
def open_study(draft_study: Study) -> Study:
    """Open, with a frozen configuration."""
    return actors.open_study(draft_study)


@pytest.fixture
def vouched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prolific vouches for everybody who comes by a link, so no place is held for less time, and none kept free."""
    monkeypatch.setattr(entry_verification, "verification_of", lambda *_link: EntryVerification.CONFIRMED)


@pytest.fixture
def alice(open_study: Study) -> actors.Visit:
    """In the middle of her first task."""
    return actors.start_visit(open_study, "alice")


@pytest.fixture
def bob(open_study: Study) -> actors.Visit:
    """Another participant of the same study, in the middle of his."""
    return actors.start_visit(open_study, "bob")


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
    prolific_client.prolific_circuit.close()
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
    yield {**os.environ, "DATABASE_URL": url, "DATA_ROOT": str(settings.DATA_ROOT)}
