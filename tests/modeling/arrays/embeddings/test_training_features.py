import errno
import gc
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.common.steps import after_each_step
from clarify_errors.arrays.embeddings import standardization, training_features
from clarify_errors.arrays.embeddings.standardization import Standardization, unit_rows
from clarify_errors.arrays.embeddings.training_features import NoRoom, standardized


@pytest.fixture
def features() -> NDArray[np.float32]:
    return np.random.default_rng(3).normal(size=(200, 7), loc=0.4).astype(np.float32)


@pytest.fixture
def rows() -> NDArray[np.int64]:
    return np.flatnonzero(np.arange(200) % 3)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standardization, "ROWS_AT_ONCE", 16)


@pytest.fixture
def in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_features, "IN_MEMORY", 0)


@pytest.mark.usefixtures("small_blocks")
def test_statistics_of_many_blocks_are_those_of_all_rows(
    features: NDArray[np.float32], rows: NDArray[np.int64], tmp_path: Path
) -> None:
    z, scaling = standardized(features, rows, tmp_path)
    unit = unit_rows(features[rows])
    np.testing.assert_array_equal(scaling.mean, unit.mean(axis=0, dtype=np.float64).astype(np.float32))
    np.testing.assert_array_equal(scaling.deviation, unit.std(axis=0, dtype=np.float64).astype(np.float32))
    assert z.tobytes() == scaling.apply(features[rows]).tobytes()


@pytest.mark.usefixtures("small_blocks", "in_a_file")
def test_in_a_file_they_are_the_same_to_the_bit_and_the_file_has_no_name(
    features: NDArray[np.float32], rows: NDArray[np.int64], tmp_path: Path
) -> None:
    z, scaling = standardized(features, rows, tmp_path)
    assert list(tmp_path.iterdir()) == []  # so nothing is left, not even by a process that is killed
    assert "(deleted)" in mapped(tmp_path)
    assert z.tobytes() == scaling.apply(features[rows]).tobytes()
    del z
    gc.collect()
    assert mapped(tmp_path) == ""


def mapped(folder: Path) -> str:
    """The lines of this process's memory map that lie in a folder."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    return "\n".join(line for line in lines if str(folder) in line)


@pytest.mark.usefixtures("in_a_file")
def test_a_disk_without_room_is_said_with_what_is_needed(
    features: NDArray[np.float32], rows: NDArray[np.int64], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int, offset: int, size: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(NoRoom, match=r"Training needs 0\.0 GB on the disk of .* \(No space left on device\)"):
        standardized(features, rows, tmp_path)
    with pytest.raises(NoRoom, match="No such file or directory"):
        standardized(features, rows, tmp_path / "away")


@pytest.mark.usefixtures("small_blocks")
def test_a_row_without_a_direction_is_named_by_its_place_among_all(
    features: NDArray[np.float32], rows: NDArray[np.int64], tmp_path: Path
) -> None:
    features[rows[40]] = 0
    with pytest.raises(BadArray, match="row 40 is zero"):
        standardized(features, rows, tmp_path)
    with pytest.raises(BadArray, match="no training features"):
        standardized(features, rows[:0], tmp_path)


@pytest.mark.usefixtures("small_blocks")
def test_each_block_is_a_step(features: NDArray[np.float32], rows: NDArray[np.int64], tmp_path: Path) -> None:
    steps: list[None] = []
    with after_each_step(lambda: steps.append(None)):
        standardized(features, rows, tmp_path)
    assert len(steps) == 2 * -(-len(rows) // 16)


@pytest.mark.usefixtures("small_blocks")
def test_a_dimension_that_hardly_varies_has_its_deviation_from_many_blocks() -> None:
    x = np.ones((1_000, 3))
    x[:, 1] += 1e-4 * np.random.default_rng(0).standard_normal(1_000)
    scaling = Standardization.fit(x)
    assert scaling.deviation[1] == pytest.approx(unit_rows(x)[:, 1].std(dtype=np.float64), rel=1e-6)
