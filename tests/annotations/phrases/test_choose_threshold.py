import math

import numpy as np
import pytest

from annotations.base.service_errors import AssignmentNotActive, PhraseNotScored, ThresholdRefused, TimeIsOver
from annotations.models import Event, Phrase, Run, RunState, ThresholdChoice
from annotations.phrases import replies
from clarify_errors.arrays.retraining.slices import slice_members
from tests.support.actors import Visit
from tests.support.steps import end, move_clock, submit, submit_and_score
from worker.runs.run_training import train_due_runs


def between(phrase: Phrase, share: float) -> float:
    """A threshold between the least and the greatest similarity."""
    values = phrase.score.similarity_array
    return float(values.min() + share * (values.max() - values.min()))


def test_the_choice_is_stored_beside_the_automatic_threshold_as_exact_float32(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "red")
    automatic = phrase.score.threshold
    choice = replies.choose_threshold(phrase, between(phrase, 0.3))
    assert choice.threshold == float(np.float32(between(phrase, 0.3)))
    phrase.score.refresh_from_db()
    assert phrase.score.threshold == automatic


def test_the_latest_choice_counts_and_each_is_in_the_log(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "red")
    for share in (0.3, 0.6):
        replies.choose_threshold(phrase, between(phrase, share))
    replies.choose_threshold(phrase, None)
    assert ThresholdChoice.objects.get().threshold is None
    chosen = Event.objects.filter(kind="threshold_chosen").order_by("pk")
    rows = [event.payload["changed_rows"]["threshold_choice"] for event in chosen]
    logged = [row["threshold"] for by_key in rows for row in by_key.values()]
    assert logged == [float(np.float32(between(phrase, 0.3))), float(np.float32(between(phrase, 0.6))), None]


@pytest.mark.parametrize("threshold", [-2.0, 2.0, math.nan, math.inf])
def test_what_divides_nothing_is_refused(alice: Visit, threshold: float) -> None:
    (phrase,) = submit_and_score(alice, "red")
    with pytest.raises(ThresholdRefused):
        replies.choose_threshold(phrase, threshold)
    assert not ThresholdChoice.objects.exists()


def test_a_phrase_without_a_score_has_nothing_to_divide(alice: Visit) -> None:
    with pytest.raises(PhraseNotScored):
        replies.choose_threshold(submit(alice), 0.1)


def test_after_the_end_nothing_is_chosen(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "red")
    end(alice)
    with pytest.raises(AssignmentNotActive):
        replies.choose_threshold(phrase, between(phrase, 0.3))


def test_after_the_time_nothing_is_chosen(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "red")
    alice.assignment.refresh_from_db()
    move_clock(alice.assignment, 3600)
    with pytest.raises(TimeIsOver):
        replies.choose_threshold(phrase, between(phrase, 0.3))


def test_a_chosen_threshold_gives_a_second_marked_run(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "red")
    choice = replies.choose_threshold(phrase, between(phrase, 0.3))
    end(alice)
    automatic, chosen = Run.objects.order_by("pk")
    assert (automatic.is_chosen, automatic.threshold) == (False, phrase.score.threshold)
    assert (chosen.is_chosen, chosen.threshold) == (True, choice.threshold)
    phrase.score.refresh_from_db()
    choice.refresh_from_db()
    assert (phrase.score.run, choice.run) == (automatic, chosen)


def test_the_chosen_run_is_trained_at_the_chosen_threshold(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "red")
    replies.choose_threshold(phrase, between(phrase, 0.9))
    end(alice)
    assert train_due_runs() == 2
    automatic, chosen = Run.objects.order_by("pk")
    assert {automatic.state, chosen.state} <= {RunState.DONE, RunState.REFUSED}
    sizes = [(run.n_above or 0, run.n_below or 0) for run in (automatic, chosen)]
    assert 0 < sizes[1][0] < sizes[0][0]
    assert sum(sizes[0]) == sum(sizes[1])


@pytest.mark.parametrize("back", [True, False])
def test_the_automatic_threshold_chosen_again_gives_no_second_run(alice: Visit, back: bool) -> None:
    (phrase,) = submit_and_score(alice, "red")
    replies.choose_threshold(phrase, between(phrase, 0.3))
    replies.choose_threshold(phrase, None if back else phrase.score.threshold)
    end(alice)
    assert [run.is_chosen for run in Run.objects.all()] == [False]


def test_without_an_automatic_threshold_the_chosen_one_still_gives_its_run(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "blue")
    assert phrase.score.threshold is None
    replies.choose_threshold(phrase, between(phrase, 0.5))
    end(alice)
    assert [(run.is_chosen, run.state) for run in Run.objects.order_by("pk")] == [
        (False, RunState.REFUSED),
        (True, RunState.PENDING),
    ]


def test_of_a_negation_the_threshold_has_the_scores_sign(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "no blue")
    values = -phrase.score.similarity_array
    choice = replies.choose_threshold(phrase, float(np.sort(values)[5]))
    end(alice)
    run = Run.objects.get(is_chosen=True)
    labels = np.zeros(len(values), np.int32)
    assert choice.threshold is not None
    assert (
        slice_members(run.sign * phrase.score.similarity_array, labels, 0, choice.threshold).sum()
        == (values > choice.threshold).sum()
    )
    with pytest.raises(AssignmentNotActive):
        replies.choose_threshold(phrase, None)
