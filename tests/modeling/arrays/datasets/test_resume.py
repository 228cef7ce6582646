"""An import that is killed, or that meets a full disk, continues where it was; the result is the same to the byte."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from clarify_errors.arrays.datasets.importing import row_files, shards
from clarify_errors.arrays.datasets.importing.embedding_arrays import array_encoders
from clarify_errors.arrays.datasets.importing.import_errors import ImportRefused, StorageFailed
from clarify_errors.arrays.datasets.importing.importer import import_images
from clarify_errors.arrays.datasets.importing.listings import Source
from clarify_errors.arrays.datasets.importing.sources import read_source
from clarify_errors.arrays.datasets.importing.storage import write_matrix
from tests.modeling.arrays.datasets.conftest import Import
from tests.modeling.arrays.datasets.folders import animals, write_csv_folder
from tests.modeling.arrays.datasets.pixel_encoder import PixelEncoder
from tests.support.forked import Forked


class Stop(Exception):
    pass


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def n_done(data_root: Path) -> int:
    """Images of shards whose results are whole."""
    return 4 * len(list((data_root / "datasets" / "animals").glob(".partial-*.shards/0*-*")))


@pytest.fixture(scope="module", autouse=True)
def small_shards() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shards, "BATCH_IMAGES", 4)
        patched.setattr(shards, "SHARD_IMAGES", 4)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """96 listed images, one of which cannot be read, so that rows and candidates differ."""
    root = write_csv_folder(tmp_path_factory.mktemp("flawed") / "source", animals(8))
    (root / "images" / "0-cartoon-dog-train.png").write_bytes(b"no image")
    return root


@pytest.fixture(scope="module")
def whole(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an import makes of the folder that nothing stopped."""
    source, data_root = read_source("csv", folder), tmp_path_factory.mktemp("whole")
    encoders = array_encoders(PixelEncoder())
    return contents(import_images(source, data_root, "animals", encoders=encoders, key_secret=b"secret"))


@pytest.fixture
def flawed(folder: Path, tmp_path: Path) -> Source:
    """A copy of the folder."""
    return read_source("csv", Path(shutil.copytree(folder, tmp_path / "source")))


def stop(*_: object) -> None:
    raise Stop


def stopped_after(import_to: Import, source: Source, images: int) -> None:
    def progress(stage: str, done: int, total: int) -> None:
        if stage == "embedding" and done >= images:
            raise Stop

    with pytest.raises(Stop):
        import_to(source, progress=progress)


def test_a_killed_import_continues_and_gives_the_same_bytes(
    flawed: Source, import_to: Import, whole: dict[str, bytes], encoder: PixelEncoder, tmp_path: Path
) -> None:
    killed_root = tmp_path / "killed"
    said, arguments = tmp_path / "importing.log", (str(flawed.root), str(killed_root))
    process = Forked("import tests.modeling.arrays.datasets.slow_import", arguments, os.environ, (said, said))
    deadline = time.monotonic() + 60
    while n_done(killed_root) < 40:
        assert process.poll() is None, "the import ended before it could be killed"
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL

    resumed = import_to(flawed, data_root=killed_root)
    assert 0 < encoder.n_encoded <= 96 - 40
    assert contents(resumed) == whole
    assert sorted(path.name for path in resumed.parent.iterdir()) == [".import.lock", resumed.name]


@pytest.mark.parametrize("images", [0, 4, 48, 96])
def test_an_import_stopped_anywhere_embeds_only_the_rest(
    flawed: Source, import_to: Import, whole: dict[str, bytes], encoder: PixelEncoder, images: int
) -> None:
    stopped_after(import_to, flawed, images)
    resumed = import_to(flawed)
    assert encoder.n_encoded == 95
    assert contents(resumed) == whole


def test_progress_of_a_continued_import_starts_where_it_stopped(flawed: Source, import_to: Import) -> None:
    stopped_after(import_to, flawed, 48)
    seen: list[tuple[str, int]] = []
    import_to(flawed, progress=lambda stage, done, total: seen.append((stage, done)))
    assert next(done for stage, done in seen if stage == "embedding") == 48


def test_thumbnails_that_a_power_cut_took_are_made_again(
    flawed: Source, import_to: Import, whole: dict[str, bytes], tmp_path: Path
) -> None:
    stopped_after(import_to, flawed, 48)
    missing, empty, cut = sorted((tmp_path / "data").rglob("*.webp"))[:3]
    missing.unlink()
    empty.write_bytes(b"")
    cut.write_bytes(cut.read_bytes()[:-9])
    assert contents(import_to(flawed)) == whole


def test_another_secret_starts_anew(flawed: Source, import_to: Import, encoder: PixelEncoder, tmp_path: Path) -> None:
    stopped_after(import_to, flawed, 48)
    encoder.n_encoded = 0
    resumed = import_to(flawed, key_secret=b"rotated")
    assert encoder.n_encoded == 95
    assert contents(resumed) == contents(import_to(flawed, key_secret=b"rotated", data_root=tmp_path / "whole"))


def test_a_source_that_changed_meanwhile_starts_anew(flawed: Source, import_to: Import, encoder: PixelEncoder) -> None:
    stopped_after(import_to, flawed, 48)
    (flawed.root / "images" / "0-cartoon-dog-train.png").write_bytes(b"still no image")
    encoder.n_encoded = 0
    import_to(flawed)
    assert encoder.n_encoded == 95


@pytest.mark.parametrize("change", [lambda path: path.write_bytes(b"changed"), Path.unlink])
def test_an_image_that_changes_during_the_import_stops_it(
    flawed: Source, import_to: Import, change: Callable[[Path], object]
) -> None:
    last = next(image for image in flawed.images if image.filename == "images/0-photograph-horse-test.png")

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "embedding" and done == 0:
            change(flawed.root / last.filename)

    with pytest.raises(ImportRefused, match="changed during the import"):
        import_to(flawed, progress=progress)


def test_a_full_disk_is_one_sentence_and_the_import_continues_later(
    flawed: Source, import_to: Import, whole: dict[str, bytes], encoder: PixelEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_after(import_to, flawed, 48)

    def on_full_disk(path: Path, dim: int, blocks: Iterable[NDArray[np.float32]]) -> None:
        write_matrix(Path("/dev/full"), dim, blocks)

    with monkeypatch.context() as full:
        full.setattr(shards, "write_matrix", on_full_disk)
        with pytest.raises(StorageFailed, match="cannot be written: No space left on device; free some space and"):
            import_to(flawed)
    resumed = import_to(flawed)
    assert encoder.n_encoded == 95 + 4
    assert contents(resumed) == whole


def test_a_place_that_cannot_be_written_is_named(flawed: Source, import_to: Import, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageFailed, match="cannot be written: Not a directory; make it writable"):
        import_to(flawed, data_root=tmp_path / "file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(flawed: Source, import_to: Import, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(StorageFailed, match="cannot be written: Permission denied"):
        import_to(flawed, data_root=tmp_path / "locked")


@pytest.mark.parametrize("text", ["{", "{}\n"])
def test_a_plan_that_makes_no_sense_begins_anew(
    flawed: Source, import_to: Import, whole: dict[str, bytes], tmp_path: Path, text: str
) -> None:
    stopped_after(import_to, flawed, 48)
    next((tmp_path / "data").rglob(shards.PLAN)).write_text(text)
    assert contents(import_to(flawed)) == whole


def test_an_import_that_ends_while_its_directory_is_made_embeds_nothing_again(
    flawed: Source, import_to: Import, whole: dict[str, bytes], encoder: PixelEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as ending:
        ending.setattr(row_files, "report_csv", stop)
        with pytest.raises(Stop):
            import_to(flawed)
    resumed = import_to(flawed)
    assert encoder.n_encoded == 95
    assert contents(resumed) == whole


def test_a_matrix_that_is_written_in_blocks_is_the_npy_file_of_numpy(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    write_matrix(tmp_path / "rows.npy", 5, [rows[:3], rows[3:3], rows[3:]])
    np.save(tmp_path / "numpy.npy", rows)
    assert (tmp_path / "rows.npy").read_bytes() == (tmp_path / "numpy.npy").read_bytes()
