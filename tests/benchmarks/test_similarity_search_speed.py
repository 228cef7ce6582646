"""`make bench`: each type of index against FAISS's flat index, set well, in the same run; one thread each.

Texts lie apart from the images, as those of CLIP-like encoders do. Recall is the share found of the 100 nearest, over
all texts.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from clarify_errors.arrays.embeddings.standardization import unit_rows
from clarify_errors.tensors.similarity_search.index_files import build_index
from clarify_errors.tensors.similarity_search.index_manifest import Images
from clarify_errors.tensors.similarity_search.index_parameters import (
    FLAT_ROWS,
    IndexKind,
    IndexParameters,
    inverted_file,
)
from clarify_errors.tensors.similarity_search.recall import recall
from clarify_errors.tensors.similarity_search.segmented_index import SegmentedIndex, open_index

Rows = NDArray[np.float32]
SIZES, D, COUNT, SHARE_ABOVE = (10**5, 10**6), 768, 100, 0.01
CLUSTERS, RANK, GAP = 200, 48, 1.5
sizes = pytest.mark.parametrize("n", SIZES)
several = pytest.mark.parametrize("k", (1, 50))
pytestmark = pytest.mark.timeout(3_600)  # k-means for an inverted file of a million images takes many minutes


def points(n: int, seed: int, side: float) -> Rows:
    """n rows around clusters of low rank, on one side of a gap."""
    shared = np.random.default_rng(0)
    base = shared.standard_normal((RANK, D), dtype=np.float32) / RANK**0.5
    centres = 2 * shared.standard_normal((CLUSTERS, RANK), dtype=np.float32)
    gap = shared.standard_normal(D, dtype=np.float32)
    rng, made = np.random.default_rng(seed), np.empty((n, D), np.float32)
    for start in range(0, n, 10**5):
        m = min(10**5, n - start)
        latent = centres[rng.integers(0, CLUSTERS, m)] + rng.standard_normal((m, RANK), dtype=np.float32)
        made[start : start + m] = unit_rows(
            latent @ base + rng.standard_normal((m, D), dtype=np.float32) + side * GAP * gap
        )
    return made


@lru_cache(maxsize=1)
def images_of(n: int) -> Rows:
    return points(n, 1, 1)


TEXTS = points(50, 2, -1)
OTHER_TEXTS = points(100, 3, -1)  # that an inverted file is trained and measured with


@lru_cache(maxsize=2)
def expected(n: int) -> tuple[NDArray[np.int64], Rows]:
    """The nearest rows of each text, and the threshold that a share of the images pass."""
    images = images_of(n)
    some = images[:: max(1, n // 10**5)]
    thresholds = np.quantile(TEXTS @ some.T, 1 - SHARE_ABOVE, axis=1).astype(np.float32)
    _, nearest = faiss.knn(TEXTS, images, COUNT, metric=faiss.METRIC_INNER_PRODUCT)
    return nearest, thresholds


_HELD: dict[tuple[str, int], Any] = {}


def held(what: str, n: int, make: Callable[[], Any]) -> Any:
    """One index at a time: a flat one of a million images takes three gigabytes, beside the images and a build."""
    if (what, n) not in _HELD:
        _HELD.clear()
        _HELD[what, n] = make()
    return _HELD[what, n]


def index_of(kind: IndexKind, n: int, folder: Path) -> SegmentedIndex:
    parameters = inverted_file(n, D) if kind is IndexKind.IVF_PQ else IndexParameters(kind, FLAT_ROWS, 0, 1)
    what = Images(None, "0" * 64, n, D)

    def make() -> SegmentedIndex:
        directory = build_index(folder, images_of(n), what, parameters, OTHER_TEXTS)
        return open_index(directory, [what], images_of(n))

    index: SegmentedIndex = held(kind.value, n, make)
    return index


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("indexes")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    yield
    faiss.omp_set_num_threads(before)


def faiss_flat(n: int) -> Any:
    def make() -> Any:
        flat = faiss.IndexFlatIP(D)
        flat.add(images_of(n))
        return flat

    return held("faiss", n, make)


def words(what: str, k: int, n: int) -> str:
    return f"{what} among {n:,} images, {k} {'text' if k == 1 else 'texts'}"


@sizes
@several
def test_nearest_faiss_flat(benchmark: Any, n: int, k: int) -> None:
    benchmark.group = words(f"the {COUNT} nearest", k, n)
    benchmark.extra_info["baseline"] = True
    benchmark.pedantic(faiss_flat(n).search, (TEXTS[:k], COUNT), rounds=3, warmup_rounds=1)


@sizes
@several
def test_above_faiss_flat(benchmark: Any, n: int, k: int) -> None:
    """One threshold for all texts, which is all that faiss takes: it is that of the first."""
    benchmark.group = words("all above a threshold", k, n)
    benchmark.extra_info["baseline"] = True
    benchmark.pedantic(faiss_flat(n).range_search, (TEXTS[:k], float(expected(n)[1][0])), rounds=3, warmup_rounds=1)


@sizes
@pytest.mark.parametrize("kind", list(IndexKind))
@several
def test_nearest(benchmark: Any, folder: Path, kind: IndexKind, k: int, n: int) -> None:
    benchmark.group = words(f"the {COUNT} nearest", k, n)
    index = index_of(kind, n, folder)
    benchmark.pedantic(index.nearest, (TEXTS[:k], COUNT), rounds=3, warmup_rounds=1)
    found = recall(index.nearest(TEXTS, COUNT).rows, expected(n)[0])
    benchmark.extra_info["note"] = f"Recall of {kind.value.replace('_', '-')}: {found:.3f}"
    assert found > (0.999 if kind is not IndexKind.IVF_PQ else 0.3)  # the product alone rounds otherwise at the last


@sizes
@pytest.mark.parametrize("kind", [kind for kind in IndexKind if kind is not IndexKind.IVF_PQ])
@several
def test_above(benchmark: Any, folder: Path, kind: IndexKind, k: int, n: int) -> None:
    benchmark.group = words("all above a threshold", k, n)
    index = index_of(kind, n, folder)
    found = benchmark.pedantic(index.above, (TEXTS[:k], expected(n)[1][:k]), rounds=3, warmup_rounds=1)
    assert all(0.003 * n < len(rows) < 0.03 * n for rows in found)
