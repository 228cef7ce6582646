"""The named actors (tests/support/actors.py) as fixtures."""

import dataclasses
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from annotations.base import unnamed_files
from annotations.base.data_store.folder_store import FolderStore
from annotations.base.data_store.stored_files import data_store
from annotations.models import BaseModel, Dataset, EntryVerification, Study
from annotations.prolific import site_client as prolific_client
from annotations.prolific_client.prolific_errors import Patience
from annotations.visits import entry_verification
from tests.fake_prolific import FakeProlific
from tests.support import actors
from tests.support.stored_actors import StoredActors

COORDINATOR_PASSWORD = "a long password for tests"


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


@pytest.fixture
def own_actors() -> None:
    """For a test whose actors are as their log says. That a stored visit's clock begins anew is not in the log."""


@pytest.fixture
def sprites_like(
    db: None, sprites_directory: Path, stored_actors: StoredActors | None, request: pytest.FixtureRequest
) -> Dataset:
    """96 validation and test images of squares and ovals, 100 in train; encoder `python:tests.support.fake_encoder`."""
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
def vouched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prolific vouches for everybody who comes by a link, so no place is held for less time, and none kept free."""
    monkeypatch.setattr(entry_verification, "verification_of", lambda *_link: EntryVerification.CONFIRMED)


@pytest.fixture
def stopped_clock() -> Iterator[None]:
    """No time passes. A test asks for it first, so that the clocks of its people begin now."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


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
    restless = dataclasses.replace(prolific_client.PATIENT, sleep=lambda seconds: None)
    monkeypatch.setattr(prolific_client, "PATIENT", restless)
    # A busy machine's answer may take that long.
    monkeypatch.setattr(prolific_client, "HURRIED", Patience(tries=1, connect=60.0, answer=60.0))
    with FakeProlific() as fake:
        settings.PROLIFIC_API, settings.PROLIFIC_TOKEN = fake.api, fake.token
        settings.PROLIFIC_JWKS_URL, settings.PROLIFIC_WEBHOOK_SECRET = fake.jwks_url, fake.hook_secret
        settings.SITE_URL = "https://testserver"
        yield fake
