from pathlib import Path

import pytest

from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.datasets.importing.import_errors import BadSource, OutsideRoot
from clarify_errors.arrays.datasets.importing.sources import read_source
from tests.modeling.arrays.datasets.folders import write_image


@pytest.fixture
def root(tmp_path: Path) -> Path:
    seeds = iter(range(100))
    for split in ("train", "val", "test"):
        for name in ("horse", "dog"):
            write_image(tmp_path / "photos" / split / name / "1.jpg", next(seeds))
    return tmp_path / "photos"


def test_folders_give_split_and_class(root: Path) -> None:
    source = read_source("imagefolder", root)
    assert source.class_names == ("dog", "horse")
    assert source.attribute_names == ()
    found = {(image.filename, image.split, image.label, image.attribute) for image in source.images}
    assert ("val/horse/1.jpg", Split.VALIDATION, 1, None) in found
    assert ("train/dog/1.jpg", Split.TRAIN, 0, None) in found
    assert len(found) == 6


def test_class_names_give_the_order_of_the_labels(root: Path) -> None:
    source = read_source("imagefolder", root, class_names=["horse", "dog"])
    assert {image.label for image in source.images if "/dog/" in image.filename} == {1}


def test_a_folder_of_another_class_than_those_named_is_refused(root: Path) -> None:
    with pytest.raises(BadSource, match=r"horse: this folder is not one of the classes dog, cat"):
        read_source("imagefolder", root, class_names=["dog", "cat"])


def test_an_unknown_split_is_refused(root: Path) -> None:
    (root / "extra").mkdir()
    with pytest.raises(BadSource, match=r"extra: this folder is not one of the splits train, validation, val, test"):
        read_source("imagefolder", root)


def test_val_and_validation_together_are_refused(root: Path) -> None:
    write_image(root / "validation" / "dog" / "2.jpg", 50)
    with pytest.raises(BadSource, match="val and validation are the same split"):
        read_source("imagefolder", root)


def test_a_folder_without_splits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="there is no folder train"):
        read_source("imagefolder", tmp_path)


def test_a_folder_inside_a_class_is_refused(root: Path) -> None:
    write_image(root / "train" / "dog" / "more" / "2.jpg", 50)
    with pytest.raises(BadSource, match="must not contain folders"):
        read_source("imagefolder", root)


def test_a_class_that_links_out_of_the_folder_is_refused(root: Path, tmp_path: Path) -> None:
    write_image(tmp_path / "elsewhere" / "2.jpg", 50)
    (root / "train" / "cat").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutsideRoot, match="cat: this link leads out of"):
        read_source("imagefolder", root)


def test_an_image_that_links_out_of_the_folder_is_refused(root: Path, tmp_path: Path) -> None:
    write_image(tmp_path / "secret.png", 50)
    (root / "train" / "dog" / "2.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(OutsideRoot, match=r"2\.png' leads out of"):
        read_source("imagefolder", root)


def test_hidden_files_are_passed_over(root: Path) -> None:
    (root / "train" / "dog" / ".DS_Store").write_bytes(b"x")
    assert len(read_source("imagefolder", root).images) == 6


def test_attribute_names_are_refused(root: Path) -> None:
    with pytest.raises(BadSource, match="use the format csv for groups"):
        read_source("imagefolder", root, attribute_names=["a", "b"])


def test_an_unknown_format_is_refused(root: Path) -> None:
    with pytest.raises(BadSource, match="'zip' is not one of imagefolder, imagenet, shards, csv, waterbirds, celeba"):
        read_source("zip", root)


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="there is no such file or folder"):
        read_source("imagefolder", tmp_path / "nowhere")
