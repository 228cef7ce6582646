import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modeling.arrays.datasets.dataset_files import open_dataset, verify
from modeling.arrays.datasets.importing.embedding_arrays import read_features
from modeling.arrays.datasets.importing.import_errors import BadFeatures
from modeling.arrays.datasets.importing.listings import Source
from tests.modeling.arrays.datasets.conftest import Import


def save(path: Path, source: Source, **changed: Any) -> Path:
    rows = np.random.default_rng(3).normal(size=(len(source.images), 7)).astype(np.float32)
    arrays: dict[str, Any] = {"filenames": np.array([image.filename for image in source.images]), "features": rows}
    np.savez(path, **(arrays | changed))
    return path


def test_features_are_joined_by_file_name_and_scaled(source: Source, import_to: Import, tmp_path: Path) -> None:
    path = save(tmp_path / "features.npz", source)
    directory = import_to(source, features=read_features(path))
    dataset = open_dataset(directory)
    with np.load(path) as archive:
        raw = dict(zip(archive["filenames"].tolist(), archive["features"], strict=True))
    for row, filename in enumerate(dataset.filenames):
        expected = raw[filename] / np.linalg.norm(raw[filename])
        np.testing.assert_allclose(dataset.array("features")[row], expected, rtol=1e-6)
    assert dataset.manifest.encoder_of("features") is None
    assert dataset.manifest.encoder_of("similarity") is not None
    verify(directory)


def test_other_features_make_another_version(source: Source, import_to: Import, tmp_path: Path) -> None:
    first = import_to(source, features=read_features(save(tmp_path / "a.npz", source)))
    rows = np.ones((len(source.images), 7), np.float32)
    second = import_to(source, features=read_features(save(tmp_path / "b.npz", source, features=rows)))
    assert first != second


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"features": np.ones((24, 7))}, r"features must be float32\[m, d\], not float64\[24, 7\]"),
        ({"features": np.ones(24, np.float32)}, r"not float32\[24\]"),
        ({"features": np.ones((24, 0), np.float32)}, r"not float32\[24, 0\]"),
        ({"features": np.ones((23, 7), np.float32)}, "24 filenames but 23 rows"),
        ({"filenames": np.array(["a"] * 24)}, "23 of its filenames are repeated"),
        ({"filenames": np.arange(24)}, "filenames must be a vector of str"),
        ({"filenames": np.array(["a"] * 24, object)}, "it is not an .npz file of plain arrays"),
    ],
)
def test_arrays_of_another_form_are_refused(
    source: Source, tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadFeatures, match=message):
        read_features(save(tmp_path / "features.npz", source, **changed))


@pytest.mark.parametrize("value", [np.nan, np.inf, 0])
def test_a_row_without_a_direction_is_named(source: Source, tmp_path: Path, value: float) -> None:
    rows = np.ones((24, 7), np.float32)
    rows[5] = value
    with pytest.raises(BadFeatures, match=f"the features of {source.images[5].filename} are zero or not finite"):
        read_features(save(tmp_path / "features.npz", source, features=rows))


def test_an_image_without_features_is_named(source: Source, import_to: Import, tmp_path: Path) -> None:
    names = np.array([image.filename for image in source.images][:-1])
    path = save(tmp_path / "f.npz", source, filenames=names, features=np.ones((23, 7), np.float32))
    with pytest.raises(BadFeatures, match=f"it has no features for {source.images[-1].filename}"):
        import_to(source, features=read_features(path))


def test_features_of_an_unlisted_image_are_refused(source: Source, import_to: Import, tmp_path: Path) -> None:
    names = np.array([*(image.filename for image in source.images), "other.png"])
    path = save(tmp_path / "f.npz", source, filenames=names, features=np.ones((25, 7), np.float32))
    with pytest.raises(BadFeatures, match=r"it has features for other\.png, which the data set does not list"):
        import_to(source, features=read_features(path))


def test_a_single_array_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "f.npy", np.ones((3, 2), np.float32))
    with pytest.raises(BadFeatures, match="it is a single array"):
        read_features(tmp_path / "f.npy")


def test_an_archive_without_the_arrays_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "f.npz", features=np.ones((3, 2), np.float32))
    with pytest.raises(BadFeatures, match="it lacks filenames"):
        read_features(tmp_path / "f.npz")


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04 cut", b"\x80\x04."])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "f.npz").write_bytes(data)
    with pytest.raises(BadFeatures, match=r"f\.npz: "):
        read_features(tmp_path / "f.npz")


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "f.npz", "w") as archive:
        archive.writestr("filenames.npy", b"nonsense")
        archive.writestr("features.npy", b"nonsense")
    with pytest.raises(BadFeatures, match=r"f\.npz: "):
        read_features(tmp_path / "f.npz")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFeatures, match="No such file"):
        read_features(tmp_path / "f.npz")
