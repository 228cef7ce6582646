"""One row a participant and task: the headline, the optimistic best, what guessing reaches."""

from itertools import combinations

import numpy as np
import pytest

from annotations.analysis.observations.packed_phrases import by_person
from annotations.analysis.observations.person_tasks import (
    PersonTask,
    RandomDraws,
    Times,
    Tried,
    annotation_key,
    person_tasks,
    phrase_is_better,
)
from annotations.models import VocabularyLevel
from annotations.models.arrays import pack_float64
from clarify_errors.arrays.phrases.null_level import null_level, null_mean
from clarify_errors.arrays.phrases.vocabulary_level import vocabulary_level
from clarify_errors.arrays.phrases.worded_scale import BetterThanGuessing

WORDS = np.arange(100) / 200  # the level of one is .47


def row(*tried: Tried, times: Times | None = None, vocabulary: VocabularyLevel | None = None) -> PersonTask:
    of_ann, of_task = {(1, "ann"): times} if times else {}, {1: vocabulary} if vocabulary else {}
    (only,) = person_tasks([(1, "ann")], by_person(tried), {"ann": "plain"}, of_ann, {1: 0.25}, vocabularies=of_task)
    return only


def vocabulary(negated: float = 0.6) -> VocabularyLevel:
    level = vocabulary_level(WORDS)
    assert level == 0.47
    scores, negated_scores = pack_float64(WORDS), pack_float64(1.3 * WORDS)
    return VocabularyLevel(level=level, negated_level=negated, scores=scores, negated_scores=negated_scores)


def said(text: str, score: float | None, accuracy: float | None = None, tries: int | None = 1) -> Tried:
    return (
        Tried(1, "ann", text, score, accuracy, 25, 25, tries)
        if score is not None
        else Tried(1, "ann", text, None, None)
    )


def test_the_headline_is_the_run_of_the_phrase_with_the_best_score() -> None:
    found = row(said("dark", 0.25, 0.7), said("red", 0.75, 0.5))
    assert (found.best_phrase, found.best_error_score, found.worst_group_accuracy) == ("red", 0.75, 0.5)
    assert (found.phrase_chosen_on_test, found.worst_group_accuracy_chosen_on_test) == ("dark", 0.7)


def test_own_gain_is_what_the_best_phrase_adds_to_the_tasks_control() -> None:
    assert row(said("dark", 0.25, 0.75), said("red", 0.75, 0.5)).own_gain == 0.25
    assert row(said("red", 0.75)).own_gain is None  # its run is not done yet
    assert row().own_gain == 0.0


def test_the_earliest_of_tied_phrases_is_the_best_in_either_way() -> None:
    found = row(said("red", 0.75, 0.5), said("crimson", 0.75, 0.5))
    assert (found.best_phrase, found.phrase_chosen_on_test) == ("red", "red")


def test_a_best_phrase_without_a_run_has_no_headline() -> None:
    found = row(said("red", 0.75), said("dark", 0.5, 0.4))
    assert (found.worst_group_accuracy, found.worst_group_accuracy_chosen_on_test) == (None, 0.4)


def test_a_score_of_zero_is_a_best_score() -> None:
    assert row(said("red", 0.0)).best_error_score == 0.0


def test_a_phrase_that_is_said_twice_is_one_try() -> None:
    found = row(said("red", 0.5), said("red", 0.5), said("dark", None))
    assert (found.n_phrases, found.tries) == (3, 2)


def test_unrelated_words_have_as_many_tries_as_the_person() -> None:
    found = row(said("a", 0.2), said("b", 0.5), said("c", 0.1))
    assert (found.null_level, found.null_mean) == (null_level(25, 25, 3), null_mean(25, 25, 3))


@pytest.mark.parametrize(
    ("score", "expected"),
    [(0.47, BetterThanGuessing.NO), (0.471, BetterThanGuessing.YES), (0.2, BetterThanGuessing.NO)],
)
def test_who_is_above_both_levels_is_better_than_guessing(score: float, expected: BetterThanGuessing) -> None:
    assert null_level(25, 25, 2) < 0.47
    found = row(said("a", 0.1), said("b", score), vocabulary=vocabulary())
    assert (found.better, found.vocabulary_level) == (expected, 0.47)


def test_many_tries_raise_the_level_of_a_person() -> None:
    assert null_level(25, 25, 2) < 0.475 < null_level(25, 25, 30)
    assert row(said("a", 0.475, tries=2), vocabulary=vocabulary()).better is BetterThanGuessing.YES
    assert row(said("a", 0.475, tries=30), vocabulary=vocabulary()).better is BetterThanGuessing.NO


def test_a_negation_is_compared_with_negated_words() -> None:
    negation = said("no red", 0.55)._replace(key=annotation_key("00" * 32, -1))
    found = row(negation, vocabulary=vocabulary())
    assert (found.vocabulary_level, found.better) == (0.6, BetterThanGuessing.NO)
    assert row(negation, vocabulary=vocabulary(negated=0.5)).better is BetterThanGuessing.YES


def test_who_guesses_beside_a_negation_types_negated_words() -> None:
    negation = said("no red", 0.55)._replace(key=annotation_key("00" * 32, -1))
    level = max(0.6, null_level(25, 25, 1))
    assert row(negation, vocabulary=vocabulary()).guess_chance == pytest.approx((level < 1.3 * WORDS).mean())


def test_who_guesses_as_often_passes_with_the_chance_of_the_best_of_so_many_words() -> None:
    found = row(said("a", 0.2), said("b", 0.8), said("c", 0.1), vocabulary=vocabulary())
    level = max(0.47, null_level(25, 25, 3))
    draws = list(combinations(WORDS, 3))
    assert found.guess_chance == pytest.approx(sum(max(draw) > level for draw in draws) / len(draws))


def test_words_that_are_not_scored_yet_leave_it_open_and_few_images_leave_it_untold() -> None:
    found = row(said("a", 0.8))
    assert (found.better, found.guess_chance) == (BetterThanGuessing.UNKNOWN, None)
    few = row(Tried(1, "ann", "a", 0.9, None, 50, 9, 1), vocabulary=VocabularyLevel(scores=b""))
    assert (few.better, few.guess_chance) == (BetterThanGuessing.TOO_FEW, None)


def test_a_phrase_by_itself_is_judged_by_the_tries_up_to_it() -> None:
    early, late = said("a", 0.475, tries=2), said("a", 0.475, tries=30)
    assert phrase_is_better(early, vocabulary()) is BetterThanGuessing.YES
    assert phrase_is_better(late, vocabulary()) is BetterThanGuessing.NO
    assert phrase_is_better(said("a", None), vocabulary()) is None


def test_tries_for_the_same_class_in_another_task_count() -> None:
    assert row(said("a", 0.2, tries=7)).tries == 7


def test_a_person_without_a_phrase_is_a_row_of_nothing() -> None:
    found = row()
    assert (found.n_phrases, found.tries, found.best_error_score, found.null_level) == (0, 0, None, None)
    assert (found.better, found.times, found.condition) == (None, Times(), "plain")


def test_times_are_the_persons() -> None:
    assert row(times=Times(active=90.0, waiting=6.0, wall=120.0)).times.active == 90.0


def test_rows_are_sorted_by_task_then_participant() -> None:
    rows = person_tasks([(2, "a"), (1, "b"), (1, "a"), (1, "a")], {}, {}, {}, {})
    assert [(each.task, each.participant) for each in rows] == [(1, "a"), (1, "b"), (2, "a")]


DRAWS = RandomDraws(scores=(0.1, 0.4, 0.3, 0.2), worst_groups=(0.2, 0.5, 0.3, 0.9))


def percentile(*tried: Tried) -> float | None:
    scored = [each._replace(score=place) for place, each in enumerate(tried, 1)]
    of_last = {len(scored): DRAWS}
    (only,) = person_tasks([(1, "ann")], by_person(scored), {}, {}, {1: 0.25}, draws=of_last)
    return only.random_slice_percentile


def test_a_person_is_placed_among_the_best_scored_of_as_many_random_slices_as_tries() -> None:
    once = percentile(said("red", 0.75, 0.4))
    twice = percentile(said("dark", 0.2, 0.3), said("red", 0.75, 0.4))
    often = percentile(said("red", 0.75, 0.4, tries=4))
    assert (once, often) == (50, 0)  # of all four draws the best-scored one reaches 0.5
    assert twice == pytest.approx(100 * 2 / 6)  # of six pairs, the best-scored is the one of 0.3 in two


def test_without_draws_or_a_run_there_is_no_place_among_them() -> None:
    assert percentile(said("red", 0.75, 0.4), said("dark", 0.2, 0.3)) is None  # the best phrase's run has none
    assert percentile(said("red", 0.75)) is None
    assert row().random_slice_percentile is None
