"""`manage.py import_predictions`: the command around the service."""

from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError

from annotations.models import BaseModel, Dataset
from clarify_errors.arrays.datasets.dataset_files import Split
from tests.worker.commands.conftest import Command


@pytest.fixture
def file(sprites_like: Dataset, tmp_path: Path) -> Path:
    """Everything is a square."""
    files = sprites_like.files
    rows = np.flatnonzero(files.splits != Split.TRAIN)
    lines = [f"{files.filenames[row]},{Split(files.splits[row]).word},square\n" for row in rows]
    path = tmp_path / "predictions.csv"
    path.write_text("image,split,predicted\n" + "".join(lines))
    return path


def test_predictions_are_stored_and_the_report_says_how_good_they_are(
    sprites_like: Dataset, command: Command, file: Path
) -> None:
    report = command("import_predictions", "sprites-like", file, "--name", "resnet", "--l2", "0.5")
    assert BaseModel.objects.get(name="resnet").l2 == 0.5
    assert "Stored resnet on sprites-like v1" in report
    assert "Accuracy on validation: square 1.000; oval 0.000" in report
    assert "default target: oval" in report
    assert "Nothing to do" in command("import_predictions", "sprites-like", file, "--name", "resnet", "--l2", "0.5")


def test_missing_images_are_refused_unless_allowed(sprites_like: Dataset, command: Command, file: Path) -> None:
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:-1]))
    with pytest.raises(CommandError, match="1 validation or test images have no prediction"):
        command("import_predictions", "sprites-like", file, "--name", "resnet")
    report = command("import_predictions", "sprites-like", file, "--name", "resnet", "--allow-missing")
    assert "1 validation or test images have no prediction and are not shown" in report
