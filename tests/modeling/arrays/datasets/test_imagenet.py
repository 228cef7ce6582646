from collections.abc import Callable
from pathlib import Path

import pytest

from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.datasets.importing.import_errors import BadSource, OutsideRoot
from clarify_errors.arrays.datasets.importing.listings import Source
from clarify_errors.arrays.datasets.importing.sources import read_source
from tests.modeling.arrays.datasets.folders import write_image

WORDS = {"n01440764": "tench, Tinca tinca", "n02012849": "crane", "n03126707": "crane"}


def write_words(folder: Path) -> None:
    (folder / "LOC_synset_mapping.txt").write_text("".join(f"{wnid} {said}\n" for wnid, said in WORDS.items()))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """ImageNet as published, with three classes: 2 images each in train and 5 in val, and an unlabelled test folder."""
    folder = tmp_path / "imagenet"
    for label, wnid in enumerate(WORDS):
        for n in range(2):
            write_image(folder / "train" / wnid / f"{wnid}_{n}.JPEG", 100 * label + n)
        for n in range(5):
            write_image(folder / "val" / wnid / f"ILSVRC2012_val_{label}{n}.JPEG", 100 * label + 10 + n)
    write_image(folder / "test" / "ILSVRC2012_test_1.JPEG", 999)
    write_words(folder)
    return folder


def of(source: Source, split: Split) -> set[tuple[str, int]]:
    return {(image.filename, image.label) for image in source.images if image.split == split}


def test_words_stand_for_wnids_and_are_different_for_each_class(root: Path) -> None:
    source = read_source("imagenet", root)
    assert source.class_names == ("tench", "crane (n02012849)", "crane (n03126707)")
    assert ("train/n02012849/n02012849_1.JPEG", 1) in of(source, Split.TRAIN)
    assert len(of(source, Split.TRAIN)) == 6


def test_val_is_halved_in_each_class_the_same_way_each_time(root: Path) -> None:
    source = read_source("imagenet", root)
    validation, test = of(source, Split.VALIDATION), of(source, Split.TEST)
    assert [sum(label == each for _, label in validation) for each in range(3)] == [3, 3, 3]
    assert [sum(label == each for _, label in test) for each in range(3)] == [2, 2, 2]
    assert all(name.startswith("val/") for name, _ in validation | test)
    assert list(read_source("imagenet", root).images) == list(source.images)
    places = {tuple(sorted(name[-6] for name, label in test if label == each)) for each in range(3)}
    assert len(places) > 1  # drawn in each class, not by place in the folder


def test_class_folders_in_test_leave_val_whole(root: Path) -> None:
    for label, wnid in enumerate(WORDS):
        write_image(root / "test" / wnid / "a.JPEG", 2000 + label)
    (root / "test" / "ILSVRC2012_test_1.JPEG").unlink()
    source = read_source("imagenet", root)
    assert (len(of(source, Split.VALIDATION)), len(of(source, Split.TEST))) == (15, 3)


@pytest.mark.parametrize("numbered", [True, False])
def test_a_second_test_set_has_the_same_classes_and_only_test_images(
    tmp_path: Path, root: Path, numbered: bool
) -> None:
    v2 = tmp_path / "imagenetv2-matched-frequency-format-val"
    for label, wnid in enumerate(WORDS):
        write_image(v2 / (str(label) if numbered else wnid) / "a.jpeg", 3000 + label)
    write_words(v2)
    source = read_source("imagenet", v2)
    assert source.class_names == read_source("imagenet", root).class_names
    assert sorted(image.label for image in source.images) == [0, 1, 2]
    assert {image.split for image in source.images} == {Split.TEST}


def test_numbered_folders_need_the_words_of_the_first_data_set(tmp_path: Path) -> None:
    write_image(tmp_path / "v2" / "0" / "a.jpeg", 1)
    with pytest.raises(BadSource, match=r"its folders are numbers: add LOC_synset_mapping\.txt"):
        read_source("imagenet", tmp_path / "v2")


def test_without_words_the_classes_are_called_by_their_wnids(root: Path) -> None:
    (root / "LOC_synset_mapping.txt").unlink()
    assert read_source("imagenet", root).class_names == tuple(WORDS)


def test_words_may_stand_in_a_file_of_their_own(root: Path) -> None:
    (root / "LOC_synset_mapping.txt").unlink()
    words = {**WORDS, "n03126707": "crane, machine"}
    (root / "class_names.txt").write_text("".join(f"{wnid} {said}\n" for wnid, said in words.items()))
    assert read_source("imagenet", root).class_names == ("tench", "crane", "crane, machine")


def test_a_class_without_a_folder_is_named(root: Path) -> None:
    (root / "class_names.txt").write_text("never read: the mapping comes first\n")
    (root / "LOC_synset_mapping.txt").open("a").write("n09999999 unicorn\n")
    with pytest.raises(BadSource, match=r"train: the class n09999999 has no images\. Add them, or leave it out of"):
        read_source("imagenet", root)


def test_a_class_that_val_lacks_is_named(root: Path) -> None:
    (root / "val" / "n02012849").rename(root / "val" / ".hidden")
    with pytest.raises(BadSource, match="val: the class n02012849 has no images"):
        read_source("imagenet", root)


def test_a_folder_of_no_class_is_named(root: Path) -> None:
    write_image(root / "train" / "n00000001" / "a.JPEG", 1)
    with pytest.raises(BadSource, match="train: n00000001 is not one of the 3 classes"):
        read_source("imagenet", root)


def test_a_number_and_a_wnid_of_one_class_are_refused(root: Path) -> None:
    write_image(root / "train" / "0" / "a.JPEG", 1)
    with pytest.raises(BadSource, match="is of the class n01440764 too"):
        read_source("imagenet", root)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("LOC_synset_mapping.txt", b"n01440764 tench\nn01440764 tench\n", "line 2: n01440764 is named twice"),
        ("LOC_synset_mapping.txt", b"n01440764\n", "line 1: n01440764 has no words"),
        ("class_names.txt", b"n01440764 t\xe4nch\n", "it is not UTF-8"),
    ],
)
def test_damaged_words_are_refused(root: Path, name: str, data: bytes, message: str) -> None:
    (root / "LOC_synset_mapping.txt").unlink()
    (root / name).write_bytes(data)
    with pytest.raises(BadSource, match=message):
        read_source("imagenet", root)


@pytest.fixture
def kaggle(root: Path) -> Path:
    """The same images as Kaggle packs them: `val` is flat, and a table says of each image its class and its boxes."""
    data, lines = root / "ILSVRC" / "Data" / "CLS-LOC", ["ImageId,PredictionString"]
    data.mkdir(parents=True)
    for part in ("train", "val", "test"):
        (root / part).rename(data / part)
    for path in sorted((data / "val").glob("*/*")):
        lines.append(f"{path.stem},{path.parent.name} 85 1 499 272 {path.parent.name} 0 0 9 9 ")
        path.rename(data / "val" / path.name)
    for folder in (data / "val").glob("n*"):
        folder.rmdir()
    (root / "LOC_val_solution.csv").write_text("\n".join(lines) + "\n")
    return root


def test_as_kaggle_has_it_the_images_classes_and_halves_are_the_same(root: Path, kaggle: Path, tmp_path: Path) -> None:
    source = read_source("imagenet", kaggle)
    assert source.class_names == ("tench", "crane (n02012849)", "crane (n03126707)")
    assert len(of(source, Split.TRAIN)) == 6 and (kaggle / next(iter(source.images)).filename).is_file()
    published = tmp_path / "published"
    for image in source.images:
        wnid = list(WORDS)[image.label]
        part = "train" if image.split == Split.TRAIN else "val"
        write_image(published / part / wnid / Path(image.filename).name, 0)
    write_words(published)
    halves = {Path(name).name for name, _ in of(source, Split.TEST)}
    assert halves == {Path(name).name for name, _ in of(read_source("imagenet", published), Split.TEST)}


def test_the_folders_of_kaggle_may_lie_beside_the_table(kaggle: Path) -> None:
    data = kaggle / "ILSVRC" / "Data" / "CLS-LOC"
    for name in ("LOC_val_solution.csv", "LOC_synset_mapping.txt"):
        (kaggle / name).rename(data / name)
    assert len(read_source("imagenet", data).images) == 21


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("ILSVRC2012_val_00", "other"), "ILSVRC2012_val_00.JPEG: the class of this image"),
        (lambda text: text.replace("n01440764", "n00000001"), "n00000001 is not one of the 3 classes"),
        (lambda text: text.replace("n01440764", "n02012849"), "val: the class n01440764 has no images"),
        (lambda text: text.replace("PredictionString", "Class"), "the header lacks PredictionString"),
        (lambda text: text.splitlines()[0] + "\nILSVRC2012_val_00,\n", "line 2: it names no class"),
    ],
)
def test_a_table_of_kaggle_that_does_not_fit_is_one_sentence(
    kaggle: Path, change: Callable[[str], str], message: str
) -> None:
    table = kaggle / "LOC_val_solution.csv"
    table.write_text(change(table.read_text()))
    with pytest.raises(BadSource, match=message):
        read_source("imagenet", kaggle)


def test_an_unsorted_val_is_refused(root: Path) -> None:
    write_image(root / "val" / "ILSVRC2012_val_00000001.JPEG", 5)
    with pytest.raises(BadSource, match="must contain one folder per class and no files"):
        read_source("imagenet", root)


def test_a_class_of_a_second_test_set_that_links_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    write_image(tmp_path / "elsewhere" / "a.jpeg", 50)
    (tmp_path / "v2").mkdir()
    (tmp_path / "v2" / "n01440764").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutsideRoot, match="this link leads out of"):
        read_source("imagenet", tmp_path / "v2")


def test_other_numbers_of_names_and_groups_are_refused(root: Path) -> None:
    with pytest.raises(BadSource, match="2 names are given for 3 classes"):
        read_source("imagenet", root, class_names=["a", "b"])
    with pytest.raises(BadSource, match="use the format csv for groups"):
        read_source("imagenet", root, attribute_names=["a"])
