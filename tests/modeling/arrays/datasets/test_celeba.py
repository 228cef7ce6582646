from pathlib import Path

import pytest

from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.datasets.importing.import_errors import BadSource, OutsideRoot
from clarify_errors.arrays.datasets.importing.sources import read_source


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "img_align_celeba").mkdir()
    return tmp_path


def published(root: Path, attributes: str, partition: str) -> Path:
    (root / "list_attr_celeba.txt").write_text(attributes)
    (root / "list_eval_partition.txt").write_text(partition)
    return root


def test_the_published_files_give_hair_and_sex(root: Path) -> None:
    attributes = "2\nBald Blond_Hair Male \n000001.jpg -1  1 -1\n000002.jpg  1 -1  1\n"
    source = read_source("celeba", published(root, attributes, "000001.jpg 0\n000002.jpg 2\n"))
    assert source.class_names == ("not blond", "blond")
    assert source.attribute_names == ("female", "male")
    found = [(image.filename, image.split, image.label, image.attribute) for image in source.images]
    assert found == [
        ("img_align_celeba/000002.jpg", Split.TEST, 0, 1),
        ("img_align_celeba/000001.jpg", Split.TRAIN, 1, 0),
    ]


def test_the_csv_files_of_kaggle_give_the_same(root: Path) -> None:
    (root / "img_align_celeba" / "img_align_celeba").mkdir()
    (root / "list_attr_celeba.csv").write_text("image_id,Bald,Blond_Hair,Male\n000001.jpg,-1,1,-1\n")
    (root / "list_eval_partition.csv").write_text("image_id,partition\n000001.jpg,1\n")
    (image,) = read_source("celeba", root).images
    assert (image.split, image.label, image.attribute) == (Split.VALIDATION, 1, 0)


def test_an_image_without_a_split_is_refused(root: Path) -> None:
    published(root, "1\nBlond_Hair Male\n000001.jpg 1 1\n", "000002.jpg 0\n")
    with pytest.raises(BadSource, match=r"list_attr_celeba.txt, line 3: 000001.jpg is not listed"):
        read_source("celeba", root)


@pytest.mark.parametrize(
    ("attributes", "partition", "message"),
    [
        ("1\nBlond_Hair Male\n1.jpg 2 1\n", "1.jpg 0\n", "line 3: Blond_Hair is '2'"),
        ("1\nBlond_Hair Male\n1.jpg 1\n", "1.jpg 0\n", "line 3: it has 2 cells, but the header has 3"),
        ("1\nBlond_Hair Male\n1.jpg 1 1\n", "1.jpg 7\n", "line 1: partition is '7'"),
        ("1\nBald Male\n1.jpg 1 1\n", "1.jpg 0\n", "the header lacks Blond_Hair"),
    ],
)
def test_a_line_that_makes_no_sense_is_named(root: Path, attributes: str, partition: str, message: str) -> None:
    with pytest.raises(BadSource, match=message):
        read_source("celeba", published(root, attributes, partition))


def test_a_name_that_leads_out_is_refused(root: Path) -> None:
    published(root, "1\nBlond_Hair Male\n../../x.jpg 1 1\n", "../../x.jpg 0\n")
    with pytest.raises(OutsideRoot, match="leads out of"):
        read_source("celeba", root)


def test_a_folder_without_the_lists_is_refused(root: Path) -> None:
    with pytest.raises(BadSource, match="there is no list_attr_celeba"):
        read_source("celeba", root)


def test_a_folder_without_the_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="there is no folder img_align_celeba"):
        read_source("celeba", tmp_path)


def test_three_class_names_are_refused(root: Path) -> None:
    with pytest.raises(BadSource, match="two classes"):
        read_source("celeba", root, ["a", "b", "c"])
