"""`manage.py import_dataset --format huggingface`: Parquet files and folders of `save_to_disk` become data sets."""

import io
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Image, Value
from django.core.management import CommandError
from PIL import Image as Pictures

from annotations.models import Dataset as Row
from clarify_errors.arrays.common.progress import silent
from clarify_errors.arrays.datasets.dataset_files import verify
from tests.modeling.arrays.datasets.folders import write_image
from tests.support.actors import ENCODER
from tests.worker.commands.conftest import Command
from worker.datasets.dataset_import import unpack_tables

pytestmark = pytest.mark.django_db

FORMAT = ("--format", "huggingface", "--similarity-encoder", ENCODER)
OTHER_COLUMNS = ("--columns", "picture,kind,place")
SPLITS = ("train", "validation", "test")


def picture(seed: int, folder: Path) -> bytes:
    return write_image(folder / f"{seed}.png", seed).read_bytes()


@pytest.fixture
def birds(tmp_path: Path) -> DatasetDict:
    """Eight birds in each split, in columns of other names."""
    features = Features({"picture": Image(), "kind": ClassLabel(names=["land", "water"]), "place": Value("string")})

    def rows(first: int) -> dict[str, list[Any]]:
        images = [{"bytes": picture(first + i, tmp_path / "drawn"), "path": f"{i}.png"} for i in range(8)]
        return {"picture": images, "kind": [0, 1] * 4, "place": ["wood"] * 4 + ["lake"] * 4}

    return DatasetDict({name: Dataset.from_dict(rows(10 * place), features) for place, name in enumerate(SPLITS)})


def checked(folder: Path, command: Command, data_root: Path, *options: str) -> Row:
    command("import_dataset", "birds", folder, *FORMAT, *options)
    dataset = Row.objects.latest("pk")
    verify(dataset.files.directory)
    assert dataset.counts == {"train": 8, "validation": 8, "test": 8}
    assert not list(data_root.glob("uploads/*"))
    return dataset


def test_what_datasets_saved_is_read_without_it(
    birds: DatasetDict, command: Command, data_root: Path, tmp_path: Path
) -> None:
    birds.save_to_disk(tmp_path / "saved")
    dataset = checked(tmp_path / "saved", command, data_root, *OTHER_COLUMNS)
    assert (dataset.class_names, dataset.attribute_names) == (["land", "water"], ["lake", "wood"])
    assert dataset.files.manifest.group_counts["train"] == (2, 2, 2, 2)
    assert dataset.files.filenames[0] == "train/00002/0000000.png"


def test_parquet_files_need_no_words_of_datasets(command: Command, data_root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "hub" / "data"
    folder.mkdir(parents=True)
    for place, split in enumerate(SPLITS):
        images = [picture(10 * place + i, tmp_path / "drawn") for i in range(8)]
        table = pa.table({"image": images, "label": ["cat", "dog"] * 4})
        pq.write_table(table, folder / f"{split}-00000-of-00001.parquet")
    assert checked(tmp_path / "hub", command, data_root).class_names == ["cat", "dog"]


def test_images_may_lie_beside_the_table(birds: DatasetDict, command: Command, data_root: Path, tmp_path: Path) -> None:
    for split in SPLITS:
        (tmp_path / "hub" / split).mkdir(parents=True)
        rows = birds[split].with_format("arrow")[:].to_pydict()
        for i, image in enumerate(rows["picture"]):
            (tmp_path / "hub" / split / f"{i}.png").write_bytes(image["bytes"])
            rows["picture"][i] = {"bytes": None, "path": f"{i}.png"}
        pq.write_table(pa.table(rows), tmp_path / "hub" / split / "0000.parquet")
    dataset = checked(tmp_path / "hub", command, data_root, *OTHER_COLUMNS)
    assert dataset.class_names == ["0", "1"]  # nothing names them
    named = checked(tmp_path / "hub", command, data_root, *OTHER_COLUMNS, "--class-names", "0,1")
    assert named == dataset


def test_what_a_killed_import_has_unpacked_is_used_again(birds: DatasetDict, tmp_path: Path) -> None:
    birds.save_to_disk(tmp_path / "saved")
    columns = ("picture", "kind", "place")

    def killed(stage: str, done: int, total: int) -> None:
        if stage == "unpacking" and done > 0.5 * total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        unpack_tables(tmp_path / "saved", tmp_path / "to", columns, killed)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("to/*/*/*.png")}
    unpack_tables(tmp_path / "saved", tmp_path / "to", columns, silent)
    assert len(before) == 16 and len(list(tmp_path.glob("to/*/*/*.png"))) == 24
    assert before == {path: path.stat().st_mtime_ns for path in before}
    assert len((tmp_path / "to" / "metadata.csv").read_text().splitlines()) == 25


def table(**columns: list[Any]) -> pa.Table:
    stream = io.BytesIO()
    Pictures.new("RGB", (4, 4)).save(stream, "PNG")
    return pa.table({"image": [stream.getvalue()], "label": ["cat"], **columns})


@pytest.mark.parametrize(
    ("name", "made", "sentence"),
    [
        ("train.parquet", table().drop_columns(["label"]), "it has no column label. Name some of image by --columns"),
        ("all.parquet", table(), r"all\.parquet: its path must have one of the words train, validation, val, test"),
        ("train.parquet", table(image=[b""]), "its image 0 has no bytes"),
        ("train.parquet", table(image=[{"bytes": None, "path": "../secret.png"}]), "this link leads out of"),
        ("train.parquet", table(image=[{"bytes": None, "path": "none.png"}]), "it cannot be read: No such file"),
        ("train.parquet", table(label=pa.array([None], pa.string())), "is None, which has no name"),
        ("train.parquet", table(image=[b"no image"]), "none of the 1 listed images can be used"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_and_nothing_is_imported(
    command: Command, data_root: Path, tmp_path: Path, name: str, made: pa.Table, sentence: str
) -> None:
    (tmp_path / "hub").mkdir()
    pq.write_table(made, tmp_path / "hub" / name)
    with pytest.raises(CommandError, match=sentence) as refused:
        command("import_dataset", "birds", tmp_path / "hub", *FORMAT)
    assert "\n" not in str(refused.value)
    assert not Row.objects.exists()
    assert not list(data_root.glob("uploads/*"))


def test_a_split_without_classes_is_not_taken_for_the_last_class(
    birds: DatasetDict, command: Command, data_root: Path, tmp_path: Path
) -> None:
    features = birds["test"].features
    rows = birds["test"].with_format("arrow")[:].to_pydict() | {"kind": [-1] * 8}
    birds["test"] = Dataset.from_dict(rows, features)
    birds.save_to_disk(tmp_path / "saved")
    with pytest.raises(CommandError, match=r"test/data.*arrow: the class or attribute of an image is -1"):
        command("import_dataset", "birds", tmp_path / "saved", *FORMAT, *OTHER_COLUMNS)


def test_a_damaged_parquet_file_is_named(command: Command, data_root: Path, tmp_path: Path) -> None:
    (tmp_path / "hub").mkdir()
    pq.write_table(table(), tmp_path / "hub" / "train.parquet")
    (tmp_path / "hub" / "train.parquet").write_bytes((tmp_path / "hub" / "train.parquet").read_bytes()[:-9])
    with pytest.raises(CommandError, match=r"train\.parquet: it cannot be read"):
        command("import_dataset", "birds", tmp_path / "hub", *FORMAT)


def test_a_folder_without_such_files_is_refused(command: Command, data_root: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="there is no Parquet file, and no Arrow file"):
        command("import_dataset", "birds", tmp_path, *FORMAT)


def test_a_name_on_the_hub_needs_the_library_and_the_hub(
    command: Command, data_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(CommandError, match=r"hf:owner/birds: it cannot be loaded: .+ bring a folder of `save_to_disk`"):
        command("import_dataset", "birds", "hf:owner/birds", *FORMAT)
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    with pytest.raises(CommandError, match=r"No module named 'datasets'\. Install `datasets`, or bring"):
        command("import_dataset", "birds", "hf:owner/birds", *FORMAT)
    assert not list(data_root.glob("uploads/*"))
