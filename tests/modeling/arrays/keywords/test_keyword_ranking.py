from typing import Any

import numpy as np
import pytest

from clarify_errors.arrays.common.modeling_errors import BadArray, NothingToSeparate
from clarify_errors.arrays.keywords.keyword_ranking import (
    adjusted_p,
    clip_scores,
    has_keyword,
    permuted_maxima,
    rank_keywords,
    select_classes,
    subgroup_accuracy,
)
from clarify_errors.arrays.phrases.error_score import error_score, error_scores


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


IS_ERROR = np.array([True, True, True, False, False, False, False])
CAPTIONS = ["a red ball", "Red, on grass", "a blue ball", "blue ball", "a ball", "infrared", "a blue ball"]
SIMILARITIES = np.array(
    [
        [0.1, 0.2, 0.1, 0.3, 0.3, 0.2, 0.3],  # ball
        [0.9, 0.8, 0.5, 0.1, 0.2, 0.4, 0.6],  # red
        [0.9, 0.8, 0.5, 0.1, 0.2, 0.4, 0.6],  # crimson, the same
        [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],  # blue
    ]
)
KEYWORDS = ["ball", "red", "crimson", "blue"]


def test_the_score_of_bias_to_text_is_as_published() -> None:
    similarities = np.array([[0.27, 0.23, 0.20, 0.22, 0.25]])
    assert clip_scores(similarities, np.arange(5) < 2) == pytest.approx([2.6667], abs=5e-5)


def test_keywords_are_ranked_by_error_score_and_the_earliest_of_tied_ones_comes_first() -> None:
    ranked = rank_keywords(KEYWORDS, SIMILARITIES, IS_ERROR, CAPTIONS, rng())
    assert [row.keyword for row in ranked] == ["red", "crimson", "ball", "blue"]
    red, crimson, ball, blue = ranked
    assert red.error_score == error_score(SIMILARITIES[1], IS_ERROR) == crimson.error_score
    assert red.clip_score == pytest.approx(100 * (2.2 / 3 - 1.3 / 4))
    assert (red.n_captioned, red.subgroup_accuracy) == (2, 0)
    assert ball.n_captioned == 5
    assert ball.subgroup_accuracy == pytest.approx(3 / 5)
    assert (crimson.n_captioned, crimson.subgroup_accuracy) == (0, None)
    assert blue.error_score.value == 0 == ball.error_score.value
    assert red.error_score.p_value == pytest.approx(4 / 35)
    assert blue.adjusted_p == 1


def test_images_without_captions_have_no_subgroups() -> None:
    ranked = rank_keywords(KEYWORDS, SIMILARITIES, IS_ERROR, None, rng())
    assert {(row.n_captioned, row.subgroup_accuracy) for row in ranked} == {(None, None)}


@pytest.mark.parametrize(
    ("caption", "keyword", "found"),
    [
        ("biological species on the rocks.", "rocks", True),
        ("biological species on the rocks.", "rock", False),
        ("A Bamboo Forest", "bamboo forest", True),
        ("bamboo, forest", "bamboo forest", False),
        ("written in c++", "c++", True),
        ("version 1x0", "1.0", False),
        ("un château", "CHÂTEAU", True),
        ("a tree-house", "tree", True),
        ("", "tree", False),
    ],
)
def test_a_keyword_is_found_as_whole_words(caption: str, keyword: str, found: bool) -> None:
    assert has_keyword(caption, keyword) is found


def test_the_published_permutation_p_value_comes_out_under_ties() -> None:
    similarities, is_error = np.array([[0.1, 0.2, 0.2, 0.3, 0.2, 0.3, 0.3, 0.4]]), np.arange(8) >= 4
    maxima = permuted_maxima(similarities, is_error, rng(), 20_000)
    assert adjusted_p(np.array([0.5]), maxima)[0] == pytest.approx(0.243, abs=0.01)


def test_permuted_maxima_are_the_largest_scores_of_permuted_labels() -> None:
    similarities = np.round(rng().normal(size=(6, 25)), 1)  # with ties
    is_error = np.arange(25) < 8
    same = np.random.default_rng(7)
    expected = [error_scores(similarities, same.permutation(is_error)).value.max() for _ in range(50)]
    assert permuted_maxima(similarities, is_error, np.random.default_rng(7), 50).tolist() == expected


def test_the_share_of_maxima_counts_the_list_itself() -> None:
    maxima = np.array([0.1, 0.2, 0.2, 0.4])
    assert adjusted_p(np.array([0.0, 0.2, 0.3, 0.5]), maxima).tolist() == [1, 4 / 5, 2 / 5, 1 / 5]


@pytest.mark.parametrize("permutations", [0, 18, 19, 20, 200, 999, 1_000])
def test_a_keyword_is_above_the_null_level_where_its_p_of_the_list_is_at_most_5_percent(permutations: int) -> None:
    lists = np.random.default_rng(3)
    is_error = np.arange(24) < 9
    similarities = lists.normal(size=(40, 24)) + np.linspace(0, 2.5, 40)[:, None] * is_error
    ranked = rank_keywords([str(k) for k in range(40)], similarities, is_error, None, lists, permutations)
    [level] = {row.null_level for row in ranked}
    assert [row.error_score.value > level for row in ranked] == [row.adjusted_p <= 0.05 for row in ranked]
    assert any(row.adjusted_p <= 0.05 for row in ranked) == (permutations >= 19)


def test_the_best_of_a_list_of_random_words_is_seldom_surprising() -> None:
    # One keyword by itself is below .05 one time in twenty; the best of twenty, by its own p-value, in most lists.
    is_error = np.arange(40) < 15
    ranked = [
        rank_keywords([str(k) for k in range(20)], lists.normal(size=(20, 40)), is_error, None, lists, 200)[0]
        for lists in (np.random.default_rng(seed) for seed in range(60))
    ]
    assert sum(best.error_score.p_value < 0.05 for best in ranked) > 30
    assert sum(best.adjusted_p <= 0.05 for best in ranked) < 10


def test_the_same_generator_gives_the_same_ranking() -> None:
    once, again = (rank_keywords(KEYWORDS, SIMILARITIES, IS_ERROR, CAPTIONS, rng()) for _ in range(2))
    assert once == again


def test_inputs_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadArray, match="3 keywords"):
        rank_keywords(KEYWORDS[:3], SIMILARITIES, IS_ERROR, None, rng())
    with pytest.raises(BadArray, match="6 captions for 7 images"):
        rank_keywords(KEYWORDS, SIMILARITIES, IS_ERROR, CAPTIONS[:6], rng())
    no_texts: list[Any] = [None, float("nan"), 7]
    for no_text in no_texts:  # as an empty cell of a table is read
        with pytest.raises(
            BadArray, match=f"the caption of image 6 must be a str .empty if it has none., not {no_text}"
        ):
            rank_keywords(KEYWORDS, SIMILARITIES, IS_ERROR, [*CAPTIONS[:6], no_text], rng())
    with pytest.raises(BadArray, match="similarity 2 of phrase 1"):
        spoilt = SIMILARITIES.copy()
        spoilt[1, 2] = np.nan
        rank_keywords(KEYWORDS, spoilt, IS_ERROR, CAPTIONS, rng())
    with pytest.raises(NothingToSeparate):
        rank_keywords(KEYWORDS, SIMILARITIES, np.zeros(7, bool), CAPTIONS, rng())


@pytest.mark.parametrize("is_error", [np.zeros(7, bool), np.ones(7, bool)])
def test_one_kind_of_image_alone_has_no_clip_score_and_no_permutations(is_error) -> None:
    with pytest.raises(NothingToSeparate):
        clip_scores(SIMILARITIES, is_error)
    with pytest.raises(NothingToSeparate):
        permuted_maxima(SIMILARITIES, is_error, rng(), 10)
    with pytest.raises(BadArray):
        clip_scores(SIMILARITIES, IS_ERROR[:5])


def test_no_keywords_make_an_empty_ranking() -> None:
    assert rank_keywords([], np.empty((0, 7)), IS_ERROR, CAPTIONS, rng()) == ()


def test_a_subgroup_has_the_accuracy_of_its_captioned_images() -> None:
    assert subgroup_accuracy("grass", CAPTIONS, IS_ERROR) == (1, 0.0)
    assert subgroup_accuracy("a blue ball", CAPTIONS, IS_ERROR) == (2, 0.5)
    assert subgroup_accuracy("green", CAPTIONS, IS_ERROR) == (0, None)


def test_classes_are_selected_by_score_over_null_level_within_the_bounds_of_accuracy() -> None:
    accuracies = np.array([0.19, 0.2, 0.5, 0.8, 0.81, np.nan, 0.6])
    best_scores = np.array([0.9, 0.95, 0.4, 0.4, 0.9, np.nan, 0.5])
    null_levels = np.array([0.1, 0.95, 0.25, 0.25, 0.1, np.nan, 0.25])
    assert select_classes(accuracies, best_scores, null_levels).tolist() == [6, 2, 3, 1]
    assert select_classes(accuracies, best_scores, null_levels, count=3).tolist() == [6, 2, 3]
    with pytest.raises(BadArray):
        select_classes(accuracies, best_scores, null_levels[:3])
    with pytest.raises(BadArray, match="number of classes must be a whole number ≥ 1, not -1"):
        select_classes(accuracies, best_scores, null_levels, count=-1)
    for score, level in ((np.nan, 0.5), (0.5, np.nan)):
        with pytest.raises(BadArray, match="has a NaN"):
            select_classes(np.array([0.5]), np.array([score]), np.array([level]))


def test_similarities_that_are_not_finite_are_named() -> None:
    values = np.full((2, 4), 0.2)
    values[1, 3] = np.nan
    is_error = np.array([True, True, False, False])
    with pytest.raises(BadArray, match="similarity 3 of phrase 1 is not a finite"):
        clip_scores(values, is_error)
    with pytest.raises(BadArray, match="similarity 3 of phrase 1 is not a finite"):
        permuted_maxima(values, is_error, rng(), 10)


def test_what_is_not_a_number_has_no_p_value() -> None:
    with pytest.raises(BadArray, match="number 1 of them is NaN"):
        adjusted_p(np.array([0.5, np.nan]), np.array([0.1]))
