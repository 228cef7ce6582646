"""`manage.py describe_dataset`: a data set as catalogues and loaders read it."""

from pathlib import Path

import mlcroissant
import pytest
from django.core.management import CommandError

from annotations.models import BaseModel
from tests.worker.commands.conftest import Command


def test_mlcroissant_reads_every_image_with_its_class(base_model: BaseModel, command: Command, tmp_path: Path) -> None:
    dataset = base_model.dataset
    assert "croissant.json" in command("describe_dataset", dataset.name, tmp_path / "described")
    read = mlcroissant.Dataset(jsonld=tmp_path / "described" / "croissant.json")
    assert not read.metadata.ctx.issues.errors
    rows = list(read.records("images"))
    assert [row["images/filename"].decode() for row in rows] == list(dataset.files.filenames)
    assert [row["images/class"].decode() for row in rows] == [dataset.class_names[i] for i in dataset.files.labels]


def test_an_unknown_data_set_is_told_in_a_sentence(db: None, command: Command, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nothing"):
        command("describe_dataset", "nothing", tmp_path)
