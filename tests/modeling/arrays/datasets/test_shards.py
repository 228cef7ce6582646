"""Samples of WebDataset, unpacked: which split, class and image each has."""

import json
from pathlib import Path

import pytest

from modeling.arrays.datasets.dataset_files import Split
from modeling.arrays.datasets.importing.import_errors import BadSource
from modeling.arrays.datasets.importing.sources import read_source
from tests.modeling.arrays.datasets.folders import write_image


def sample(shard: Path, key: str, said: str) -> None:
    write_image(shard / f"{key}.jpg", 1)  # which image it is does not matter here
    (shard / f"{key}.cls").write_text(f"{said}\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "shards"
    for label in range(2):
        sample(folder / "pets-train-000000", f"{label}", str(label))
        sample(folder / "pets-val-000000", f"{label}", str(label))
        sample(folder / "test" / "000000", f"{label}", str(label))
    return folder


def test_a_folder_or_a_word_of_the_shards_name_is_the_split(root: Path) -> None:
    source = read_source("shards", root, class_names=["cat", "dog"])
    assert source.class_names == ("cat", "dog")
    found = {(image.filename, image.split, image.label) for image in source.images}
    assert ("pets-train-000000/1.jpg", Split.TRAIN, 1) in found
    assert ("pets-val-000000/0.jpg", Split.VALIDATION, 0) in found
    assert ("test/000000/1.jpg", Split.TEST, 1) in found
    assert len(found) == 6


def test_numbers_are_the_names_where_no_others_are_given(root: Path) -> None:
    assert read_source("shards", root).class_names == ("0", "1")


def test_json_may_name_the_class(root: Path) -> None:
    for path in root.rglob("*.cls"):
        label = int(path.read_text())
        path.unlink()
        path.with_suffix(".json").write_text(json.dumps({"label": ["cat", "dog"][label], "width": 24}))
    source = read_source("shards", root)
    assert source.class_names == ("cat", "dog")
    assert {image.label for image in source.images if image.filename.endswith("1.jpg")} == {1}


def test_a_shard_without_a_split_is_named(root: Path) -> None:
    sample(root / "pets-000001", "a", "0")
    with pytest.raises(BadSource, match="pets-000001: the shard's name must have one of the words train, validation"):
        read_source("shards", root)


def test_a_shard_of_two_splits_is_refused(root: Path) -> None:
    sample(root / "train-test-0", "a", "0")
    with pytest.raises(BadSource, match="train-test-0: the shard's name must have one of"):
        read_source("shards", root)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("0.cls", None, "pets-train-000000/0: this sample has no class"),
        ("0.jpg", None, "pets-train-000000/0: this sample has 0 images"),
        ("0.png", b"", "this sample has 2 images"),
        ("0.cls", b"7", "its classes are the numbers 0 to 7 with gaps: give the class names"),
        ("0.cls", b"\xff", "the class of this sample cannot be read"),
    ],
)
def test_a_sample_that_is_not_whole_is_named(root: Path, file: str, content: bytes | None, message: str) -> None:
    path = root / "pets-train-000000" / file
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    with pytest.raises(BadSource, match=message):
        read_source("shards", root)


@pytest.mark.parametrize("content", ["{", "[]", '{"label": true}', '{"label": null}', '{"other": 1}', '{"cls": ""}'])
def test_json_without_a_class_is_refused(root: Path, content: str) -> None:
    path = root / "pets-train-000000" / "0.cls"
    path.unlink()
    path.with_suffix(".json").write_text(content)
    with pytest.raises(BadSource, match="pets-train-000000/0: "):
        read_source("shards", root)


def test_a_number_beyond_the_names_is_refused(root: Path) -> None:
    with pytest.raises(BadSource, match="its class '1' is not one of the 1 classes"):
        read_source("shards", root, class_names=["cat"])


def test_groups_and_an_empty_folder_are_refused(root: Path, tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="use the format csv for groups"):
        read_source("shards", root, attribute_names=["a"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadSource, match="there is no shard"):
        read_source("shards", tmp_path / "empty")
