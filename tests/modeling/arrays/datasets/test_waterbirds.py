from pathlib import Path

import pytest

from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.datasets.importing.import_errors import BadSource
from clarify_errors.arrays.datasets.importing.sources import read_source

REAL = Path(__file__).resolve().parents[4].parent / "shared" / "realdata" / "waterbirds"


def listing(root: Path, *lines: str) -> Path:
    (root / "metadata.csv").write_text("\n".join(["img_id,img_filename,y,split,place,place_filename", *lines]))
    return root


def test_numbers_give_class_split_and_place(tmp_path: Path) -> None:
    lines = ("1,001.Auk/b.jpg,1,2,0,/l/x.jpg", "2,002.Wren/c.jpg,0,0,1,/o/y.jpg")
    source = read_source("waterbirds", listing(tmp_path, *lines))
    assert source.class_names == ("landbird", "waterbird")
    assert source.attribute_names == ("land", "water")
    _, first = source.images
    assert (first.filename, first.split, first.label, first.attribute) == ("001.Auk/b.jpg", Split.TEST, 1, 0)


def test_images_of_something_else_have_numbers_for_names(tmp_path: Path) -> None:
    source = read_source("waterbirds", listing(tmp_path, "1,001.Auk/b.jpg,0,2,0,x", "2,dog.jpg,1,0,1,y"))
    assert source.class_names == ("class 0", "class 1")
    assert source.attribute_names == ("place 0", "place 1")
    three = [f"{number},{number}.jpg,{number},0,0,x" for number in range(3)]
    source = read_source("waterbirds", listing(tmp_path, *three))
    assert (source.class_names, len(source.attribute_names)) == (("class 0", "class 1", "class 2"), 2)


def test_names_can_be_given(tmp_path: Path) -> None:
    source = read_source("waterbirds", listing(tmp_path, "1,a.jpg,2,1,0,x"), ["dog", "horse", "cat"], ["photo", "art"])
    assert source.class_names[next(iter(source.images)).label] == "cat"
    assert source.attribute_names == ("photo", "art")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,a.jpg,2,0,0,x", "line 2: y is '2', not one of 0, 1"),
        ("1,a.jpg,0,3,0,x", "line 2: split is '3', not one of 0, 1, 2"),
        ("1,a.jpg,0,0,sea,x", "line 2: place is 'sea', not one of 0, 1"),
    ],
)
def test_a_number_without_a_meaning_is_refused(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(BadSource, match=message):
        read_source("waterbirds", listing(tmp_path, line))


@pytest.mark.skipif(not REAL.is_dir(), reason="the official Waterbirds table is not beside this checkout")
def test_the_official_table_has_the_published_train_groups() -> None:
    source = read_source("waterbirds", REAL)
    assert (source.class_names, source.attribute_names) == (("landbird", "waterbird"), ("land", "water"))
    train = [(image.label, image.attribute) for image in source.images if image.split == Split.TRAIN]
    assert [train.count(group) for group in ((0, 0), (0, 1), (1, 0), (1, 1))] == [3498, 184, 56, 1057]
