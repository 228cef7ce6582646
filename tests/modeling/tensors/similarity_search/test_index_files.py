"""An index on the disk: resumed, published whole, checked when it is opened."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np
import pytest

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.datasets.importing.import_errors import ImportRunning
from clarify_errors.arrays.datasets.importing.storage import only_import
from clarify_errors.tensors.similarity_search.index_files import add_images, build_index
from clarify_errors.tensors.similarity_search.index_manifest import MANIFEST, BadIndex, Images, read_manifest
from clarify_errors.tensors.similarity_search.index_parameters import IndexKind, IndexParameters
from clarify_errors.tensors.similarity_search.segmented_index import open_index
from tests.modeling.tensors.similarity_search.indexes import EXACT, every_similarity, unit

N, D, PART = 250, 16, 100
IMAGES, TEXTS = unit(N, D, 0), unit(7, D, 1)
WHAT = Images({"spec": "one"}, "a" * 64, N, D)
every_kind = pytest.mark.parametrize("kind", EXACT)


def parameters(kind: IndexKind = IndexKind.FLAT) -> IndexParameters:
    return IndexParameters(kind, PART, 0, 1)


def build(parent: Path, kind: IndexKind = IndexKind.FLAT) -> Path:
    return build_index(parent, IMAGES, WHAT, parameters(kind))


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@every_kind
def test_segments_answer_as_one(tmp_path: Path, kind: IndexKind) -> None:
    index, every = open_index(build(tmp_path, kind), [WHAT], IMAGES), every_similarity(IMAGES, TEXTS)
    np.testing.assert_array_equal(index.nearest(TEXTS, 30).rows, np.argsort(-every, axis=1, kind="stable")[:, :30])
    for rows, of_text in zip(index.above(TEXTS, np.full(7, 0.2)), every, strict=True):
        np.testing.assert_array_equal(rows, np.flatnonzero(of_text > np.float32(0.2)))


def test_the_manifest_says_what_the_index_was_made_of(tmp_path: Path) -> None:
    manifest = read_manifest(build(tmp_path, IndexKind.SQ8))
    assert manifest.images == (WHAT,)
    assert (manifest.parameters, manifest.faiss) == (parameters(IndexKind.SQ8), faiss.__version__)
    assert [(entry.first_row, entry.n_rows) for entry in manifest.segments] == [(0, 100), (100, 100), (200, 50)]
    assert all(0 < entry.largest_error < 0.05 for entry in manifest.segments)


@every_kind
def test_the_same_build_gives_the_same_bytes_with_any_number_of_threads(tmp_path: Path, kind: IndexKind) -> None:
    first = contents(build(tmp_path / "one", kind))
    second = contents(build_index(tmp_path / "two", IMAGES, WHAT, replace(parameters(kind), threads=2)))
    assert {name: data for name, data in first.items() if name != MANIFEST} == {
        name: data for name, data in second.items() if name != MANIFEST
    }


def test_what_is_there_is_not_built_again(tmp_path: Path) -> None:
    directory = build(tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in directory.iterdir()}
    assert build(tmp_path) == directory
    assert {path.name: path.stat().st_mtime_ns for path in directory.iterdir()} == before


# Kills itself as soon as the second segment is on the disk.
KILLED = """
import os, signal, sys
from pathlib import Path
from clarify_errors.tensors.similarity_search.index_files import build_index
from tests.modeling.tensors.similarity_search.test_index_files import IMAGES, WHAT, parameters

def progress(stage, done, total):
    if done == 200:
        os.kill(os.getpid(), signal.SIGKILL)

build_index(Path(sys.argv[1]), IMAGES, WHAT, parameters(), progress=progress)
"""


def test_a_build_that_was_killed_goes_on_where_it_stopped(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "killed")], check=False)
    assert done.returncode == -signal.SIGKILL
    [staging] = [path for path in (tmp_path / "killed").iterdir() if path.is_dir()]
    assert staging.name.endswith(".partial")
    finished = {name: (staging / name).stat().st_mtime_ns for name in ("segment-0000.faiss", "segment-0001.faiss")}
    directory = build(tmp_path / "killed")
    assert {name: (directory / name).stat().st_mtime_ns for name in finished} == finished
    assert contents(directory) == contents(build(tmp_path / "whole"))


def test_a_finished_file_that_was_damaged_meanwhile_is_built_again(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "killed")], check=False)
    [staging] = [path for path in (tmp_path / "killed").iterdir() if path.is_dir()]
    (staging / "segment-0000.faiss").write_bytes(b"")
    (staging / "segment-0001.faiss").unlink()
    assert contents(build(tmp_path / "killed")) == contents(build(tmp_path / "whole"))
    shutil.rmtree(tmp_path / "killed")


# A file size limit stands for a full disk.
FULL = """
import resource, signal, sys
from pathlib import Path
from clarify_errors.tensors.similarity_search.index_files import build_index
from tests.modeling.tensors.similarity_search.test_index_files import IMAGES, WHAT, parameters

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    build_index(Path(sys.argv[1]), IMAGES, WHAT, parameters())
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize("size", [0, 100, 3_000])
def test_a_full_disk_is_a_sentence_and_leaves_what_was_there(tmp_path: Path, size: int) -> None:
    other = add_images(build(tmp_path), unit(30, D, 5), Images(WHAT.encoder, "b" * 64, 30, D))
    shutil.rmtree(build(tmp_path))
    before = contents(other)
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path), str(size)], check=True, capture_output=True, text=True
    )
    assert done.stdout.startswith("StorageFailed ")
    assert "free some space and " in done.stdout
    assert contents(other) == before
    assert contents(build(tmp_path)) == contents(build(tmp_path / "whole"))


def test_two_builds_at_once_are_refused(tmp_path: Path) -> None:
    with only_import(tmp_path), pytest.raises(ImportRunning, match="another build"):
        build(tmp_path)


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("damage", [truncate, flip, Path.unlink])
def test_a_damaged_file_is_refused_before_faiss_reads_it_and_built_again(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    directory = build(tmp_path)
    damage(directory / "segment-0001.faiss")
    with pytest.raises(BadIndex, match=r"segment-0001\.faiss.*build the index again"):
        open_index(directory, [WHAT], IMAGES)
    assert build(tmp_path) == directory
    assert len(open_index(directory, [WHAT], IMAGES)) == N


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"format": 2}', '{"format": 1, "images": 3}', "\x00"])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    directory = build(tmp_path)
    (directory / MANIFEST).write_text(text)
    with pytest.raises(BadIndex, match="is not the manifest of an index"):
        open_index(directory, [WHAT], IMAGES)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"files": {}}, "does not list its files"),
        ({"files": {"../segment-0000.faiss": "0"}}, "does not list its files"),
        ({"segments": []}, "segments that do not have 250 images"),
    ],
)
def test_a_manifest_that_lists_other_files_is_refused(tmp_path: Path, change: dict[str, object], message: str) -> None:
    directory = build(tmp_path)
    fields = json.loads((directory / MANIFEST).read_text())
    (directory / MANIFEST).write_text(json.dumps({**fields, **change}))
    with pytest.raises(BadIndex, match=message):
        open_index(directory, [WHAT], IMAGES)


def test_an_index_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadIndex, match="No such file"):
        open_index(tmp_path / "none", [WHAT], IMAGES)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (replace(WHAT, encoder={"spec": "two"}), "of another encoder"),
        (replace(WHAT, encoder=None), "of another encoder"),
        (replace(WHAT, sha256="b" * 64), "of other images"),
        (replace(WHAT, n_rows=249), "of other images"),
    ],
)
def test_an_index_of_something_else_is_refused(tmp_path: Path, images: Images, message: str) -> None:
    directory = build(tmp_path)
    with pytest.raises(BadIndex, match=message):
        open_index(directory, [images], IMAGES[: images.n_rows])


def test_embeddings_that_lack_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadIndex, match="do not have the rows"):
        open_index(build(tmp_path), [WHAT], IMAGES[:-1])
    with pytest.raises(BadArray, match="250 rows of 16 dimensions"):
        build_index(tmp_path, IMAGES[:-1], WHAT, parameters())


@every_kind
def test_additions_are_new_segments_and_removals_are_never_found(tmp_path: Path, kind: IndexKind) -> None:
    directory, new = build(tmp_path, kind), unit(30, D, 5)
    more, removed = Images(WHAT.encoder, "b" * 64, 30, D), np.array([0, 99, 249, 260])
    before = contents(directory)
    index = open_index(add_images(directory, new, more), [WHAT, more], np.concatenate([IMAGES, new]), removed)
    every = every_similarity(np.concatenate([IMAGES, new]), TEXTS)
    every[:, removed] = -np.inf
    assert len(index) == 276
    np.testing.assert_array_equal(index.nearest(TEXTS, 276).rows, np.argsort(-every, axis=1, kind="stable")[:, :276])
    for rows, of_text in zip(index.above(TEXTS, np.zeros(7)), every, strict=True):
        np.testing.assert_array_equal(rows, np.flatnonzero(of_text > 0))
    assert contents(directory) == before


def test_an_index_is_due_for_rebuilding_when_more_than_a_tenth_is_removed(tmp_path: Path) -> None:
    directory = build(tmp_path)
    assert not read_manifest(directory).is_due_for_rebuilding(25)
    assert read_manifest(directory).is_due_for_rebuilding(26)


@every_kind
def test_an_index_that_is_built_without_some_images_never_has_them_and_keeps_the_others_rows(
    tmp_path: Path, kind: IndexKind
) -> None:
    absent = np.unique([*range(3, 250, 9), *range(100, 200)])  # of the second segment all
    directory = build_index(tmp_path, IMAGES, WHAT, parameters(kind), without=absent)
    manifest = read_manifest(directory)
    assert manifest.n_absent == len(absent) and not manifest.is_due_for_rebuilding(len(absent))
    assert directory != build(tmp_path, kind)
    sizes = {path.name: path.stat().st_size for path in directory.glob("segment-*")}
    assert sizes["segment-0001.faiss"] < sizes["segment-0002.faiss"] < sizes["segment-0000.faiss"]
    new, more = unit(30, D, 5), Images(WHAT.encoder, "b" * 64, 30, D)
    changed, removed = add_images(directory, new, more), np.array([0, 249, 255])
    every = every_similarity(np.concatenate([IMAGES, new]), TEXTS)
    every[:, [*absent, 0, 249, 255]] = -np.inf
    index = open_index(changed, [WHAT, more], np.concatenate([IMAGES, new]), removed)
    left = int(np.isfinite(every[0]).sum())
    assert len(index) == left
    np.testing.assert_array_equal(index.nearest(TEXTS, left).rows, np.argsort(-every, axis=1, kind="stable")[:, :left])
    for rows, of_text in zip(index.above(TEXTS, np.zeros(7)), every, strict=True):
        np.testing.assert_array_equal(rows, np.flatnonzero(of_text > 0))


def test_images_of_another_encoder_are_not_added(tmp_path: Path) -> None:
    with pytest.raises(BadIndex, match="another encoder"):
        add_images(build(tmp_path), IMAGES, replace(WHAT, encoder={"spec": "two"}))


@pytest.mark.parametrize(("rows", "message"), [([-1], "between 0 and 249"), ([250], "between"), (range(N), "no image")])
def test_rows_that_are_not_there_are_not_removed(tmp_path: Path, rows: list[int], message: str) -> None:
    with pytest.raises(BadArray, match=message):
        open_index(build(tmp_path), [WHAT], IMAGES, np.array(rows))
