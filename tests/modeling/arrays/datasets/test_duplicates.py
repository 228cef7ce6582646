import csv
from pathlib import Path

import pytest

from clarify_errors.arrays.datasets.dataset_files import open_dataset
from clarify_errors.arrays.datasets.importing.import_errors import ImageInTwoSplits
from clarify_errors.arrays.datasets.importing.sources import read_source
from tests.modeling.arrays.datasets.conftest import Import
from tests.modeling.arrays.datasets.folders import write_image
from tests.modeling.arrays.datasets.pixel_encoder import PixelEncoder


def report(directory: Path) -> list[tuple[str, str, str]]:
    with (directory / "report.csv").open(encoding="utf-8", newline="") as stream:
        return [(line["filename"], line["reason"], line["detail"]) for line in csv.DictReader(stream)]


def test_the_first_of_equal_images_stays(tmp_path: Path, import_to: Import) -> None:
    for name in ("train/dog/b.png", "train/dog/a.png"):
        write_image(tmp_path / "photos" / name, 1)
    directory = import_to(read_source("imagefolder", tmp_path / "photos"))
    assert open_dataset(directory).filenames == ("train/dog/a.png",)
    assert report(directory) == [("train/dog/b.png", "duplicate", "the same image as train/dog/a.png")]


def test_an_image_of_two_classes_is_left_out_altogether(tmp_path: Path, import_to: Import) -> None:
    write_image(tmp_path / "photos" / "train/dog/a.png", 1)
    write_image(tmp_path / "photos" / "train/horse/b.png", 1)
    write_image(tmp_path / "photos" / "train/horse/c.png", 2)
    directory = import_to(read_source("imagefolder", tmp_path / "photos"))
    assert open_dataset(directory).filenames == ("train/horse/c.png",)
    detail = "train/dog/a.png and train/horse/b.png are the same image with different classes or groups"
    assert report(directory) == [
        ("train/dog/a.png", "conflicting", detail),
        ("train/horse/b.png", "conflicting", detail),
    ]


def test_an_image_in_two_splits_stops_the_import_and_both_are_named(
    tmp_path: Path, import_to: Import, encoder: PixelEncoder
) -> None:
    for split in ("train", "test"):
        write_image(tmp_path / "photos" / split / "dog" / "a.png", 1)
        write_image(tmp_path / "photos" / split / "horse" / "b.png", 2)
    with pytest.raises(ImageInTwoSplits) as raised:
        import_to(read_source("imagefolder", tmp_path / "photos"))
    assert str(raised.value) == (
        "the same image is in two splits: train/dog/a.png (train) and test/dog/a.png (test); 1 more as well"
    )
    assert encoder.n_encoded == 0


def test_equal_files_that_are_no_images_are_not_in_two_splits(tmp_path: Path, import_to: Import) -> None:
    write_image(tmp_path / "photos" / "train" / "dog" / "a.png", 1)
    for split in ("train", "test"):
        empty = tmp_path / "photos" / split / "dog" / "empty.png"
        empty.parent.mkdir(parents=True, exist_ok=True)
        empty.touch()
    directory = import_to(read_source("imagefolder", tmp_path / "photos"))
    assert [line[:2] for line in report(directory)] == [
        ("test/dog/empty.png", "unreadable"),
        ("train/dog/empty.png", "unreadable"),
    ]
