"""The world that the modules of this folder ask about."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.access.world import World, build


@pytest.fixture(scope="module")
def world(rows_of_the_module: None, sprites_directory: Path) -> World:
    """One study with two people in it, another one, and somebody of each kind: built once, and never changed."""
    return build(sprites_directory)


@pytest.fixture
def no_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    """An export reads in a transaction of its own, which there cannot be within the world's."""
    monkeypatch.setattr("annotations.exports.releases.study_export.snapshot", nullcontext)
