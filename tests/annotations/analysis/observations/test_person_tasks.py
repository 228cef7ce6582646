"""One row a participant and task: the headline, the optimistic best, what random words reach."""

from annotations.analysis.observations.packed_phrases import by_person
from annotations.analysis.observations.person_tasks import PersonTask, Times, Tried, person_tasks
from modeling.arrays.phrases.null_level import null_level, null_mean


def row(*tried: Tried, times: Times | None = None) -> PersonTask:
    of_ann = {(1, "ann"): times} if times else {}
    (only,) = person_tasks([(1, "ann")], by_person(tried), {"ann": "plain"}, of_ann, {1: 0.25})
    return only


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


def test_random_words_have_as_many_tries_as_the_person() -> None:
    found = row(said("a", 0.2), said("b", 0.5), said("c", 0.1))
    assert (found.null_level, found.null_mean) == (null_level(25, 25, 3), null_mean(25, 25, 3))
    assert found.beats_random_words is (null_level(25, 25, 3) < 0.5)


def test_tries_for_the_same_class_in_another_task_count() -> None:
    assert row(said("a", 0.2, tries=7)).tries == 7


def test_a_person_without_a_phrase_is_a_row_of_nothing() -> None:
    found = row()
    assert (found.n_phrases, found.tries, found.best_error_score, found.null_level) == (0, 0, None, None)
    assert (found.beats_random_words, found.times, found.condition) == (None, Times(), "plain")


def test_times_are_the_persons() -> None:
    assert row(times=Times(active=90.0, waiting=6.0, wall=120.0)).times.active == 90.0


def test_rows_are_sorted_by_task_then_participant() -> None:
    rows = person_tasks([(2, "a"), (1, "b"), (1, "a"), (1, "a")], {}, {}, {}, {})
    assert [(each.task, each.participant) for each in rows] == [(1, "a"), (1, "b"), (2, "a")]
