"""An inverted file: approximate, and said to be."""

from pathlib import Path

import numpy as np
import pytest

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.standardization import unit_rows
from clarify_errors.tensors.similarity_search.index_files import add_images, build_index
from clarify_errors.tensors.similarity_search.index_manifest import Images, read_manifest
from clarify_errors.tensors.similarity_search.index_parameters import IndexKind, IndexParameters
from clarify_errors.tensors.similarity_search.recall import recall
from clarify_errors.tensors.similarity_search.search_protocol import NotExact
from clarify_errors.tensors.similarity_search.segmented_index import open_index
from tests.modeling.tensors.similarity_search.indexes import Rows, every_similarity, unit

N, D, COUNT = 1_500, 24, 20
PARAMETERS = IndexParameters(IndexKind.IVF_PQ, 1_000, 0, 1, n_lists=16, code_bytes=8, sample_rows=1_000)


def sides() -> tuple[Rows, Rows]:
    """Images and texts that lie apart, as CLIP's do."""
    rng = np.random.default_rng(0)
    apart = 3 * unit(1, D, 9)
    return unit_rows(rng.normal(size=(N, D)) + apart), unit_rows(rng.normal(size=(60, D)) - apart)


def test_its_answers_are_marked_and_their_similarities_exact(tmp_path: Path) -> None:
    images, texts = sides()
    what = Images({"name": "planted"}, "0" * 64, N, D)
    directory = build_index(tmp_path, images, what, PARAMETERS, texts)
    index, every = open_index(directory, [what], images), every_similarity(images, texts)
    nearest = index.nearest(texts, COUNT)
    assert not nearest.is_exact
    np.testing.assert_array_equal(nearest.similarities, np.take_along_axis(every, nearest.rows, axis=1))
    assert (np.diff(nearest.similarities, axis=1) <= 0).all()
    with pytest.raises(NotExact, match="approximate"):
        index.above(texts, np.zeros(len(texts)))


def test_its_manifest_has_the_recall_of_both_ways_to_train_on_held_out_texts(tmp_path: Path) -> None:
    images, texts = sides()
    what = Images(None, "0" * 64, N, D)
    directory = build_index(tmp_path, images, what, PARAMETERS, texts)
    manifest = read_manifest(directory)
    assert manifest.measured is not None
    assert manifest.measured.n_queries == 30
    assert 0 <= manifest.measured.of_the_other <= manifest.measured.recall <= 1
    every = every_similarity(images, texts)
    found = open_index(directory, [what], images).nearest(texts[1::2], COUNT).rows
    expected = np.argsort(-every[1::2], axis=1)[:, :COUNT]
    assert recall(found, expected) > 0.7


def test_recall_is_the_share_of_the_expected_that_was_found() -> None:
    assert recall(np.array([[1, 2], [3, -1]]), np.array([[2, 9], [3, 4]])) == 0.5
    assert recall(np.array([[1, 2]]), np.array([[2, 1]])) == 1


def test_it_needs_texts(tmp_path: Path) -> None:
    images, texts = sides()
    for too_few in (None, texts[:1]):
        with pytest.raises(BadArray, match="at least two texts"):
            build_index(tmp_path, images, Images(None, "0" * 64, N, D), PARAMETERS, too_few)


def test_removed_images_are_not_found_and_added_ones_are(tmp_path: Path) -> None:
    images, texts = sides()
    what, more = Images(None, "0" * 64, N, D), Images(None, "1" * 64, 5, D)
    directory = build_index(tmp_path, images, what, PARAMETERS, texts)
    first = open_index(directory, [what], images).nearest(texts[:1], 1).rows[0, 0]
    removed = np.array([first])
    assert first not in open_index(directory, [what], images, removed).nearest(texts[:1], COUNT).rows
    rebuilt = build_index(directory.parent, images, what, PARAMETERS, texts, without=np.array([first]))
    others = open_index(rebuilt, [what], images).nearest(texts[:1], COUNT).rows[0]
    assert first not in others and len(set(others.tolist()) - {-1}) > COUNT // 2
    with_more = add_images(directory, texts[:5], more)
    index = open_index(with_more, [what, more], np.concatenate([images, texts[:5]]), removed)
    assert index.nearest(texts[:5], 1).rows[:, 0].tolist() == [N, N + 1, N + 2, N + 3, N + 4]
