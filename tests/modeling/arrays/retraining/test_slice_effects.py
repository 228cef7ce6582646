"""What a retraining does to the images that some words select, and when it is called better than chance."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest, norm

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.retraining.control import control_weights
from clarify_errors.arrays.retraining.slice_effects import (
    SIGNIFICANCE,
    SliceEffect,
    images_in_proportion,
    slice_effect,
    worst_loss,
)
from clarify_errors.arrays.retraining.slices import slice_membership, slice_weights
from clarify_errors.tensors.retraining.many_heads import train_heads

MAX_RATE = 0.05  # how often words that do nothing may be said to help


def verdict(gained: int, lost: int) -> int:
    """Of images that no model got right before."""
    return SliceEffect(gained + lost, 0, lost, gained, gained, lost).verdict


def called_better(n: int, accuracy: float, correlation: float, times: int = 2000) -> float:
    """How often one of two equally good models is called better than the other, over simulated test images."""
    rng = np.random.default_rng(104)
    shared = rng.standard_normal((times, n)) * np.sqrt(correlation)
    of_either = rng.standard_normal((2, times, n)) * np.sqrt(1 - correlation)
    run, control = shared + of_either < norm.ppf(accuracy)
    of_one = zip((run & ~control).sum(axis=1).tolist(), (control & ~run).sum(axis=1).tolist(), strict=True)
    return float(np.mean([verdict(*counts) > 0 for counts in of_one]))


@pytest.mark.parametrize("correlation", [0, 0.6])
@pytest.mark.parametrize("accuracy", [0.37, 0.5, 0.9])
@pytest.mark.parametrize("n", [5, 20, 100, 400])
def test_of_two_equally_good_models_one_is_said_to_have_helped_in_at_most_five_of_a_hundred_cases(
    n: int, accuracy: float, correlation: float
) -> None:
    assert called_better(n, accuracy, correlation) <= MAX_RATE


def drawn_images(rng: np.random.Generator, n: int) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.bool_]]:
    """Features, labels, and an attribute that goes with the label in four of five images."""
    labels = np.arange(n) % 2
    attribute = rng.random(n) < np.where(labels == 0, 0.2, 0.8)
    features = rng.standard_normal((n, 32)).astype(np.float32)
    features[:, 0] += 2 * labels - 1
    features[:, 1] += 1.5 * (2 * attribute - 1)
    return features, labels, attribute


def retrained(seed: int, share: float, words: str) -> list[SliceEffect]:
    """The effects of ten phrases that select `share` of a class: at random, or along a random direction.

    words: "random", "direction", or "attribute": one phrase, for those that have the rare attribute.
    """
    rng = np.random.default_rng(seed)
    (features, labels, attribute), (of_test, test_labels, test_attribute) = (drawn_images(rng, n) for n in (400, 4000))
    members, tested = [attribute], [test_attribute]
    if words != "attribute":
        both = np.concatenate([features, of_test])
        directions = rng.standard_normal((32, 10))
        similarity = both @ directions if words == "direction" else rng.random((4400, 10))
        above = similarity > np.quantile(similarity[:400][labels == 0], 1 - share, axis=0)
        members, tested = list(above[:400].T), list(above[400:].T)
    memberships = [slice_membership(chosen & (labels == 0), labels, 0, least=1) for chosen in members]
    weights = [control_weights(labels, 0), *(slice_weights(labels, each) for each in memberships)]
    heads = train_heads(features, labels, np.stack(weights, axis=1), l2=0.01)
    outputs = np.einsum("nd,kcd->knc", of_test, heads.coef) + heads.intercept[:, None]
    control, *runs = outputs.argmax(axis=2) == test_labels
    chosen = [above & (test_labels == 0) for above in tested]
    wrong = np.zeros_like(control)  # so that any gain over the control counts
    return [slice_effect(wrong[at], control[at], run[at]) for run, at in zip(runs, chosen, strict=True)]


def rates(share: float, words: str, seeds: int = 20) -> tuple[float, float, float]:
    """How often such words are said to help, and not to help, and how many test images they select on average."""
    effects = [effect for seed in range(seeds) for effect in retrained(seed, share, words)]
    verdicts = np.array([effect.verdict for effect in effects])
    return float(np.mean(verdicts > 0)), float(np.mean(verdicts < 0)), float(np.mean([effect.n for effect in effects]))


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_words_that_select_images_at_random_are_said_to_help_in_at_most_five_of_a_hundred_retrainings(
    share: float,
) -> None:
    assert rates(share, "random")[0] <= MAX_RATE


def test_words_that_name_what_the_mistakes_share_are_said_to_help() -> None:
    assert rates(0.2, "attribute", seeds=10)[0] > 0.8


def test_words_that_select_another_kind_of_image_may_help_on_those() -> None:
    assert rates(0.4, "direction", seeds=5)[0] > MAX_RATE, "so only words that are better than guessing are shown"


@pytest.mark.parametrize(
    ("gained", "lost"), [(0, 0), (5, 0), (6, 0), (9, 2), (10, 2), (60, 41), (60, 39), (5000, 4800)]
)
def test_the_verdict_is_that_of_the_exact_sign_test(gained: int, lost: int) -> None:
    n = gained + lost
    is_told = int(n > 0 and binomtest(gained, n, alternative="greater").pvalue <= SIGNIFICANCE)
    assert verdict(gained, lost) == is_told
    assert verdict(lost, gained) == -is_told


def test_what_is_better_than_the_control_and_no_better_than_before_has_not_helped() -> None:
    assert SliceEffect(40, 20, 10, 20, gained=10, lost=0).verdict == -1
    assert SliceEffect(40, 20, 11, 21, gained=10, lost=0).verdict == 1


def test_what_gets_worse_is_not_called_better() -> None:
    right = np.arange(40) < 30
    assert slice_effect(right, right, right & (np.arange(40) % 2 == 0)).verdict == -1


def test_counts_are_of_the_images_as_they_are() -> None:
    before, control, after = (np.arange(13) < n for n in (2, 4, 8))
    assert slice_effect(before, control, after) == SliceEffect(13, 2, 4, 8, gained=4, lost=0)


def test_no_image_is_no_effect() -> None:
    none = np.zeros(0, np.bool_)
    assert slice_effect(none, none, none) == SliceEffect(0, 0, 0, 0, 0, 0)
    assert len(images_in_proportion(none, none, 10, (1,))) == 0
    assert worst_loss(none, none, np.zeros(0, np.int64)) is None


@pytest.mark.parametrize("seed", range(20))
def test_pictures_are_in_the_proportion_of_the_numbers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 400))
    before, after = rng.random((2, n)) < rng.random((2, 1))
    shown = images_in_proportion(before, after, 10, (seed,))
    assert len(set(shown.tolist())) == len(shown) == min(n, 10)
    for right in (before, after):
        assert abs(right[shown].sum() - right.mean() * len(shown)) < 1
    assert images_in_proportion(before, after, 10, (seed,)).tolist() == shown.tolist()


def test_the_worst_loss_is_the_largest_share_and_of_equal_ones_the_larger_group() -> None:
    before = np.ones(30, np.bool_)
    groups = np.repeat([4, 5, 7], 10)
    after = np.arange(30) % 10 >= np.repeat([1, 3, 0], 10)
    lost = worst_loss(before, after, groups)
    assert lost is not None and (lost.group, lost.n, lost.before, lost.after) == (5, 10, 10, 7)
    assert worst_loss(after, before, groups) is None


def test_marks_of_other_lengths_and_types_are_refused() -> None:
    right = np.ones(3, np.bool_)
    with pytest.raises(BadArray):
        slice_effect(right, right, np.ones(2, np.bool_))
    with pytest.raises(BadArray):
        slice_effect(right, right, np.ones(3, np.int64))
