from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from clarify_errors.arrays.common.modeling_errors import BadArray, NothingToSeparate
from clarify_errors.arrays.phrases import error_score as module
from clarify_errors.arrays.phrases.error_score import ErrorScore, error_score, error_scores

Phrases = tuple[NDArray[np.float32], NDArray[np.bool_]]  # similarities [K, n] and is_error [n] of one class's images

ORDINARY = st.integers(-20, 20).map(lambda i: i / np.float32(16))
AWKWARD = st.floats(width=32, allow_nan=False, allow_infinity=False)  # subnormal and neighbouring numbers, both zeros


@st.composite
def phrases(draw: st.DrawFn) -> Phrases:
    k, n = draw(st.integers(1, 6)), draw(st.integers(2, 40))
    similarities = draw(arrays(np.float32, (k, n), elements=draw(st.sampled_from([ORDINARY, AWKWARD]))))
    is_error = draw(arrays(np.bool_, n))
    assume(is_error.any() and not is_error.all())
    return similarities, is_error


def by_definition(similarities: NDArray[np.float32], is_error: NDArray[np.bool_], sides: int) -> tuple[float, float]:
    """Value and threshold of one phrase, over every threshold midway between two neighbours."""
    distinct = np.unique(similarities + np.float32(0))
    best = (0, 0, np.nan)
    n_error = int(is_error.sum())
    n_correct = len(is_error) - n_error
    for lower, upper in pairwise(distinct):
        middle = np.float32((float(lower) + float(upper)) / 2)
        threshold = lower if middle >= upper else middle
        above = similarities > threshold
        advantage = int((above & is_error).sum()) * n_correct - int((above & ~is_error).sum()) * n_error
        advantage = abs(advantage) if sides == 2 else advantage
        smaller_side = min(above.sum(), (~above).sum())
        if advantage > 0 and (advantage, smaller_side) > best[:2]:
            best = (advantage, smaller_side, float(threshold))
    return best[0] / (n_correct * n_error), best[2]


@given(phrases())
def test_each_phrase_scores_as_the_definition_says(case: Phrases) -> None:
    similarities, is_error = case
    scores = error_scores(similarities, is_error)
    assert len(scores) == len(similarities)
    for k, row in enumerate(similarities):
        np.testing.assert_equal((scores.value[k], scores.threshold[k]), by_definition(row, is_error, 1))
        np.testing.assert_equal((scores.two_sided[k], scores.two_sided_threshold[k]), by_definition(row, is_error, 2))


@given(phrases())
def test_each_phrase_scores_as_it_does_alone(case: Phrases) -> None:
    similarities, is_error = case
    scores = error_scores(similarities, is_error)
    assert [scores[k] for k in range(len(scores))] == [error_score(row, is_error) for row in similarities]


@given(phrases())
def test_p_values_are_those_of_scipys_exact_test_and_conservative_under_ties(case: Phrases) -> None:
    similarities, is_error = case
    scores = error_scores(similarities, is_error)
    for k, row in enumerate(similarities):
        known = ks_2samp(row[is_error], row[~is_error], alternative="less", method="exact")
        assert scores.p_value[k] == pytest.approx(known.pvalue, rel=1e-9)
        assert scores.p_value[k] == scores[k].p_value


@given(phrases())
def test_thresholds_do_not_flip_images_when_they_are_read_again(case: Phrases) -> None:
    similarities, is_error = case
    scores = error_scores(similarities, is_error)
    for row, value, threshold in zip(similarities, scores.value, scores.threshold, strict=True):
        assert np.isnan(threshold) == (value == 0)
        if value > 0:
            above = row > np.float32(float(repr(float(threshold))))
            assert above[is_error].mean() - above[~is_error].mean() == pytest.approx(value, abs=1e-12)


def test_the_fields_have_one_entry_a_phrase() -> None:
    similarities = np.array([[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], [0.5, 0.5, 0.5, 0.5]])
    scores = error_scores(similarities, np.array([False, False, True, True]))
    assert scores.value.tolist() == [1, 0, 0]
    assert scores.two_sided.tolist() == [1, 1, 0]
    np.testing.assert_array_equal(np.isnan(scores.threshold), [False, True, True])
    np.testing.assert_array_equal(np.isnan(scores.two_sided_threshold), [False, False, True])
    assert (scores.n_correct.tolist(), scores.n_error.tolist()) == ([2, 2, 2], [2, 2, 2])
    assert scores.p_value.tolist() == pytest.approx([1 / 6, 1, 1])
    assert [scores[phrase].p_method for phrase in range(3)] == ["exact"] * 3
    assert scores[2] == ErrorScore(0.0, None, 0.0, None, 2, 2)


def test_more_pairs_than_can_be_counted_have_an_asymptotic_p_value() -> None:
    is_error = np.arange(7_000) < 3_000
    similarities = np.random.default_rng(0).normal(0.2 + 0.001 * is_error, 0.03)[None]
    scores = error_scores(similarities, is_error)
    assert scores[0].p_method == "asymptotic"
    assert scores.p_value[0] == pytest.approx(np.exp(-2 * scores.value[0] ** 2 * 3_000 * 4_000 / 7_000), rel=1e-12)


def test_many_phrases_are_sorted_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    similarities, is_error = rng.normal(size=(23, 30)).astype(np.float32), rng.random(30) < 0.4
    whole = error_scores(similarities, is_error)
    monkeypatch.setattr(module, "CHUNK", 100)
    np.testing.assert_equal(vars(error_scores(similarities, is_error)), vars(whole))


def test_any_layout_and_a_read_only_array_do() -> None:
    rng = np.random.default_rng(0)
    similarities, is_error = rng.normal(size=(5, 30)).astype(np.float32), rng.random(30) < 0.4
    known = vars(error_scores(similarities, is_error))
    similarities.setflags(write=False)
    is_error.setflags(write=False)
    np.testing.assert_equal(vars(error_scores(np.asfortranarray(similarities), is_error)), known)
    np.testing.assert_equal(vars(error_scores(np.repeat(similarities, 2, axis=1)[:, ::2], is_error)), known)
    np.testing.assert_equal(vars(error_scores(similarities.astype(">f8"), is_error)), known)


def test_no_phrases_have_no_scores() -> None:
    scores = error_scores(np.empty((0, 3), np.float32), np.array([True, False, False]))
    assert [len(field) for field in (*vars(scores).values(), scores.p_value)] == [0] * 7


def test_a_similarity_that_is_not_finite_is_named() -> None:
    similarities = np.zeros((3, 4), np.float32)
    similarities[1, 2] = np.nan
    with pytest.raises(BadArray, match="similarity 2 of phrase 1 is not a finite"):
        error_scores(similarities, np.array([True, False, False, True]))
    with pytest.raises(BadArray, match="not a finite float32"):
        error_scores(np.full((1, 2), 1e300), np.array([True, False]))


@pytest.mark.parametrize(
    ("similarities", "is_error"),
    [
        (np.zeros(3), np.zeros(3, bool)),
        (np.zeros((2, 3)), np.zeros(2, bool)),
        (np.zeros((2, 3)), np.zeros((2, 3), bool)),
        (np.zeros((2, 3)), np.zeros(3, int)),
        (np.zeros((2, 3), int), np.zeros(3, bool)),
        (np.zeros((2, 3), complex), np.zeros(3, bool)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(similarities: NDArray[np.float64], is_error: NDArray[np.bool_]) -> None:
    with pytest.raises(BadArray):
        error_scores(similarities, is_error)


@pytest.mark.parametrize("is_error", [np.zeros(3, bool), np.ones(3, bool)])
def test_one_kind_of_image_alone_cannot_be_separated(is_error: NDArray[np.bool_]) -> None:
    with pytest.raises(NothingToSeparate):
        error_scores(np.zeros((2, 3), np.float32), is_error)
