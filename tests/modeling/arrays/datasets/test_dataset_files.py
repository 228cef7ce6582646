import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clarify_errors.arrays.datasets.dataset_files import (
    BadDataset,
    Split,
    dataset_directory,
    open_dataset,
    thumbnail_name,
    verify,
)
from clarify_errors.arrays.datasets.importing.embedding_arrays import array_encoders
from clarify_errors.arrays.datasets.importing.importer import import_images
from clarify_errors.arrays.datasets.importing.sources import read_source
from tests.modeling.arrays.datasets.folders import animals, write_csv_folder
from tests.modeling.arrays.datasets.pixel_encoder import PixelEncoder


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("imported")
    source = read_source("csv", write_csv_folder(root / "source", animals()))
    return import_images(source, root, "animals", encoders=array_encoders(PixelEncoder()), key_secret=b"secret")


@pytest.fixture
def directory(imported: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(imported, tmp_path / "copy"))


def edit(directory: Path, **fields: Any) -> None:
    path = directory / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_the_directory_is_named_by_name_and_digest(imported: Path) -> None:
    manifest = open_dataset(imported).manifest
    assert imported == dataset_directory(imported.parents[2], "animals", manifest.digest)


def test_rows_are_those_of_a_split_and_class_in_manifest_order(imported: Path) -> None:
    dataset = open_dataset(imported)
    rows = dataset.rows(Split.VALIDATION, 1)
    assert rows.dtype == np.int64
    assert rows.tolist() == [16, 17, 18, 19]
    names = [dataset.filenames[row] for row in rows]
    assert names == sorted(names)
    assert all("horse-validation" in name for name in names)
    assert dataset.rows(Split.VALIDATION).tolist() == [4, 5, 6, 7, 16, 17, 18, 19]


def test_arrays_are_unit_rows_mapped_read_only(imported: Path) -> None:
    similarity = open_dataset(imported).array("similarity")
    assert isinstance(similarity, np.memmap)
    assert similarity.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(similarity, axis=1), 1, rtol=1e-6)
    with pytest.raises(ValueError, match="read-only"):
        similarity[0, 0] = 0


def test_labels_are_read_only(imported: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        open_dataset(imported).labels[0] = 1


def test_an_unknown_array_is_named(imported: Path) -> None:
    with pytest.raises(BadDataset, match=r"there is no array 'pixels' \(there are: features, similarity\)"):
        open_dataset(imported).array("pixels")


def test_an_image_key_leads_to_its_thumbnail(imported: Path) -> None:
    dataset = open_dataset(imported)
    assert all(dataset.image_path(key.decode()).is_file() for key in dataset.image_keys)


@pytest.mark.parametrize("key", ["", "../../../../manifest.json", "A" * 24, "a" * 23, "a" * 24 + "\n"])
def test_what_is_not_an_image_key_is_refused(key: str) -> None:
    with pytest.raises(BadDataset, match="is not an image key"):
        thumbnail_name(key)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-a", "a b", "a" * 61, "é"])
def test_a_name_unfit_for_a_folder_is_refused(name: str) -> None:
    with pytest.raises(BadDataset, match="cannot name a data set"):
        dataset_directory(Path("data"), name, "digest")


def test_a_whole_data_set_is_verified(imported: Path) -> None:
    verify(imported)


@pytest.mark.parametrize("name", ["similarity.npy", "attributes.npy", "filenames.json", "report.csv", "image_keys.npy"])
def test_verify_names_a_file_that_changed(directory: Path, name: str) -> None:
    data = bytearray((directory / name).read_bytes())
    data[-2] ^= 1
    (directory / name).write_bytes(data)
    with pytest.raises(BadDataset, match=name):
        verify(directory)


def test_verify_names_thumbnails_that_changed(directory: Path) -> None:
    first, second = sorted(directory.glob("thumbnails/*/*.webp"))[:2]
    first.write_bytes(second.read_bytes())
    with pytest.raises(BadDataset, match="changed since the import: thumbnails"):
        verify(directory)


def test_verify_names_a_thumbnail_that_is_gone(directory: Path) -> None:
    gone = next(directory.glob("thumbnails/*/*.webp"))
    gone.unlink()
    with pytest.raises(BadDataset, match=f"{gone.name}: No such file"):
        verify(directory)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match=r"manifest\.json: No such file"):
        open_dataset(tmp_path)


def test_another_format_version_is_refused(directory: Path) -> None:
    edit(directory, format=99)
    with pytest.raises(BadDataset, match="its format is 99, but this version reads format 1"):
        open_dataset(directory)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"format": 1}', "\ufffd"])
def test_what_is_not_a_manifest_is_refused(directory: Path, text: str) -> None:
    (directory / "manifest.json").write_text(text)
    with pytest.raises(BadDataset, match="is not the manifest of a data set"):
        open_dataset(directory)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("labels.npy", np.zeros(24, np.int64), r"holds int64\[24\], not int32\[24\]"),
        ("labels.npy", np.zeros(23, np.int32), r"holds int32\[23\]"),
        ("labels.npy", np.arange(24, dtype=np.int32), "a label has no class name"),
        ("labels.npy", np.arange(24, dtype=np.int32)[::-1] // 12, "not sorted by label and split"),
        ("splits.npy", np.full(24, 3, np.int8), "a split is not one of 0, 1, 2"),
        ("attributes.npy", np.full(24, 2, np.int32), "an attribute has no name"),
        ("attributes.npy", np.full(24, -1, np.int32), "an attribute has no name"),
        ("similarity.npy", np.zeros((24, 15), np.float32), r"holds float32\[24, 15\], not float32\[24, 16\]"),
        ("similarity.npy", np.zeros((24, 16), np.float32, order="F"), "not float32"),
        ("image_keys.npy", np.zeros(24, "S12"), "holds"),
    ],
)
def test_an_array_that_does_not_fit_the_manifest_is_named(
    directory: Path, name: str, array: np.ndarray[Any, Any], message: str
) -> None:
    np.save(directory / name, array)
    with pytest.raises(BadDataset, match=message):
        open_dataset(directory)


@pytest.mark.parametrize("name", ["labels.npy", "splits.npy", "image_keys.npy", "similarity.npy"])
def test_a_damaged_array_file_is_named(directory: Path, name: str) -> None:
    (directory / name).write_bytes(b"\x93NUMPY")
    with pytest.raises(BadDataset, match=name):
        open_dataset(directory)


def test_a_pickled_array_is_refused(directory: Path) -> None:
    np.save(directory / "labels.npy", np.array([{}] * 24, object), allow_pickle=True)
    with pytest.raises(BadDataset, match=r"labels\.npy"):
        open_dataset(directory)


def test_a_missing_array_file_is_named(directory: Path) -> None:
    (directory / "splits.npy").unlink()
    with pytest.raises(BadDataset, match=r"splits\.npy: No such file"):
        open_dataset(directory)


def test_file_names_that_do_not_fit_are_named(directory: Path) -> None:
    (directory / "filenames.json").write_text("[]")
    with pytest.raises(BadDataset, match="does not list 24 names"):
        _ = open_dataset(directory).filenames
