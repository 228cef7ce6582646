"""Indexes as directories: built file by file, published whole, checked when they are opened.

A build that is interrupted goes on after its last finished file. A directory never changes once it is published: an
addition or a removal makes another one, which shares the old files.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.digests import file_sha256
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.common.progress import Progress, silent
from clarify_errors.arrays.datasets.importing.storage import json_bytes, only_import, publish, replace_durably, storing
from clarify_errors.tensors.similarity_search.index_manifest import (
    MANIFEST,
    BadIndex,
    Images,
    IndexManifest,
    SegmentEntry,
    read_manifest,
)
from clarify_errors.tensors.similarity_search.index_parameters import IndexParameters
from clarify_errors.tensors.similarity_search.partitioned_segment import Partition
from clarify_errors.tensors.similarity_search.recall import Measured, build_segment, train_better
from clarify_errors.tensors.similarity_search.staged_files import RECORD, StagedFiles, write_index

PARTITION, MEANS, ABSENT = "partition.faiss", "means.npy", "absent.npy"
NO_ROWS: NDArray[np.int64] = np.empty(0, np.int64)
_BUILD = "build of an index of these images"


def build_index(
    parent: Path,
    rows: NDArray[np.float32],
    images: Images,
    parameters: IndexParameters,
    texts: NDArray[np.float32] | None = None,
    progress: Progress = silent,
    without: NDArray[np.int64] = NO_ROWS,
) -> Path:
    """Build an index of images, or go on with a build that was interrupted.

    Parameters
    ----------
    parent : pathlib.Path
        Folder of the directory that is made; its name follows from images and parameters.
    rows : float32 ndarray of shape (n, d)
        Unit rows; they may be memory-mapped.
    images : Images
        What the rows are.
    parameters : IndexParameters
    texts : float32 ndarray of shape (t, d), optional
        Unit rows of at least two texts, for an inverted file.
    progress : Progress, default silent
    without : int64 ndarray of shape (r,), optional
        Rows that it never finds, in ascending order; some others are left.

    Returns
    -------
    pathlib.Path
        The directory, for `open_index`. If it is there already and whole, nothing is built.

    Raises
    ------
    BadArray
        If rows, or texts, do not fit.
    ImportRunning
        If another process builds an index in `parent`.
    StorageFailed
        If a file cannot be written. What was there stays.
    """
    if rows.shape != (images.n_rows, images.dim):
        raise BadArray(f"there must be {images.n_rows} rows of {images.dim} dimensions, not {rows.shape}")
    if not parameters.is_exact and (texts is None or len(texts) < 2):
        raise BadArray("an inverted file needs at least two texts, to measure its recall")
    plan: dict[str, Any] = {"images": asdict(images), "parameters": asdict(parameters), "faiss": faiss.__version__}
    if len(without):
        plan["without"] = sha256(without.tobytes()).hexdigest()
    directory = parent / sha256(json_bytes(plan)).hexdigest()[:24]
    with only_import(parent, _BUILD), _threads(parameters.threads):
        if _is_whole(directory):
            return directory
        staged = _staging(directory)
        partition, measured = (None, None) if parameters.is_exact else _trained(staged, rows, texts, parameters)
        segments = _segments(staged, rows, parameters, partition, progress, without=without)
        if len(without):
            staged.store(ABSENT, partial(_save, without))
        made_of = ((images,), parameters, measured, faiss.__version__, segments, staged.digests)
        manifest = IndexManifest(*made_of, len(without))
        return _published(staged.folder, directory, manifest)


def add_images(directory: Path, rows: NDArray[np.float32], images: Images, progress: Progress = silent) -> Path:
    """Make an index of an index's images and more of them, which become new segments.

    Parameters
    ----------
    directory : pathlib.Path
        It stays as it is.
    rows : float32 ndarray of shape (m, d)
    images : Images
        What the new rows are: of the same encoder and dimension.
    progress : Progress, default silent

    Returns
    -------
    pathlib.Path
        The new directory, beside the other.

    Raises
    ------
    BadIndex, BadArray, ImportRunning, StorageFailed
        As `open_index` and `build_index` do.
    """
    manifest = checked_manifest(directory)
    _check_encoder(directory, manifest, images)
    if rows.shape != (images.n_rows, images.dim):
        raise BadArray(f"there must be {images.n_rows} rows of {images.dim} dimensions, not {rows.shape}")
    new = _beside(directory, {"added": asdict(images)})
    with only_import(directory.parent, _BUILD), _threads(manifest.parameters.threads):
        staged = _staging(new)
        names = _linked(directory, staged.folder, manifest)
        partition = None if manifest.parameters.is_exact else read_partition(directory)
        added = _segments(staged, rows, manifest.parameters, partition, progress, manifest.segments)
        files = {**names, **staged.digests}
        return _published(
            staged.folder,
            new,
            replace(manifest, images=(*manifest.images, images), segments=(*manifest.segments, *added), files=files),
        )


def checked_manifest(directory: Path) -> IndexManifest:
    """Read the manifest of an index, and check the digest of every file.

    FAISS reads no file before this.

    Parameters
    ----------
    directory : pathlib.Path

    Returns
    -------
    IndexManifest

    Raises
    ------
    BadIndex
        If a file is missing, changed or not named in the manifest.
    """
    manifest = read_manifest(directory)
    needed = {segment.file for segment in manifest.segments}
    needed |= set() if manifest.parameters.is_exact else {PARTITION, MEANS}
    needed |= {ABSENT} if manifest.n_absent else set()
    n_rows = [segment.n_rows for segment in manifest.segments]
    first_rows = [segment.first_row for segment in manifest.segments]
    if not needed <= set(manifest.files) or any(Path(name).name != name for name in manifest.files):
        raise BadIndex(f"{directory / MANIFEST} does not list its files")
    if sum(n_rows) != manifest.n_rows or first_rows != [sum(n_rows[:k]) for k in range(len(n_rows))]:
        raise BadIndex(f"{directory / MANIFEST} lists segments that do not have {manifest.n_rows} images")
    for name, digest in manifest.files.items():
        try:
            if file_sha256(directory / name) != digest:
                raise BadIndex(f"{directory / name} changed since it was built; build the index again")
        except OSError as error:
            raise BadIndex(f"{directory / name}: {error.strerror}; build the index again") from error
    return manifest


def read_partition(directory: Path) -> Partition:
    """Read the trained lists of an inverted file whose digests were checked.

    Parameters
    ----------
    directory : pathlib.Path
        Of the index, or of the staged files of its build.

    Returns
    -------
    Partition
        Without images.
    """
    image_mean, text_mean = np.load(directory / MEANS, allow_pickle=False)
    return Partition(faiss.read_index(str(directory / PARTITION)), image_mean, text_mean)


def _check_encoder(directory: Path, manifest: IndexManifest, images: Images) -> None:
    first = manifest.images[0]
    if images.encoder != first.encoder or images.dim != first.dim:
        raise BadIndex(f"{directory} is an index of embeddings of another encoder")


def _trained(
    staged: StagedFiles, rows: NDArray[np.float32], texts: NDArray[np.float32] | None, parameters: IndexParameters
) -> tuple[Partition, Measured]:
    facts = staged.facts(PARTITION)
    if facts is not None and staged.facts(MEANS) is not None:
        return read_partition(staged.folder), Measured(**facts["measured"])
    assert texts is not None, "build_index has checked it"
    sample = np.random.default_rng(parameters.seed).permutation(len(rows))[: parameters.sample_rows]
    partition, measured = train_better(rows, np.sort(sample), texts, parameters)
    means = np.stack([partition.image_mean, partition.text_mean])
    staged.store(MEANS, partial(_save, means))
    staged.store(PARTITION, partial(write_index, partition.index), measured=asdict(measured))
    return partition, measured


def _segments(
    staged: StagedFiles,
    rows: NDArray[np.float32],
    parameters: IndexParameters,
    partition: Partition | None,
    progress: Progress,
    after: Sequence[SegmentEntry] = (),
    without: NDArray[np.int64] = NO_ROWS,
) -> tuple[SegmentEntry, ...]:
    """Build the segments that are not finished; `after` those that are there already."""
    before = sum(segment.n_rows for segment in after)
    entries: list[SegmentEntry] = []
    for start in range(0, len(rows), parameters.segment_rows):
        name = f"segment-{len(after) + len(entries):04d}.faiss"
        some = rows[start : start + parameters.segment_rows]
        facts = staged.facts(name)
        if facts is None:
            left = rows_left(without, start, len(some))
            chosen = some if len(left) == len(some) else some[left]
            index, error = build_segment(chosen, parameters, partition)
            facts = staged.store(name, partial(write_index, index), largest_error=error)
        entries.append(SegmentEntry(name, before + start, len(some), facts["largest_error"]))
        progress("indexing", start + len(some), len(rows))
    return tuple(entries)


def rows_left(without: NDArray[np.int64], start: int, n: int) -> NDArray[np.int64]:
    """Return the rows of a segment that are in its index, from its first one.

    Parameters
    ----------
    without : int64 ndarray of shape (m,)
        Rows of the images that are in no index.
    start, n : int
        First row of the segment, and how many it has.

    Returns
    -------
    int64 ndarray of shape (k,)
    """
    inside = without[(without >= start) & (without < start + n)] - start
    return np.setdiff1d(np.arange(n), inside, assume_unique=True)


def _staging(directory: Path) -> StagedFiles:
    folder = directory.with_name(directory.name + ".partial")
    with storing(folder):
        folder.mkdir(exist_ok=True)
    return StagedFiles(folder)


def _linked(old: Path, folder: Path, manifest: IndexManifest) -> dict[str, str]:
    for name in manifest.files:
        with storing(folder / name):
            (folder / name).unlink(missing_ok=True)
            os.link(old / name, folder / name)
    return dict(manifest.files)


def _published(folder: Path, directory: Path, manifest: IndexManifest) -> Path:
    replace_durably(folder / MANIFEST, manifest.to_json().encode())
    with storing(folder):
        (folder / RECORD).unlink(missing_ok=True)
        if directory.exists():  # damaged, or it would not have been built again
            shutil.rmtree(directory)
    publish(folder, directory)
    return directory


def _is_whole(directory: Path) -> bool:
    try:
        checked_manifest(directory)
    except BadIndex:
        return False
    return True


def _beside(directory: Path, change: dict[str, Any]) -> Path:
    return directory.with_name(sha256(json_bytes({"of": directory.name, **change})).hexdigest()[:24])


def _save(array: NDArray[Any], path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(count)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
