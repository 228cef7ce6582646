"""Actors that are stored once, for the tests of a module that begin with the same ones."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from annotations.models import BaseModel, Study
from tests.support import actors
from tests.support.undone import undone

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
