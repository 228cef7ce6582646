"""Captions of the small sprites, written from what is on them, and keywords ranked by the command."""

import csv
from collections.abc import Iterable
from pathlib import Path

from annotations.models import BaseModel, Dataset
from clarify_errors.arrays.datasets.dataset_files import DatasetFiles
from tests.worker.commands.conftest import Command

BACKGROUNDS = ("grey", "plain", "striped")


def captions_of(files: DatasetFiles) -> Iterable[tuple[str, str]]:
    """(file name, caption) of every image."""
    assert files.attributes is not None
    for row, name in enumerate(files.filenames):
        colour, shape = files.attribute_names[files.attributes[row]], files.class_names[files.labels[row]]
        yield name, f"a {colour} {shape} on a {BACKGROUNDS[row % 3]} background"


def caption_file(dataset: Dataset, folder: Path) -> Path:
    file = folder / "captions.csv"
    lines = [f"{name},{caption}\n" for name, caption in captions_of(dataset.files)]
    file.write_text("".join(["filename,caption\n", *lines]))
    return file


def ranked(command: Command, base_model: BaseModel, folder: Path, *more: object) -> str:
    dataset = base_model.dataset
    return command("rank_keywords", dataset.name, "--base-model", base_model.name, "--output", folder, *more)


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "ranked_keywords.csv").open(newline="") as file:
        return list(csv.DictReader(file))
