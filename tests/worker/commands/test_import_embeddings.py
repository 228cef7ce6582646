"""`manage.py import_dataset --format embeddings`: embeddings of others become a data set with pictures."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError
from numpy.typing import NDArray
from PIL import Image

from annotations.models import BaseModel, Dataset
from clarify_errors.arrays.datasets.dataset_files import Split, verify
from clarify_errors.arrays.images.image_decoding import read_image
from tests.modeling.arrays.datasets.folders import animals, write_image
from tests.support.actors import ENCODER
from tests.support.fake_encoder import DIM, FakeEncoder
from tests.support.full_disk import largest_file
from tests.worker.commands.conftest import Command
from tests.worker.commands.many_embeddings import write_part

pytestmark = pytest.mark.django_db

FORMAT = ("--format", "embeddings", "--similarity-encoder", ENCODER)
ROWS = animals(per_group=4)  # 48 images; their names are not in the order of a data set


def rows_of(folder: Path) -> NDArray[np.float32]:
    return FakeEncoder().encode_images([Image.open(folder / name) for name, *_ in ROWS])


def table_of(rows: list[tuple[str, str, str, str]]) -> dict[str, list[Any]]:
    return dict(zip(("image_path", "split", "label", "attribute"), map(list, zip(*rows, strict=True)), strict=True))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The images, and in two parts their embeddings in half precision."""
    root = tmp_path / "embedded"
    for seed, (name, *_) in enumerate(ROWS):
        write_image(root / name, seed)
    rows = rows_of(root).astype(np.float16)
    for number, some in enumerate((slice(0, 30), slice(30, None))):
        write_part(root, number, rows[some], table_of(ROWS[some]))
    return root


def test_rows_are_sorted_and_only_what_people_may_see_has_a_picture(
    command: Command, data_root: Path, folder: Path
) -> None:
    report = command("import_dataset", "animals", folder, *FORMAT)
    dataset = Dataset.objects.get()
    files = dataset.files
    verify(files.directory)
    assert "train: 16 (dog, cartoon 4, dog, photograph 4, horse, cartoon 4, horse, photograph 4)" in report
    assert dataset.counts == {"train": 16, "validation": 16, "test": 16}
    assert (dataset.similarity_encoder, dataset.feature_encoder) == (ENCODER, ENCODER)
    expected = dict(zip((name for name, *_ in ROWS), rows_of(folder), strict=True))
    np.testing.assert_allclose(files.array("similarity"), [expected[name] for name in files.filenames], atol=1e-3)
    assert files.pictured.tolist() == (files.splits != Split.TRAIN).tolist()
    paths = [files.image_path(key.decode()) for key in files.image_keys]
    assert [path.is_file() for path in paths] == files.pictured.tolist()
    assert sorted(path.name for path in files.directory.parent.iterdir()) == [".import.lock", files.directory.name]
    assert "Nothing to do" in command("import_dataset", "animals", folder, *FORMAT)


def test_a_model_is_trained_and_images_that_come_later_make_another_version(
    command: Command, data_root: Path, folder: Path
) -> None:
    (folder / "images").rename(folder.parent / "away")
    command("import_dataset", "animals", folder, *FORMAT)
    bare = Dataset.objects.get()
    verify(bare.files.directory)
    assert not bare.files.pictured.any()
    command("train_base_model", "animals")
    assert BaseModel.objects.get().validation_accuracies[0] is not None
    (folder.parent / "away").rename(folder / "images")
    command("import_dataset", "animals", folder, *FORMAT)
    assert Dataset.objects.get(version=2).files.pictured.sum() == 32


def test_features_of_their_own_are_those_of_the_classifier(command: Command, data_root: Path, folder: Path) -> None:
    features = np.random.default_rng(0).normal(size=(48, 7))
    (folder / "features").mkdir()
    np.save(folder / "features" / "features_0.npy", features[:30])
    np.save(folder / "features" / "features_1.npy", features[30:])
    command("import_dataset", "animals", folder, *FORMAT)
    dataset = Dataset.objects.get()
    assert dataset.feature_encoder == ""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    expected = dict(zip((name for name, *_ in ROWS), unit, strict=True))
    wanted = [expected[name] for name in dataset.files.filenames]
    np.testing.assert_allclose(dataset.files.array("features"), wanted, atol=1e-6)


def test_wnids_and_numbers_stand_for_the_words_beside_them(command: Command, data_root: Path, tmp_path: Path) -> None:
    rows = FakeEncoder().encode_texts(["red", "blue", "green"])
    said = ["n01440764", "n02012849", "n01440764"]
    table = {"key": ["a", "b", "c"], "split": ["train", "val", "test"], "cls": said}
    write_part(tmp_path / "wnids", 0, rows, table)
    write_part(tmp_path / "numbers", 0, rows, {**table, "cls": [0, 1, 0]})
    for name in ("wnids", "numbers"):
        (tmp_path / name / "LOC_synset_mapping.txt").write_text("n01440764 tench, fish\nn02012849 crane\n")
        command("import_dataset", name, tmp_path / name, *FORMAT)
        dataset = Dataset.objects.get(name=name)
        assert dataset.class_names == ["tench", "crane"]
        assert dataset.files.labels.tolist() == [0, 0, 1]


def test_a_damaged_image_of_those_that_are_shown_is_left_out(command: Command, data_root: Path, folder: Path) -> None:
    shown = [folder / name for name, split, *_ in ROWS if split == "validation"]
    shown[0].write_bytes(shown[0].read_bytes()[:60])
    shown[1].unlink()
    report = command("import_dataset", "animals", folder, *FORMAT)
    assert "Left out: 1 missing, 1 truncated" in report and "validation: 14" in report
    verify(Dataset.objects.get().files.directory)


def drop(column: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "metadata" / "metadata_1.parquet"
        pq.write_table(pq.read_table(file).drop_columns([column]), file)

    return change


def put(column: str, value: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "metadata" / "metadata_1.parquet"
        rows = pq.read_table(file).to_pydict()
        rows[column][3] = value
        pq.write_table(pa.table(rows), file)

    return change


def array(name: str, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        np.save(folder / name, change(np.load(folder / name)))

    return write


def cut(name: str, size: int) -> Callable[[Path], None]:
    def shorten(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:size])

    return shorten


def zeroed(rows: NDArray[Any]) -> NDArray[Any]:
    rows[5] = 0
    return rows


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (cut("img_emb/img_emb_1.npy", 300), r"img_emb_1\.npy: it cannot be read"),
        (cut("metadata/metadata_0.parquet", 300), r"metadata_0\.parquet: it cannot be read"),
        (lambda folder: (folder / "metadata" / "metadata_1.parquet").unlink(), "metadata_1.parquet: it cannot be read"),
        (array("img_emb/img_emb_1.npy", lambda rows: rows[:-1]), "17 embeddings, but metadata_1.parquet has 18 lines"),
        (array("img_emb/img_emb_1.npy", lambda rows: rows[:, :7]), "it has 7 columns, but img_emb_0.npy has 12"),
        (array("img_emb/img_emb_0.npy", zeroed), r"img_emb_0\.npy: its row 5 is zero or not finite"),
        (array("img_emb/img_emb_0.npy", lambda rows: -rows), "The embeddings are another encoder's"),
        (drop("label"), "not every image has one of the columns cls, label, class"),
        (drop("split"), "not every image has one of the columns split"),
        (drop("attribute"), "not every image has one of the columns attribute, group"),
        (drop("image_path"), "not every image has one of the columns image_path, path"),
        (put("split", "all"), "'all' in split is not one of train, validation, val, test"),
        (put("image_path", ROWS[0][0]), f"{ROWS[0][0]} is listed twice"),
        (lambda folder: (folder / "features").mkdir(), r"features_0\.npy: it cannot be read: No such file"),
        (
            lambda folder: (folder / "class_names.txt").write_text("dog dog\n"),
            "'horse' in cls or label or class is not",
        ),
    ],
)
def test_what_does_not_fit_is_one_sentence_and_nothing_is_imported(
    command: Command, data_root: Path, folder: Path, change: Callable[[Path], None], sentence: str
) -> None:
    change(folder)
    with pytest.raises(CommandError, match=sentence) as refused:
        command("import_dataset", "animals", folder, *FORMAT)
    assert "\n" not in str(refused.value)
    assert not Dataset.objects.exists()
    assert not [path for path in (data_root / "datasets").rglob("*") if path.name == "manifest.json"]


def test_embeddings_of_another_length_name_both(command: Command, data_root: Path, tmp_path: Path) -> None:
    write_part(tmp_path / "x", 0, np.ones((1, 7)), {"key": ["a"], "split": ["train"], "cls": ["dog"]})
    with pytest.raises(CommandError, match=f"have 7 dimensions, but {ENCODER} makes {DIM}: name theirs"):
        command("import_dataset", "x", tmp_path / "x", *FORMAT)


def test_an_image_in_validation_and_test_stops_the_import(command: Command, data_root: Path, folder: Path) -> None:
    one, other = (next(name for name, split, *_ in ROWS if split == each) for each in ("validation", "test"))
    (folder / one).write_bytes((folder / other).read_bytes())
    with pytest.raises(CommandError, match="the same image is in two splits"):
        command("import_dataset", "animals", folder, *FORMAT)


def test_a_full_disk_is_one_sentence_and_the_same_command_then_imports(
    command: Command, data_root: Path, folder: Path
) -> None:
    read_image(folder / ROWS[0][0])  # the memory that is shared with the decoding process would count as a file
    with (
        largest_file(2000),
        pytest.raises(CommandError, match=r"similarity\.npy cannot be written: File too large; fre"),
    ):
        command("import_dataset", "animals", folder, *FORMAT)
    assert not Dataset.objects.exists()
    command("import_dataset", "animals", folder, *FORMAT)
    verify(Dataset.objects.get().files.directory)


def peak_of(folder: Path, n: int) -> int:
    """The most memory of an import, in a process where nothing that another test left running allocates.

    Its coverage is not measured: what traces lines makes frames that hold blocks until the garbage is collected.
    """
    command = [sys.executable, "-m", "tests.worker.commands.many_embeddings", str(folder), str(n)]
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return int(subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout)


def test_memory_does_not_grow_with_the_embeddings(tmp_path: Path) -> None:
    few, many = (peak_of(tmp_path / str(n), n) for n in (1_000, 5_000))
    assert many - few < 4_000 * 200, f"{(many - few) / 4_000:.0f} bytes an image, whose row has 8,192"
    assert many < 20 * 2**20, f"{many / 2**20:.1f} MiB, of 39 MiB of embeddings"
