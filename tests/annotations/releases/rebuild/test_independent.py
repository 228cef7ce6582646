"""Clarify's functions, which a release's script runs, agree with what is written again by other formulas."""

import numpy as np
import pytest

from annotations.analysis.statistics.estimates import t_interval
from annotations.analysis.statistics.mean_differences import holm, person_values
from annotations.analysis.statistics.rarefaction import people_needed, rarefied
from annotations.analysis.tables.saturation_tables import best_of, novelty, places
from clarify_errors.arrays.concepts.concept_merging import agreement, merge
from clarify_errors.arrays.concepts.concept_unions import stratified_half
from clarify_errors.arrays.concepts.explained_errors import SEED, explain
from clarify_errors.arrays.phrases.error_score import error_scores
from clarify_errors.arrays.phrases.null_level import null_level, null_mean, p_values
from clarify_errors.arrays.phrases.vocabulary_level import chance_to_pass, vocabulary_level
from clarify_errors.arrays.retraining.group_accuracies import group_metrics
from clarify_errors.arrays.retraining.group_resampling import percentile_interval, resampled_accuracies
from clarify_errors.arrays.retraining.parts_on_test import PartsOnTest
from clarify_errors.arrays.retraining.random_slices import percentile_among_best
from tests.annotations.releases.rebuild import independent

SEEDS = pytest.mark.parametrize("seed", range(5))


def tied(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Similarities of which many are equal."""
    return (rng.integers(-20, 20, shape) / 64).astype(np.float32)


@SEEDS
def test_error_scores_and_their_thresholds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wrong = rng.random(90) < 0.3
    values = tied(rng, 25, 90) + np.float32(0.2) * wrong * (rng.random((25, 1)) < 0.5)
    found = error_scores(values, wrong)
    expected = np.array([independent.error_score(row, wrong) for row in values.astype(np.float32)])
    for i, name in enumerate(("value", "threshold", "two_sided", "two_sided_threshold")):
        np.testing.assert_allclose(getattr(found, name), expected[:, i], atol=1e-12)


@pytest.mark.parametrize("counts", [(12, 5), (40, 10), (63, 21), (200, 37), (4_000, 3_000)])
def test_what_unrelated_words_reach(counts: tuple[int, int]) -> None:
    steps = independent.step_count(*counts)
    wanted = tuple(sorted({int(each) for each in np.linspace(0, steps, 9)}))
    found = p_values(np.array(wanted) / steps, *counts)
    np.testing.assert_allclose(found, independent.reaching(*counts, wanted), rtol=1e-9)
    for tries in (1, 7, 40):
        assert null_level(*counts, tries) == pytest.approx(independent.null_level(*counts, tries), abs=1e-12)
        assert null_mean(*counts, tries) == pytest.approx(independent.null_mean(*counts, tries), rel=1e-9)


@SEEDS
def test_what_common_words_reach(seed: int) -> None:
    scores = np.random.default_rng(seed).integers(0, 30, 70) / 30
    assert vocabulary_level(scores) == independent.vocabulary_level(scores)
    for tries in (1, 4, 71):
        assert chance_to_pass(scores, 0.7, tries) == pytest.approx(independent.chance_to_pass(scores, 0.7, tries))


@SEEDS
def test_accuracies_of_groups_and_places_among_random_slices(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, groups, predicted = rng.integers(0, 2, 80), rng.integers(0, 4, 80), rng.integers(0, 2, 80)
    train = rng.integers(1, 50, 5)  # of a fifth group there is no image
    of = group_metrics(predicted, labels, groups, train)
    expected = independent.group_accuracies(predicted, labels, groups, train)
    assert (of.worst_group, of.average, of.average_plain) == pytest.approx(expected)
    draws, scores = rng.integers(0, 9, 50) / 9, rng.integers(0, 12, 50) / 12
    for tries in (1, 3, 60):
        expected_place = independent.among_best(0.5, draws, scores, tries)
        assert percentile_among_best(0.5, draws, scores, tries) == pytest.approx(expected_place, abs=1e-6)


@SEEDS
def test_the_worst_group_on_other_images(seed: int) -> None:
    rng = np.random.default_rng(seed)
    right, groups = rng.random((3, 300)) < 0.8, rng.integers(0, 3, 300)
    found = percentile_interval(resampled_accuracies(right, groups).min(axis=2).mean(axis=0))
    expected = np.quantile(independent.drawn_anew(right, groups), [0.025, 0.975])
    np.testing.assert_allclose(found, expected, atol=0.01)


@SEEDS
def test_phrases_that_say_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kinds = rng.random((4, 60)) < 0.4
    slices = kinds[rng.integers(0, 4, 20)] ^ (rng.random((20, 60)) < 0.08)
    words = rng.integers(0, 15, 20).tolist()
    np.testing.assert_allclose(agreement(slices), independent.agreement(slices), atol=1e-12)
    found, expected = merge(slices, [f"{word:09}" for word in words]).tolist(), independent.merge(slices, words)
    assert [[one == other for other in found] for one in found] == [
        [one == other for other in expected] for one in expected
    ]


@SEEDS
def test_what_concepts_explain_together(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wrong = rng.random(120) < 0.4
    signed = tied(rng, 12, 120)
    signed[:3, wrong] += np.float32(0.15)
    numbers = [1, 2, 3, 1, 2, 3, 4, 4, 5, 6, 7, 8]
    found = explain(signed, numbers, wrong)
    learn = independent.half(wrong, np.random.default_rng(SEED))
    np.testing.assert_array_equal(learn, stratified_half(wrong, np.random.default_rng(SEED)))
    members, of = independent.candidates(signed, numbers, wrong, learn)
    chosen, learned, held_out = independent.greedy(members, wrong, learn, independent.MAX_TOGETHER)
    assert found.chosen == tuple(of[each] for each in chosen)
    assert found.learned == pytest.approx(learned) and found.held_out == pytest.approx(held_out)
    splits = []
    for _ in range(200):
        half = independent.half(wrong, rng)
        others = independent.candidates(signed, numbers, wrong, half)[0]
        splits.append(independent.held_out(others, wrong, half, len(chosen)))
    np.testing.assert_allclose(found.splits.mean(axis=0), np.mean(splits, axis=0), atol=0.06)


@SEEDS
def test_what_more_people_bring(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = (rng.integers(0, 10, 30) / 10).tolist()
    curve, expected = best_of(scores), list(independent.best_of(np.array(scores)))
    for name in ("people", "mean", "low", "high"):
        assert getattr(curve, name) == pytest.approx([row[name] for row in expected])
    named = [frozenset(np.minimum(rng.geometric(0.2, 4), 25).tolist()) for _ in range(26)] + [frozenset()] * 4
    held = np.unique([each for concepts in named for each in concepts], return_counts=True)[1]
    shown = np.append(places(30), 30 + places(30))
    drawn, again = rarefied(held, 30, shown, rng), list(independent.concepts_named(named))
    np.testing.assert_allclose(drawn.mean, [row["mean"] for row in again])
    np.testing.assert_allclose(drawn.high - drawn.mean, [row["high"] - row["mean"] for row in again], rtol=0.2)
    of, new = novelty(named), independent.new_concepts(named)
    assert (of.people, of.concepts, of.named_once, of.chance) == tuple(
        new[name] for name in ("people", "concepts", "named_once", "chance")
    )
    assert (of.low, of.high) == pytest.approx((new["chance_low"], new["chance_high"]))
    for below in (0.05, 0.3, 0.45, 0.9):
        needed = people_needed(held, of.people, of.chance or 0.0, below, rng).more
        assert (31 if needed is None else needed) == independent.people_needed(named, below)["more_people"]


@SEEDS
def test_intervals_and_values_of_persons(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=12)
    assert t_interval(values) == pytest.approx(independent.interval(values))
    p = rng.random(6).tolist()
    assert holm(p) == pytest.approx(independent.holm(p))
    table = np.where(rng.random((9, 3)) < 0.2, np.nan, rng.normal(size=(9, 3)))
    table = table[~np.isnan(table).all(axis=1)]
    np.testing.assert_allclose(person_values(table), independent.person_values(table))


@SEEDS
def test_what_words_do_to_either_part(seed: int) -> None:
    rng = np.random.default_rng(seed)
    above, before, control, after = rng.random((4, 200)) < np.array([[0.3], [0.6], [0.7], [0.9]])
    rows = list(PartsOnTest(above, {"before": before, "control": control, "after": after}).rows())
    for row, members in zip(rows, (above, ~above), strict=True):
        assert row["n"] == members.sum()
        assert row["gain"] == pytest.approx(after[members].mean() - control[members].mean())
        kept = rng.integers(0, 200, (2_000, 200))
        drawn = [after[each][members[each]].mean() - control[each][members[each]].mean() for each in kept]
        expected = np.quantile(drawn, [0.025, 0.975])
        np.testing.assert_allclose((row["gain_low"], row["gain_high"]), expected, atol=0.02)
