"""`manage.py build_sprites`: drawn once, imported once. The real drawing and encoder are the demo's."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError

from annotations.models import Dataset
from clarify_errors.arrays.keywords.stored_captions import open_captions
from tests.support.actors import ENCODER
from tests.worker.commands.conftest import Command
from worker.datasets import sprites

pytestmark = pytest.mark.django_db


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch, source: Path) -> list[Path]:
    """Where sprites were drawn. Instead of drawing, the small sprites are copied."""
    folders: list[Path] = []

    def copy(directory: Path, seed: int, progress: Callable[[int, int], None]) -> None:
        folders.append(directory)
        shutil.copytree(source, directory)
        names = sorted(path.name for path in source.glob("*.webp"))
        (directory / "captions.csv").write_text("filename,caption\n" + "".join(f"{name},a shape\n" for name in names))
        progress(196, 196)

    monkeypatch.setattr(sprites, "write_sprites_source", copy)
    monkeypatch.setattr(sprites, "BUNDLED", ENCODER)
    return folders


def test_the_sprites_are_drawn_under_the_data_root_and_imported(
    command: Command, data_root: Path, drawn: list[Path]
) -> None:
    report = command("build_sprites")
    dataset = Dataset.objects.get(name="sprites")
    assert "Imported sprites v1" in report
    assert (dataset.class_names, dataset.attribute_names) == (["square", "oval"], ["blue", "red"])
    captions = open_captions(dataset.files, "what was drawn")
    assert set(captions.captions) == {"a shape"} and "no model has looked" in captions.source["generator"]
    assert (data_root / "sources" / "sprites-0-v3" / "metadata.csv").is_file()


def test_a_second_call_draws_and_imports_nothing(command: Command, data_root: Path, drawn: list[Path]) -> None:
    command("build_sprites")
    assert "Nothing to do" in command("build_sprites")
    assert len(drawn) == 1
    assert Dataset.objects.count() == 1


def test_a_drawing_that_was_killed_is_begun_again(command: Command, data_root: Path, drawn: list[Path]) -> None:
    half = data_root / "sources" / ".partial-sprites-0-v3"
    half.mkdir(parents=True)
    (half / "metadata.csv").write_text("filename,spl")
    assert "196 of 196 listed" in command("build_sprites")
    assert not half.exists()


def test_a_folder_that_cannot_be_written_is_named(command: Command, data_root: Path, drawn: list[Path]) -> None:
    data_root.parent.mkdir(exist_ok=True)
    data_root.write_text("a file in the way")
    with pytest.raises(CommandError, match="cannot be written"):
        command("build_sprites")
