"""The world that the modules of this folder ask about."""

from pathlib import Path

import pytest

from tests.access.world import World, build


@pytest.fixture(scope="module")
def world(rows_of_the_module: None, sprites_directory: Path) -> World:
    """One study with two people in it, another one, and somebody of each kind: built once, and never changed."""
    return build(sprites_directory)
