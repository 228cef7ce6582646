"""A search is a row that a worker answers from the data set's index."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings as site

from annotations.base.service_errors import NotPossible, TextTooLong
from annotations.datasets import image_searches
from annotations.datasets.image_searches import KEPT, MAX_EXAMPLES
from annotations.models import Dataset, ImageIndex, ImageSearch, JobState
from clarify_errors.arrays.embeddings.duplicate_limits import duplicate_limit
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.tensors.similarity_search import index_files
from clarify_errors.tensors.similarity_search.example_queries import query_of_examples
from clarify_errors.tensors.similarity_search.index_manifest import MANIFEST
from worker.common import process_cache
from worker.datasets.index_builds import COUNT
from worker.tasks.embed import build_image_indexes, search_images


def build(dataset: Dataset, threshold: float | None = 0.98) -> ImageIndex:
    image_searches.request_index(dataset, duplicate_threshold=threshold, by="ada")
    build_image_indexes()
    return ImageIndex.objects.filter(dataset=dataset).latest("pk")


def ask(dataset: Dataset, words: str = "", like: Any = (), unlike: Any = ()) -> ImageSearch:
    examples: dict[str, Any] = {
        "like": [(dataset.pk, row) for row in like],
        "unlike": [(dataset.pk, row) for row in unlike],
    }
    search = image_searches.request_search(dataset, words=words, by="ada", **examples)
    search_images()
    search.refresh_from_db()
    return search


def by_brute_force(dataset: Dataset, query: Any, without: set[int]) -> tuple[list[int], list[float]]:
    values = similarities(dataset.files.array("similarity"), query)
    order = [int(row) for row in np.argsort(-values, kind="stable") if row not in without][:COUNT]
    return order, [float(values[row]) for row in order]


def test_words_find_the_images_that_are_most_similar_to_them(own_copy: Dataset) -> None:
    index = build(own_copy)
    assert (index.state, index.kind, index.recall) == (JobState.DONE, "flat", None)
    search = ask(own_copy, " red   square ")
    assert (search.state, search.words, search.is_exact) == (JobState.DONE, "red square", True)
    query = process_cache.text_encoder(own_copy).encode_texts(["red square"])[0]
    assert (search.rows, search.similarities) == by_brute_force(own_copy, query, set())


def test_an_image_finds_images_like_it_but_not_itself(own_copy: Dataset) -> None:
    build(own_copy)
    search = ask(own_copy, like=[5])
    query = own_copy.files.array("similarity")[5]
    assert (search.rows, search.similarities) == by_brute_force(own_copy, query, {5})


def test_examples_on_both_sides_and_words_are_one_query(own_copy: Dataset) -> None:
    build(own_copy)
    search = ask(own_copy, "red", like=[5, 9], unlike=[60])
    rows = own_copy.files.array("similarity")
    words = process_cache.text_encoder(own_copy).encode_texts(["red"])
    query = query_of_examples(np.concatenate([words, rows[[5, 9]]]), rows[[60]])[0]
    assert (search.rows, search.similarities) == by_brute_force(own_copy, query, {5, 9, 60})


def test_near_duplicates_are_pairs_of_an_evaluation_image_and_a_train_image(own_copy: Dataset) -> None:
    found = build(own_copy, threshold=0.9).near_duplicates
    files = own_copy.files
    rows = files.array("similarity")
    evaluation, train = np.flatnonzero(files.splits != 0), files.splits == 0
    expected = {
        (int(row), int(other)): float(values[other])
        for row in evaluation
        for values in [similarities(rows, rows[row])]
        for other in np.flatnonzero(train & (values > np.float32(0.9)))
    }
    assert expected
    assert (found["n_evaluation"], found["n_looked_at"], found["n_pairs"]) == (96, 96, len(expected))
    assert found["n_images"] == len({row for row, _ in expected})
    shown = [pair[2] for pair in found["pairs"]]
    assert shown == sorted(expected.values(), reverse=True)[: len(shown)]
    assert all(expected[row, other] == value for row, other, value in found["pairs"])


def test_a_new_index_takes_the_place_of_the_old_one(own_copy: Dataset) -> None:
    first = build(own_copy)
    second = build(own_copy, threshold=0.5)
    assert list(ImageIndex.objects.all()) == [second]
    assert second.directory == first.directory  # the same images and parameters
    assert second.near_duplicates["n_pairs"] > first.near_duplicates["n_pairs"]


def test_one_index_of_a_data_set_is_built_at_a_time(own_copy: Dataset) -> None:
    for _ in range(2):
        image_searches.request_index(own_copy, duplicate_threshold=0.98, by="ada")
    assert ImageIndex.objects.count() == 1


def test_a_truncated_file_is_a_sentence_and_the_next_build_mends_it(own_copy: Dataset) -> None:
    folder = site.DATA_ROOT / build(own_copy).directory
    [segment] = folder.glob("segment-*")
    os.truncate(segment, 100)
    search = ask(own_copy, "red")
    assert search.state == JobState.FAILED
    assert "changed since it was built; build the index again" in search.error
    build(own_copy)
    assert ask(own_copy, "red").state == JobState.DONE


def test_an_index_of_another_encoder_is_a_sentence(own_copy: Dataset) -> None:
    manifest = site.DATA_ROOT / build(own_copy).directory / MANIFEST
    fields = json.loads(manifest.read_text())
    fields["images"][0]["encoder"] = {"spec": "another"}
    manifest.write_text(json.dumps(fields))
    search = ask(own_copy, "red")
    assert search.state == JobState.FAILED and "of another encoder" in search.error


def test_a_full_disk_fails_the_build_and_leaves_the_index_that_was_there(
    own_copy: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build(own_copy)
    (site.DATA_ROOT / first.directory).rename(site.DATA_ROOT / "elsewhere")  # or nothing would be built
    ImageIndex.objects.update(directory="elsewhere")

    def full(index: Any, path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(index_files, "write_index", full)
    failed = build(own_copy)
    assert failed.state == JobState.FAILED
    assert "No space left on device; free some space and build the index again" in failed.error
    assert ask(own_copy, "red").state == JobState.DONE


def test_words_that_are_too_long_are_refused_before_they_are_read(own_copy: Dataset) -> None:
    build(own_copy)
    with pytest.raises(TextTooLong, match="at most 200 characters"):
        ask(own_copy, "x" * 201)


def test_what_cannot_be_searched_is_refused_with_a_sentence(own_copy: Dataset) -> None:
    with pytest.raises(NotPossible, match="no index yet"):
        ask(own_copy, "red")
    build(own_copy)
    n = own_copy.files.n_rows
    refused: list[tuple[dict[str, Any], str]] = [
        ({}, "Enter some words"),
        ({"unlike": [1]}, "Enter some words"),
        ({"words": "  "}, "Enter some words"),
        ({"words": "a\u200bb"}, "invisible characters"),
        ({"like": [n]}, "neither in this data set nor in one of its pools"),
        ({"like": [1], "unlike": [-1]}, "neither in this data set nor in one of its pools"),
        ({"like": list(range(MAX_EXAMPLES + 1))}, "at most"),
    ]
    for given, sentence in refused:
        with pytest.raises(NotPossible, match=sentence):
            ask(own_copy, **given)
    assert not ImageSearch.objects.exists()


def test_only_somebodys_latest_searches_are_kept(own_copy: Dataset) -> None:
    build(own_copy)
    asked = [
        image_searches.request_search(own_copy, words="red", like=[], unlike=[], by=name)
        for name in ("ada", *["bob"] * (KEPT + 2))
    ]
    assert ImageSearch.objects.filter(requested_by="bob").count() == KEPT
    assert ImageSearch.objects.filter(pk__in=[asked[0].pk, asked[-1].pk]).count() == 2


def test_without_a_limit_it_follows_from_how_alike_the_images_are(own_copy: Dataset) -> None:
    index = build(own_copy, threshold=None)
    rows, splits = own_copy.files.array("similarity"), own_copy.files.splits
    others = [np.delete(similarities(rows, rows[row]), row).max() for row in np.flatnonzero(splits != 0)]
    nearest = np.array(others, np.float32)
    assert index.duplicate_threshold == index.likeness["limit"] == duplicate_limit(nearest)
    assert index.likeness["n_looked_at"] == 96
    assert dict(index.likeness["n_above"])[0.9] == (nearest > np.float32(0.9)).sum()
    assert build(own_copy, threshold=0.5).likeness == index.likeness  # whatever somebody asks for


@pytest.mark.parametrize("threshold", [-0.1, 1, 1.1, float("nan")])
def test_a_similarity_of_near_duplicates_out_of_range_is_refused(own_copy: Dataset, threshold: float) -> None:
    with pytest.raises(NotPossible, match=r"between 0 and 0\.9999"):
        build(own_copy, threshold)
