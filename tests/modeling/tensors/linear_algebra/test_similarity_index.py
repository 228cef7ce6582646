from typing import Any

import faiss
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from modeling.arrays.common.modeling_errors import BadArray
from modeling.arrays.embeddings.similarity import similarities
from modeling.arrays.embeddings.standardization import unit_rows
from modeling.tensors.linear_algebra import matrix_products
from modeling.tensors.linear_algebra.similarity_index import SimilarityIndex, _Blocks, _places

Rows = NDArray[np.float32]


def unit(n: int, d: int, seed: int) -> Rows:
    return unit_rows(np.random.default_rng(seed).normal(size=(n, d)))


def every_similarity(images: Rows, texts: Rows) -> Rows:
    return np.stack([similarities(images, text) for text in texts])


def with_duplicates(n: int, d: int) -> Rows:
    """Images of which each is there many times, so that ties are everywhere."""
    return unit(20, d, seed=3)[np.random.default_rng(4).integers(0, 20, size=n)]


# Few texts are scanned, many are one matrix product, which rounds otherwise.
CASES = [
    (unit(500, 32, 0), unit(3, 32, 1)),
    (unit(3_000, 384, 0), unit(40, 384, 1)),
    (with_duplicates(900, 64), unit(25, 64, 1)),
]
NAMES = ["few texts", "many texts", "duplicates"]


@pytest.mark.parametrize(("images", "texts"), CASES, ids=NAMES)
def test_the_nearest_images_are_those_of_exact_similarities_to_the_bit(images: Rows, texts: Rows) -> None:
    every = every_similarity(images, texts)
    for count in (1, 10, len(images) - 1):
        nearest = SimilarityIndex(images).nearest(texts, count)
        order = np.argsort(-every, axis=1, kind="stable")[:, :count]
        np.testing.assert_array_equal(nearest.rows, order)
        np.testing.assert_array_equal(nearest.similarities, np.take_along_axis(every, order, axis=1))


@pytest.mark.parametrize(("images", "texts"), CASES, ids=NAMES)
def test_each_threshold_cuts_where_exact_similarities_do(images: Rows, texts: Rows) -> None:
    every = every_similarity(images, texts)
    places = np.linspace(0.3 * len(images), 0.8 * len(images), len(texts)).astype(int)
    thresholds = np.sort(every, axis=1)[np.arange(len(texts)), places]  # each the similarity of an image
    found = SimilarityIndex(images).above(texts, thresholds)
    for rows, of_text, threshold in zip(found, every, thresholds, strict=True):
        np.testing.assert_array_equal(rows, np.flatnonzero(of_text > threshold))
        assert 0 < len(rows) < len(images)


def test_a_threshold_that_is_the_similarity_of_an_image_leaves_it_out() -> None:
    images, texts = unit(2_000, 256, 0), unit(64, 256, 1)
    every = every_similarity(images, texts)
    at = np.random.default_rng(2).integers(0, 2_000, size=64)
    thresholds = every[np.arange(64), at]
    found = SimilarityIndex(images).above(texts, thresholds)
    assert not any(image in rows for image, rows in zip(at, found, strict=True))
    just_below = np.nextafter(thresholds, np.float32(-1))
    found = SimilarityIndex(images).above(texts, just_below)
    assert all(image in rows for image, rows in zip(at, found, strict=True))


def test_a_matrix_product_alone_would_move_images_across_a_threshold() -> None:
    # What the rescoring is for: faiss rounds otherwise than the similarities from which thresholds come.
    images, texts = unit(2_000, 256, 0), unit(64, 256, 1)
    flat = faiss.IndexFlatIP(256)
    flat.add(images)
    by_faiss = np.sort(flat.search(texts, 2_000)[0], axis=1)
    assert (by_faiss != np.sort(every_similarity(images, texts), axis=1)).any()


def test_thresholds_at_the_ends_find_everything_or_nothing() -> None:
    images, texts = unit(30, 8, 0), unit(2, 8, 1)
    found = SimilarityIndex(images).above(texts, np.array([-1.0, 1.0]))
    assert [rows.tolist() for rows in found] == [list(range(30)), []]


def test_more_images_than_there_are_cannot_be_near() -> None:
    images = unit(5, 8, 0)
    index = SimilarityIndex(images)
    assert len(index) == 5
    nearest = index.nearest(images[2:3], 100)
    assert nearest.rows.shape == (1, 5)
    assert nearest.rows[0, 0] == 2


@pytest.mark.parametrize("has_bfloat16", [True, False])
@pytest.mark.parametrize("count", [7, 20])
def test_the_index_takes_in_images_in_blocks(has_bfloat16: bool, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    images, texts, thresholds = unit(50, 8, 0), unit(31, 8, 1), np.full(31, 0.1)
    whole = SimilarityIndex(images)
    monkeypatch.setattr("modeling.tensors.linear_algebra.similarity_index.IMAGES", 16)  # fewer than 20
    monkeypatch.setattr("modeling.tensors.linear_algebra.similarity_index.multiplies_bfloat16", lambda _: has_bfloat16)
    in_blocks = SimilarityIndex(images)
    np.testing.assert_array_equal(in_blocks.nearest(texts, count).rows, whole.nearest(texts, count).rows)
    for rows, expected in zip(in_blocks.above(texts, thresholds), whole.above(texts, thresholds), strict=True):
        np.testing.assert_array_equal(rows, expected)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (4, 64), (7, 129)])
@pytest.mark.parametrize("share", [0, 0.05, 0.5, 1])
def test_the_places_of_a_mask_are_those_that_numpy_finds(shape: tuple[int, int], share: float) -> None:
    mask = np.random.default_rng(0).random(shape) < share
    np.testing.assert_array_equal(_places(mask), np.flatnonzero(mask))


def test_without_onednn_the_same_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    images, texts, thresholds = unit(3_000, 64, 0), unit(30, 64, 1), np.full(30, 0.1)
    index = SimilarityIndex(images)
    nearest, above = index.nearest(texts, 7), index.above(texts, thresholds)
    monkeypatch.setattr(matrix_products, "has_onednn", False)
    index = SimilarityIndex(images)
    np.testing.assert_array_equal(index.nearest(texts, 7).rows, nearest.rows)
    for rows, expected in zip(index.above(texts, thresholds), above, strict=True):
        np.testing.assert_array_equal(rows, expected)


def test_without_bfloat16_the_same_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    images, texts = unit(3_000, 64, 0), unit(30, 64, 1)
    nearest = SimilarityIndex(images).nearest(texts, 7)
    monkeypatch.setattr("modeling.tensors.linear_algebra.similarity_index.multiplies_bfloat16", lambda _: False)
    np.testing.assert_array_equal(SimilarityIndex(images).nearest(texts, 7).rows, nearest.rows)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("d", [8, 100, 768])
def test_a_product_is_no_further_off_than_is_said(dtype: torch.dtype, d: int) -> None:
    images, texts = unit(2_000, d, 0), unit(40, d, 1)
    texts[:20] = images[:20]  # similarities up to 1
    blocks = _Blocks(images, dtype)
    about = np.concatenate(list(blocks.products(texts)), axis=1)
    off = np.abs(about - every_similarity(images, texts))
    assert off.max() > 0
    assert (off <= blocks.rounding(texts) + blocks.share * np.abs(about)).all()


def test_any_layout_and_read_only_images_do() -> None:
    images, texts = unit(50, 8, 0), unit(30, 8, 1)
    known = SimilarityIndex(images).nearest(texts, 7).rows
    images.setflags(write=False)
    np.testing.assert_array_equal(SimilarityIndex(np.asfortranarray(images)).nearest(texts, 7).rows, known)
    np.testing.assert_array_equal(SimilarityIndex(images).nearest(np.asfortranarray(texts), 7).rows, known)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((0, 4), np.float32),
        np.ones(4, np.float32),
        np.eye(4),
        np.zeros((2, 4), np.float32),
        np.full((2, 4), np.nan, np.float32),
        2 * np.eye(4, dtype=np.float32),
    ],
)
def test_images_that_are_not_unit_rows_are_refused(images: Rows) -> None:
    with pytest.raises(BadArray, match="image"):
        SimilarityIndex(images)


def test_the_row_at_fault_is_named() -> None:
    images = np.eye(4, dtype=np.float32)
    images[2] = 0
    with pytest.raises(BadArray, match="image 2 does not have length 1"):
        SimilarityIndex(images)


def test_searches_that_do_not_fit_are_refused() -> None:
    index, texts = SimilarityIndex(unit(5, 8, 0)), unit(2, 8, 1)
    with pytest.raises(BadArray, match="9 dimensions"):
        index.nearest(unit(2, 9, 1), 1)
    with pytest.raises(BadArray, match="text 0 does not have length 1"):
        index.nearest(texts * 3, 1)
    not_counts: list[Any] = [0, -1, 2.5]
    for not_a_count in not_counts:
        with pytest.raises(BadArray, match=f"number of nearest images must be a whole number ≥ 1, not {not_a_count}"):
            index.nearest(texts, not_a_count)
    with pytest.raises(BadArray, match="one threshold for each of 2 texts"):
        index.above(texts, np.array([0.1]))
    for outside in (1.5, np.nan):
        with pytest.raises(BadArray, match="threshold 1 is not"):
            index.above(texts, np.array([0.1, outside]))
