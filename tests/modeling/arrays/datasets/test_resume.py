"""An import that is killed, or that meets a full disk, continues where it was; the result is the same to the byte."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from modeling.arrays.datasets.importing import partial
from modeling.arrays.datasets.importing.import_errors import ImportRefused, StorageFailed
from modeling.arrays.datasets.importing.sources import Source, read_source
from modeling.arrays.datasets.importing.storage import RowFile
from tests.modeling.arrays.datasets.conftest import Import
from tests.modeling.arrays.datasets.folders import animals, write_csv_folder
from tests.modeling.arrays.datasets.pixel_encoder import PixelEncoder

ROOT = Path(__file__).resolve().parents[4]
SLOW_IMPORT = Path(__file__).with_name("slow_import.py")


class Stop(Exception):
    pass


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def record_of(data_root: Path) -> Path | None:
    return next(iter((data_root / "datasets" / "animals").glob(".partial-*.json")), None)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partial, "BATCH_IMAGES", 4)


@pytest.fixture
def flawed(tmp_path: Path) -> Source:
    """96 listed images, one of which cannot be read, so that rows and candidates differ."""
    root = write_csv_folder(tmp_path / "source", animals(8))
    (root / "images" / "0-cartoon-dog-train.png").write_bytes(b"no image")
    return read_source("csv", root)


def stopped_after(import_to: Import, source: Source, images: int) -> None:
    def progress(stage: str, done: int, total: int) -> None:
        if stage == "embedding" and done >= images:
            raise Stop

    with pytest.raises(Stop):
        import_to(source, progress=progress)


def test_a_killed_import_continues_and_gives_the_same_bytes(
    flawed: Source, import_to: Import, encoder: PixelEncoder, tmp_path: Path
) -> None:
    killed_root = tmp_path / "killed"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, SLOW_IMPORT, flawed.root, killed_root], env=environment)
    deadline = time.monotonic() + 60
    done = 0
    while done < 40:
        assert process.poll() is None, "the import ended before it could be killed"
        assert time.monotonic() < deadline
        record = record_of(killed_root)
        done = json.loads(record.read_bytes())["done"] if record else 0
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL

    resumed = import_to(flawed, data_root=killed_root)
    assert 0 < encoder.n_encoded <= 96 - 40
    assert contents(resumed) == contents(import_to(flawed, data_root=tmp_path / "whole"))
    assert sorted(path.name for path in resumed.parent.iterdir()) == [".import.lock", resumed.name]


@pytest.mark.parametrize("images", [0, 4, 48, 96])
def test_an_import_stopped_anywhere_embeds_only_the_rest(
    flawed: Source, import_to: Import, encoder: PixelEncoder, tmp_path: Path, images: int
) -> None:
    stopped_after(import_to, flawed, images)
    resumed = import_to(flawed)
    assert encoder.n_encoded == 95
    assert contents(resumed) == contents(import_to(flawed, data_root=tmp_path / "whole"))


def test_progress_of_a_continued_import_starts_where_it_stopped(flawed: Source, import_to: Import) -> None:
    stopped_after(import_to, flawed, 48)
    seen: list[tuple[str, int]] = []
    import_to(flawed, progress=lambda stage, done, total: seen.append((stage, done)))
    assert next(done for stage, done in seen if stage == "embedding") == 48


def test_thumbnails_that_a_power_cut_took_are_made_again(flawed: Source, import_to: Import, tmp_path: Path) -> None:
    stopped_after(import_to, flawed, 48)
    missing, empty, cut = sorted((tmp_path / "data").rglob("*.webp"))[:3]
    missing.unlink()
    empty.write_bytes(b"")
    cut.write_bytes(cut.read_bytes()[:-9])
    assert contents(import_to(flawed)) == contents(import_to(flawed, data_root=tmp_path / "whole"))


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
            change(last.path)

    with pytest.raises(ImportRefused, match="changed during the import"):
        import_to(flawed, progress=progress)


def test_a_full_disk_is_one_sentence_and_the_import_continues_later(
    flawed: Source, import_to: Import, encoder: PixelEncoder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stopped_after(import_to, flawed, 48)
    rows = next((tmp_path / "data" / "datasets" / "animals").glob(".partial-*/similarity.npy"))
    written = rows.read_bytes()
    rows.unlink()
    rows.symlink_to("/dev/full")
    with pytest.raises(
        StorageFailed, match=r"similarity\.npy cannot be written: No space left on device; free some space and"
    ):
        import_to(flawed)
    rows.unlink()
    rows.write_bytes(written)
    resumed = import_to(flawed)
    assert contents(resumed) == contents(import_to(flawed, data_root=tmp_path / "whole"))


def test_a_place_that_cannot_be_written_is_named(flawed: Source, import_to: Import, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageFailed, match="cannot be written: Not a directory; make it writable"):
        import_to(flawed, data_root=tmp_path / "file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(flawed: Source, import_to: Import, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(StorageFailed, match="cannot be written: Permission denied"):
        import_to(flawed, data_root=tmp_path / "locked")


def test_a_record_that_makes_no_sense_is_named(flawed: Source, import_to: Import, tmp_path: Path) -> None:
    stopped_after(import_to, flawed, 48)
    record = record_of(tmp_path / "data")
    assert record is not None
    record.write_text("{")
    with pytest.raises(ImportRefused, match="progress is damaged"):
        import_to(flawed)


def test_a_row_file_is_the_npy_file_of_numpy(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32)
    file = RowFile(tmp_path / "rows.npy", 5)
    file.write(0, rows[:3])
    file.write(3, rows[3:5])
    file.write(3, rows[3:])
    file.finish(6)
    np.save(tmp_path / "numpy.npy", rows[:6])
    assert (tmp_path / "rows.npy").read_bytes() == (tmp_path / "numpy.npy").read_bytes()
