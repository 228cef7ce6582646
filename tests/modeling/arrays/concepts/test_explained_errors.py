"""What concepts explain together: nothing of the half that reports has a part in what is chosen."""

import numpy as np
import pytest

from clarify_errors.arrays.common.modeling_errors import NothingToSeparate
from clarify_errors.arrays.concepts.concept_unions import stratified_half
from clarify_errors.arrays.concepts.explained_errors import SEED, Explained, explain

RNG = np.random.default_rng(3)
N, D = 200, 16
IS_ERROR = RNG.random(N) < 0.4
IMAGES = RNG.standard_normal((N, D)).astype(np.float32)


def phrases(signal: float, k: int = 12, seed: int = 0) -> np.ndarray:
    """Similarities of k phrases: noise, and for the first three a signal on a third of the errors each."""
    rng = np.random.default_rng(seed)
    similarities = rng.standard_normal((k, N)).astype(np.float32)
    errors = np.flatnonzero(IS_ERROR)
    for part in range(3):
        similarities[part, errors[part::3]] += signal
    return similarities


def test_concepts_that_cover_different_errors_are_chosen_and_explain_more_than_chance() -> None:
    found = explain(phrases(6.0), range(12), IS_ERROR, IMAGES)
    assert set(found.chosen[:3]) == {0, 1, 2}
    assert found.held_out[2] > 0.7 > np.quantile(found.random[:, 2], 0.95)
    assert found.held_out[2] > np.quantile(found.shuffled[:, 2], 0.95)


def test_words_that_mean_nothing_explain_what_chance_does() -> None:
    """Over many such studies, not one alone."""
    above = 0.0
    for seed in range(20):
        found = explain(phrases(0.0, seed=seed), range(12), IS_ERROR, IMAGES)
        assert found.learned[-1] > found.held_out[-1]
        above += found.held_out[-1] > np.quantile(found.shuffled[:, len(found.chosen) - 1], 0.95)
    assert above <= 4


@pytest.mark.parametrize("seed", range(5))
def test_the_half_that_reports_has_no_part_in_the_choice(seed: int) -> None:
    rng = np.random.default_rng(seed)
    learn = stratified_half(IS_ERROR, np.random.default_rng(SEED))
    similarities = phrases(2.0, seed=seed)
    changed = similarities.copy()
    changed[:, ~learn] = rng.standard_normal(changed[:, ~learn].shape)
    before, after = (explain(each, range(12), IS_ERROR, IMAGES) for each in (similarities, changed))
    assert (before.chosen, before.learned) == (after.chosen, after.learned)
    assert before.held_out != after.held_out


def test_of_a_concept_one_phrase_is_taken_the_best_on_the_half_that_chooses() -> None:
    similarities = np.concatenate([phrases(6.0)[:3], phrases(1.0)[:3]])
    found = explain(similarities, [1, 2, 3, 1, 2, 3], IS_ERROR, IMAGES)
    alone = explain(similarities[:3], [1, 2, 3], IS_ERROR, IMAGES)
    assert (found.chosen, found.held_out) == (alone.chosen, alone.held_out)
    assert found.annotations == alone.annotations  # not the weaker phrases of the same concepts, rows 3 to 5
    assert [([1, 2, 3] * 2)[row] for row in found.annotations] == list(found.chosen)


def test_the_same_input_gives_the_same_result() -> None:
    first, second = (explain(phrases(2.0), range(12), IS_ERROR, IMAGES) for _ in range(2))
    assert (first.chosen, first.held_out) == (second.chosen, second.held_out)
    np.testing.assert_array_equal(first.shuffled, second.shuffled)
    np.testing.assert_array_equal(first.random, second.random)


def test_where_no_phrase_points_to_errors_nothing_is_chosen() -> None:
    found: Explained = explain(-IS_ERROR[None].astype(np.float32), [1], IS_ERROR, IMAGES)
    assert (found.chosen, found.held_out) == ((), ())


def test_one_wrong_image_is_too_few_for_two_halves() -> None:
    with pytest.raises(NothingToSeparate):
        explain(phrases(1.0), range(12), np.arange(N) == 0, IMAGES)


def test_other_halves_choose_anew_and_report_what_they_did_not_choose_by() -> None:
    found = explain(phrases(6.0), range(12), IS_ERROR, IMAGES)
    assert found.splits.shape == (200, len(found.chosen))
    least, most = np.quantile(found.splits[:, 2], (0.025, 0.975))  # one half of the images is a draw as any other
    assert least <= found.held_out[2] <= most
    nothing = [explain(phrases(0.0, seed=seed), range(12), IS_ERROR, IMAGES) for seed in range(5)]
    assert np.mean([each.splits[:, -1].mean() for each in nothing]) < 0.2 < found.splits[:, 2].min()
