"""`make bench`: 50 texts over 50,000 images, exact, against a flat index with faiss as it comes; one thread each."""

from collections.abc import Iterator
from typing import Any

import faiss
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from modeling.arrays.embeddings.standardization import unit_rows
from modeling.tensors.linear_algebra.similarity_index import SimilarityIndex

TEXTS, IMAGES, D, COUNT, SHARE_ABOVE = 50, 50_000, 768, 100, 0.05


@pytest.fixture(scope="module")
def images() -> NDArray[np.float32]:
    return unit_rows(np.random.default_rng(0).standard_normal((IMAGES, D), dtype=np.float32))


@pytest.fixture(scope="module")
def texts() -> NDArray[np.float32]:
    return unit_rows(np.random.default_rng(1).standard_normal((TEXTS, D), dtype=np.float32))


@pytest.fixture(scope="module")
def index(images: NDArray[np.float32]) -> SimilarityIndex:
    return SimilarityIndex(images)


@pytest.fixture(scope="module")
def thresholds(images: NDArray[np.float32], texts: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.full(TEXTS, np.quantile(images @ texts[0], 1 - SHARE_ABOVE), np.float32)


@pytest.fixture
def faiss_defaults(images: NDArray[np.float32]) -> Any:
    flat = faiss.IndexFlatIP(D)
    flat.add(images)
    return flat


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads(), faiss.omp_get_max_threads()
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    yield
    torch.set_num_threads(before[0])
    faiss.omp_set_num_threads(before[1])


NEAREST = f"the {COUNT} nearest of {IMAGES:,} images, {TEXTS} texts"
ABOVE = f"the images above a threshold among {IMAGES:,}, {TEXTS} texts"


def test_nearest_faiss_defaults(benchmark: Any, faiss_defaults: Any, texts: NDArray[np.float32]) -> None:
    benchmark.group = NEAREST
    benchmark.extra_info["baseline"] = True
    benchmark(faiss_defaults.search, texts, COUNT)


def test_nearest(benchmark: Any, index: SimilarityIndex, texts: NDArray[np.float32]) -> None:
    benchmark.group = NEAREST
    assert benchmark(index.nearest, texts, COUNT).rows.shape == (TEXTS, COUNT)


def test_above_faiss_defaults(
    benchmark: Any, faiss_defaults: Any, texts: NDArray[np.float32], thresholds: NDArray[np.float32]
) -> None:
    benchmark.group = ABOVE
    benchmark.extra_info["baseline"] = True
    benchmark(faiss_defaults.range_search, texts, float(thresholds[0]))


def test_above(
    benchmark: Any, index: SimilarityIndex, texts: NDArray[np.float32], thresholds: NDArray[np.float32]
) -> None:
    benchmark.group = ABOVE
    found = benchmark(index.above, texts, thresholds)
    assert len(found[0]) == pytest.approx(IMAGES * SHARE_ABOVE, rel=0.01)
