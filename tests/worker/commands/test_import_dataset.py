"""`manage.py import_dataset`: a folder of images becomes a data set, or one sentence says why not."""

import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.test import override_settings

from annotations.models import Dataset
from clarify_errors.arrays.datasets.dataset_files import verify
from tests.support.actors import ENCODER
from tests.worker.commands.conftest import AS_CSV, Command

pytestmark = pytest.mark.django_db


@pytest.fixture
def imported(command: Command, data_root: Path, source: Path) -> Dataset:
    command("import_dataset", "mine", source, *AS_CSV)
    return Dataset.objects.get(name="mine")


def test_a_folder_becomes_a_data_set_and_the_report_says_what_is_in_it(
    command: Command, data_root: Path, source: Path
) -> None:
    report = command("import_dataset", "mine", source, *AS_CSV)
    dataset = Dataset.objects.get()
    verify(dataset.files.directory)
    assert str(dataset) == "mine v1"
    assert dataset.class_names == ["square", "oval"]
    assert dataset.similarity_encoder == dataset.feature_encoder == ENCODER
    assert "Imported mine v1" in report
    assert "Images: 196 of 196 listed" in report
    assert "train: 100 (square, blue 40, square, red 10, oval, blue 10, oval, red 40)" in report
    assert "Left out" not in report
    assert str(dataset.files.directory) in report
    assert dataset.files.directory.is_relative_to(data_root)


def test_the_languages_of_an_encoder_are_kept_with_the_data_set(
    command: Command, data_root: Path, source: Path
) -> None:
    command("import_dataset", "mine", source, *AS_CSV, "--similarity-encoder", "python:tests.support.german_encoder")
    dataset = Dataset.objects.get()
    assert dataset.phrase_languages == ["en", "de"]


def test_images_that_cannot_be_used_are_counted_by_reason_and_listed_in_a_file(
    command: Command, data_root: Path, source: Path
) -> None:
    images = sorted(source.glob("square-blue-train-*.webp"))
    images[0].write_bytes(images[0].read_bytes()[:60])
    shutil.copy(images[1], images[2])
    report = command("import_dataset", "mine", source, *AS_CSV)
    assert "Images: 194 of 196 listed" in report
    assert "Left out: 1 duplicate, 1 truncated" in report
    listed = (Dataset.objects.get().files.directory / "report.csv").read_text()
    assert images[0].name in listed
    assert images[2].name in listed


def test_the_same_again_says_that_there_is_nothing_to_do(imported: Dataset, command: Command, source: Path) -> None:
    report = command("import_dataset", "mine", source, *AS_CSV)
    assert "Nothing to do: already imported as mine v1" in report
    assert Dataset.objects.get() == imported


def test_another_secret_key_gives_thumbnails_other_names(imported: Dataset, command: Command, source: Path) -> None:
    with override_settings(SECRET_KEY="another secret key, for this test alone, and as long as one must be"):
        command("import_dataset", "theirs", source, *AS_CSV)
    theirs = Dataset.objects.get(name="theirs")
    assert not set(theirs.files.image_keys) & set(imported.files.image_keys)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mine", "{source}", "--format", "csv", "--similarity-encoder", "python:no_such_module"], "no_such_module"),
        (["mine", "{source}", "--format", "csv", "--similarity-encoder", "nonsense"], "names no encoder"),
        (["mine", "{source}/none", "--format", "csv", "--similarity-encoder", ENCODER], "no such file or folder"),
        (["mine", "{source}", "--format", "celeba", "--similarity-encoder", ENCODER], "img_align_celeba"),
        (["mine", "{source}", "--format", "zip", "--similarity-encoder", ENCODER], "invalid choice"),
        (["../mine", "{source}", "--format", "csv", "--similarity-encoder", ENCODER], "cannot name a data set"),
        (
            ["mine", "{source}", "--format", "csv", "--similarity-encoder", ENCODER, "--class-names", "square,"],
            "names separated by commas",
        ),
        (
            ["mine", "{source}", "--format", "csv", "--similarity-encoder", ENCODER, "--class-names", "cat,dog"],
            "class is 'square'",
        ),
    ],
)
def test_what_cannot_be_imported_is_refused_in_one_sentence(
    command: Command, data_root: Path, source: Path, arguments: list[str], message: str
) -> None:
    with pytest.raises(CommandError, match=message) as refused:
        command("import_dataset", *(argument.format(source=source) for argument in arguments))
    assert "\n" not in str(refused.value)
    assert not Dataset.objects.exists()
