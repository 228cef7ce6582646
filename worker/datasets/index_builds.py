"""Indexes in data sets' directories: opened once per process, built with the near-duplicates that each finds.

The searches that staff asked for look in them.
"""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotations.corrections.correction_candidates import embedding_space
from annotations.datasets import image_searches
from annotations.models import Dataset, ImageIndex, ImageSearch
from annotations.queue import jobs
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.datasets.dataset_files import POOL, DatasetFiles, Split
from clarify_errors.arrays.embeddings.duplicate_limits import duplicate_limit
from clarify_errors.arrays.phrases.word_forms import common_words
from clarify_errors.tensors.similarity_search.example_queries import query_of_examples
from clarify_errors.tensors.similarity_search.index_files import add_images, build_index, checked_manifest
from clarify_errors.tensors.similarity_search.index_manifest import BadIndex, Images, read_manifest
from clarify_errors.tensors.similarity_search.index_parameters import IndexParameters, choose_parameters
from clarify_errors.tensors.similarity_search.near_duplicates import near_duplicates, similarities_to_nearest
from clarify_errors.tensors.similarity_search.search_protocol import SimilaritySearch
from clarify_errors.tensors.similarity_search.segmented_index import SegmentedIndex, open_index
from worker.common import process_cache
from worker.datasets.shown_images import show
from worker.queue.due_jobs import progress_of, work_on_due

MAX_IMAGES = 5_000  # evaluation images that are looked at; of more, a sample
_SEED = 0
_OTHERS = (0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9995)


def likeness_of(dataset: Dataset, array: str, index: SimilaritySearch, tell: Progress) -> dict[str, Any]:
    """Return the limit that follows from the evaluation images, and how many of them are above it and above others.

    The same data set gives the same limit. In JSON: limit, n_looked_at, n_above as [limit, images].
    """
    files = dataset.files
    evaluation = np.flatnonzero(files.splits != Split.TRAIN)
    some = np.sort(np.random.default_rng(_SEED).permutation(evaluation)[:MAX_IMAGES])
    nearest = similarities_to_nearest(index, files.array(array), some, tell)
    limit = duplicate_limit(nearest)
    above = [[each, int((nearest > np.float32(each)).sum())] for each in sorted({limit, *_OTHERS})]
    return {"limit": limit, "n_looked_at": len(some), "n_above": above}


ARRAY = "similarity"
INDEXES = "image-indexes"  # folder in a data set's directory


def images_of(files: DatasetFiles) -> Images:
    """What tells the data set's embeddings from all others."""
    entry = files.manifest.arrays[ARRAY]
    return Images(files.manifest.encoder_of(ARRAY), entry.sha256, files.n_rows, entry.dim)


def open_index_of(dataset: Dataset, index: ImageIndex) -> SegmentedIndex:
    """Open a data set's index. Raises BadIndex, BadDataset."""
    return _open_once(settings.DATA_ROOT / index.directory, dataset, removed_from(dataset))


def _open(directory: Path, dataset: Dataset, removed: frozenset[int]) -> SegmentedIndex:
    files = dataset.files
    *before, _ = read_manifest(directory).images  # a pool's images come in parts
    last = replace(images_of(files), n_rows=files.n_rows - sum(each.n_rows for each in before))
    return open_index(directory, [*before, last], files.array(ARRAY), np.array(sorted(removed), np.int64))


_open_once = lru_cache(maxsize=4)(_open)  # files are mapped, and so cost little; each is read once to check its digest


MAX_PAIRS = 200  # that are kept to be shown
MAX_LOOKED_AT = 20_000  # evaluation images; of more, a sample
_TEXTS = 500  # that an inverted file is measured with
_MEMORY_SHARE = 2  # an index may take one in so many bytes of the memory
CGROUPS, OWN_CGROUP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def build_due_indexes() -> int:
    """Build every index that is due, one after the other; return how many ended. Raises OperationalError."""
    return work_on_due(ImageIndex, _build)


def _build(job: ImageIndex) -> None:
    dataset, tell = job.dataset, progress_of(job)
    directory, parameters, index = built_index(dataset, tell)
    likeness = likeness_of(dataset, ARRAY, index, tell)
    threshold = likeness["limit"] if job.duplicate_threshold is None else job.duplicate_threshold
    found = _duplicates(dataset, index, parameters, threshold, tell)
    measured = read_manifest(directory).measured
    image_searches.store_index(
        job,
        directory=directory.relative_to(settings.DATA_ROOT).as_posix(),
        kind=parameters.kind.value,
        recall=measured and measured.recall,
        duplicate_threshold=threshold,
        likeness=likeness,
        near_duplicates=found,
    )
    for row in removed_from(dataset):
        dataset.files.image_path(dataset.files.image_keys[row].decode()).unlink(missing_ok=True)
    # A search has those of earlier versions open, or is told to ask again.
    for other in directory.parent.iterdir():
        if other.is_dir() and other != directory:
            shutil.rmtree(other, ignore_errors=True)


def built_index(dataset: Dataset, tell: Progress) -> tuple[Path, IndexParameters, SegmentedIndex]:
    """Open the index of a data set's images, built where it is not there whole. Raises BadDataset, StorageFailed."""
    files = dataset.files
    rows, images = files.array(ARRAY), images_of(files)
    parameters = parameters_for(len(rows), rows.shape[1])
    removed = removed_from(dataset)
    build = partial(build_index, files.directory / INDEXES, rows, images, parameters, progress=tell)
    found = _of_these_or_fewer(files, images, parameters) if files.manifest.source_format == POOL else None
    directory = found or build(_texts(dataset, parameters))
    manifest = read_manifest(directory)
    if manifest.n_rows < len(rows):
        new = rows[manifest.n_rows :]
        directory = add_images(directory, new, replace(images, n_rows=len(new)), tell)
    if read_manifest(directory).is_due_for_rebuilding(len(removed)):
        directory = build(_texts(dataset, parameters), without=np.array(sorted(removed), np.int64))
    return directory, parameters, _open(directory, dataset, removed)


def removed_from(dataset: Dataset) -> frozenset[int]:
    """Return the rows that were taken out, of a pool."""
    return dataset.pool.removed if dataset.files.manifest.source_format == POOL else frozenset()


def _of_these_or_fewer(files: DatasetFiles, images: Images, parameters: IndexParameters) -> Path | None:
    """The index of most of a pool's images that is there, whole: what is new since then and what went comes after."""
    found: dict[tuple[int, int], Path] = {}
    for folder in sorted(files.directory.glob(f"{INDEXES}/*")):
        with suppress(BadIndex):
            manifest = checked_manifest(folder)
            last, n = manifest.images[-1], manifest.n_rows
            is_of_these = last.encoder == images.encoder and (n < files.n_rows or last.sha256 == images.sha256)
            if is_of_these and (manifest.parameters.kind, manifest.faiss) == (parameters.kind, faiss.__version__):
                found[n, manifest.n_absent] = folder
    return found[max(found)] if found else None


def parameters_for(n: int, dim: int) -> IndexParameters:
    """Choose the index of n images for this machine."""
    return choose_parameters(n, dim, usable_memory() // _MEMORY_SHARE, threads=faiss.omp_get_max_threads())


def usable_memory() -> int:
    """Bytes that this process may take: the machine's, or fewer where a container or a unit limits it (cgroup v2)."""
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    own = OWN_CGROUP.read_text("utf-8").partition("0::/")[2].partition("\n")[0] if OWN_CGROUP.exists() else ""
    for folder in (CGROUPS / own, *(CGROUPS / own).parents):  # a limit holds for all below it
        file = folder / "memory.max"
        said = file.read_text("ascii").strip() if file.is_file() else "max"
        limits += [int(said)] if said.isdecimal() else []
    return min(limits)


def _texts(dataset: Dataset, parameters: IndexParameters) -> NDArray[np.float32] | None:
    """Embeddings of common words, where an index must be measured with texts."""
    if parameters.is_exact:
        return None
    words = common_words()
    some = list(words[:: max(1, len(words) // _TEXTS)])
    return process_cache.text_encoder(dataset).encode_texts(some)


def _duplicates(
    dataset: Dataset, index: SegmentedIndex, parameters: IndexParameters, threshold: float, tell: Progress
) -> dict[str, Any]:
    """Evaluation images that also stand in train; nothing where the index is approximate and would miss some."""
    if not parameters.is_exact:
        return {}
    files = dataset.files
    evaluation = np.flatnonzero(files.splits != Split.TRAIN)
    looked_at = np.sort(np.random.default_rng(parameters.seed).permutation(evaluation)[:MAX_LOOKED_AT])
    found = near_duplicates(index, files.array(ARRAY), looked_at, files.splits == Split.TRAIN, threshold, tell)
    best = zip(found.images.tolist(), found.others.tolist(), found.similarities.tolist(), strict=True)
    return {
        "n_evaluation": len(evaluation),
        "n_looked_at": len(looked_at),
        "n_images": len(np.unique(found.images)),
        "n_pairs": len(found.images),
        "pairs": [list(pair) for pair, _ in zip(best, range(MAX_PAIRS), strict=False)],
    }


COUNT = 60  # images that a search finds, beside its examples


def answer_due_searches() -> int:
    """Answer every search that is due, the oldest first; return how many ended. Raises OperationalError."""
    return work_on_due(ImageSearch, _answer)


def _answer(search: ImageSearch) -> None:
    target = search.target
    examples = {row for number, row in (*search.like, *search.unlike) if number == target.pk}
    index = ImageIndex.objects.usable(target)
    if index is None:
        raise BadIndex("this data set has no index; build it")
    if embedding_space(target, ARRAY) != embedding_space(search.dataset, ARRAY):
        raise BadIndex(f"the images of {target} and {search.dataset} come from different encoders")
    query = _query(search)
    found = open_index_of(target, index).nearest(query, COUNT + len(examples))
    pairs = zip(found.rows[0].tolist(), found.similarities[0].tolist(), strict=True)
    others = [(row, value) for row, value in pairs if row >= 0 and row not in examples][:COUNT]
    seen = show(target, [row for row, _ in others])
    others = [(row, value) for row, value in others if row in seen]
    jobs.finish(
        search,
        rows=[row for row, _ in others],
        similarities=[value for _, value in others],
        is_exact=found.is_exact,
    )


def _query(search: ImageSearch) -> NDArray[np.float32]:
    """The query of the words and the examples. Raises BadArray, BadIndex, EncoderUnavailable, BadDataset."""
    like = _embeddings(search.dataset, search.like)
    if search.words:
        like = np.concatenate([process_cache.text_encoder(search.dataset).encode_texts([search.words]), like])
    return query_of_examples(like, _embeddings(search.dataset, search.unlike))


def _embeddings(dataset: Dataset, examples: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
    """Embeddings of m images of a data set or of pools, float32[m, d]."""
    found = [dataset.files.array(ARRAY)[:0]]
    datasets = Dataset.objects.in_bulk({number for number, _ in examples})
    for number, row in examples:
        of = datasets.get(number)
        if of is None or embedding_space(of, ARRAY) != embedding_space(dataset, ARRAY):
            raise BadIndex("an example is of a pool that has changed since; search again without it")
        found.append(of.files.array(ARRAY)[row : row + 1])
    return np.concatenate(found)
