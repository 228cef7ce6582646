"""Exact indexes answer as the stored similarities do, to the bit, whatever codes and rounding have lost."""

from typing import Any

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.tensors.similarity_search.index_parameters import IndexKind
from tests.modeling.tensors.similarity_search.indexes import EXACT, Rows, every_similarity, in_memory, unit

every_kind = pytest.mark.parametrize("kind", EXACT)


def with_duplicates(n: int, d: int) -> Rows:
    """Images of which each is there many times, so that ties are everywhere."""
    return unit(20, d, seed=3)[np.random.default_rng(4).integers(0, 20, size=n)]


# Few queries are scanned, many are one matrix product, which rounds otherwise.
CASES = [
    (unit(500, 32, 0), unit(3, 32, 1)),
    (unit(3_000, 384, 0), unit(40, 384, 1)),
    (with_duplicates(900, 64), unit(25, 64, 1)),
]
cases = pytest.mark.parametrize(("images", "texts"), CASES, ids=["few texts", "many texts", "duplicates"])


@every_kind
@cases
def test_the_nearest_images_are_those_of_exact_similarities_to_the_bit(
    images: Rows, texts: Rows, kind: IndexKind
) -> None:
    index, every = in_memory(images, kind), every_similarity(images, texts)
    for count in (1, 10, len(images) - 1):
        nearest = index.nearest(texts, count)
        order = np.argsort(-every, axis=1, kind="stable")[:, :count]
        np.testing.assert_array_equal(nearest.rows, order)
        np.testing.assert_array_equal(nearest.similarities, np.take_along_axis(every, order, axis=1))
        assert nearest.is_exact


@every_kind
@cases
def test_each_threshold_cuts_where_exact_similarities_do(images: Rows, texts: Rows, kind: IndexKind) -> None:
    every = every_similarity(images, texts)
    places = np.linspace(0.3 * len(images), 0.8 * len(images), len(texts)).astype(int)
    thresholds = np.sort(every, axis=1)[np.arange(len(texts)), places]  # each the similarity of an image
    found = in_memory(images, kind).above(texts, thresholds)
    for rows, of_text, threshold in zip(found, every, thresholds, strict=True):
        np.testing.assert_array_equal(rows, np.flatnonzero(of_text > threshold))
        assert 0 < len(rows) < len(images)


@every_kind
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_images_are_found_as_by_brute_force(kind: IndexKind, data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 2**16))
    n, d, k = data.draw(st.integers(1, 80)), data.draw(st.integers(2, 20)), data.draw(st.integers(1, 24))
    images, queries = unit(n, d, seed), unit(k, d, seed + 1)
    queries[: min(n, k) // 2] = images[: min(n, k) // 2]
    removed = np.flatnonzero(np.random.default_rng(seed).random(n) < data.draw(st.sampled_from([0, 0.05, 0.5])))[
        : n - 1
    ]
    every = every_similarity(images, queries)
    every[:, removed] = -np.inf
    index = in_memory(images, kind, removed)
    count = data.draw(st.integers(1, len(index)))
    order = np.argsort(-every, axis=1, kind="stable")[:, :count]
    np.testing.assert_array_equal(index.nearest(queries, count).rows, order)
    thresholds = every_similarity(images, queries)[:, data.draw(st.integers(0, n - 1))].clip(-1, 1)
    for rows, of_query, threshold in zip(index.above(queries, thresholds), every, thresholds, strict=True):
        np.testing.assert_array_equal(rows, np.flatnonzero(of_query > threshold))


@every_kind
def test_a_threshold_that_is_the_similarity_of_an_image_leaves_it_out(kind: IndexKind) -> None:
    images, texts = unit(2_000, 256, 0), unit(64, 256, 1)
    every, index = every_similarity(images, texts), in_memory(images, kind)
    at = np.random.default_rng(2).integers(0, 2_000, size=64)
    thresholds = every[np.arange(64), at]
    assert not any(image in rows for image, rows in zip(at, index.above(texts, thresholds), strict=True))
    just_below = np.nextafter(thresholds, np.float32(-1))
    assert all(image in rows for image, rows in zip(at, index.above(texts, just_below), strict=True))


def test_a_matrix_product_alone_would_move_images_across_a_threshold() -> None:
    # What the rescoring is for: faiss rounds otherwise than the similarities from which thresholds come.
    images, texts = unit(2_000, 256, 0), unit(64, 256, 1)
    flat = faiss.IndexFlatIP(256)
    flat.add(images)
    by_faiss = np.sort(flat.search(texts, 2_000)[0], axis=1)
    assert (by_faiss != np.sort(every_similarity(images, texts), axis=1)).any()


def test_codes_alone_would_name_other_images() -> None:
    images, texts = unit(2_000, 64, 0), unit(20, 64, 1)
    codes = faiss.IndexScalarQuantizer(64, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    codes.train(images)
    codes.add(images)
    assert (codes.search(texts, 50)[1] != in_memory(images, IndexKind.SQ8).nearest(texts, 50).rows).any()


@every_kind
def test_thresholds_at_the_ends_find_everything_or_nothing(kind: IndexKind) -> None:
    found = in_memory(unit(30, 8, 0), kind).above(unit(2, 8, 1), np.array([-1.0, 1.0]))
    assert [rows.tolist() for rows in found] == [list(range(30)), []]


@every_kind
def test_more_images_than_there_are_cannot_be_near(kind: IndexKind) -> None:
    images = unit(5, 8, 0)
    index = in_memory(images, kind)
    assert len(index) == 5
    nearest = index.nearest(images[2:3], 100)
    assert nearest.rows.shape == (1, 5)
    assert nearest.rows[0, 0] == 2


def test_any_layout_and_read_only_images_do() -> None:
    images, texts = unit(50, 8, 0), unit(30, 8, 1)
    known = in_memory(images, IndexKind.FLAT).nearest(texts, 7).rows
    images.setflags(write=False)
    fortran = in_memory(np.asfortranarray(images), IndexKind.FLAT)
    np.testing.assert_array_equal(fortran.nearest(np.asfortranarray(texts), 7).rows, known)


@pytest.mark.parametrize(
    "images",
    [
        np.ones(4, np.float32)[None],
        np.eye(4),
        np.zeros((2, 4), np.float32),
        np.full((2, 4), np.nan, np.float32),
        2 * np.eye(4, dtype=np.float32),
    ],
)
def test_images_that_are_not_unit_rows_are_refused(images: Rows) -> None:
    with pytest.raises(BadArray, match="image"):
        in_memory(images, IndexKind.FLAT)


def test_searches_that_do_not_fit_are_refused() -> None:
    index, texts = in_memory(unit(5, 8, 0), IndexKind.FLAT), unit(2, 8, 1)
    with pytest.raises(BadArray, match="9 dimensions"):
        index.nearest(unit(2, 9, 1), 1)
    with pytest.raises(BadArray, match="query 0 does not have length 1"):
        index.nearest(texts * 3, 1)
    not_counts: list[Any] = [0, -1, 2.5]
    for not_a_count in not_counts:
        with pytest.raises(BadArray, match=f"number of nearest images must be a whole number ≥ 1, not {not_a_count}"):
            index.nearest(texts, not_a_count)
    with pytest.raises(BadArray, match="one threshold for each of 2 queries"):
        index.above(texts, np.array([0.1]))
    for outside in (1.5, np.nan):
        with pytest.raises(BadArray, match="threshold 1 is not"):
            index.above(texts, np.array([0.1, outside]))
