"""Words that divide off nearly all images or nearly none are no finding, and the first few of them cost no try."""

import uuid
from typing import Any

import numpy as np
import pytest

from annotations.base.service_errors import TooManyPhrases
from annotations.models import RunState, Score
from annotations.phrases import phrase_submission
from annotations.phrases.verdicts import points_away, verdict
from annotations.releases.tables.table_rows import phrase_rows
from clarify_errors.arrays.common.modeling_errors import SliceTooSmall
from clarify_errors.arrays.phrases.error_score import error_score, null_level
from clarify_errors.arrays.retraining.slices import slice_membership
from tests.annotations.phrases.test_task_screen import answer, screen
from tests.support.actors import Visit
from tests.support.steps import end, submit, submit_and_score
from worker.runs.run_training import train_due_runs

NOTHING, PARTLY = "fluffy", "dark"  # of the sprites' 50 training squares, fewer than five are on a side of "fluffy"


def test_the_verdict_is_that_a_retraining_would_be_refused(alice: Visit) -> None:
    nothing, other = submit_and_score(alice, NOTHING, PARTLY)
    assert (nothing.score.finds_nothing, other.score.finds_nothing) == (True, False)
    assert nothing.score.level_shown == other.score.level_shown == "no better than guessing"
    assert nothing.score.two_sided_threshold is not None
    Score.objects.update(threshold=nothing.score.two_sided_threshold)
    end(alice)
    train_due_runs()
    nothing.score.refresh_from_db()
    run: Any = nothing.score.run
    assert run.state == RunState.REFUSED
    assert min(run.n_above, run.n_below) < 5


def test_the_page_says_that_there_is_no_difference_and_shows_no_split(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, NOTHING)
    shown = answer(alice.assignment, phrase)
    assert shown.verdict.sentence == "The program finds <strong>no difference</strong> for these words."
    assert (shown.split, shown.threshold, shown.verdict.is_opposite) == (None, None, False)
    assert screen(alice.assignment, phrase).history[0].verdict == shown.verdict


def test_the_first_three_cost_no_try_and_the_fourth_does(alice: Visit) -> None:
    phrases = submit_and_score(alice, *(f"{NOTHING} {number}" for number in range(4)))
    Score.objects.update(finds_nothing=True)
    alice.assignment.task.max_phrases = 2
    assert [screen(alice.assignment, phrase).is_given_back for phrase in phrases] == [True, True, True, False]
    assert screen(alice.assignment).n_tries == 1
    submit(alice)
    assert not screen(alice.assignment).may_submit
    with pytest.raises(TooManyPhrases):
        phrase_submission.submit(alice.assignment, client_uuid=uuid.uuid4(), text="blue")


def test_levels_count_what_was_given_back(alice: Visit) -> None:
    phrases = submit_and_score(alice, NOTHING, "red")
    assert [phrase.score.tries for phrase in phrases] == [1, 2]
    assert {phrase.score.guessing_level for phrase in phrases} == {null_level(15, 9, 20 + 3)}
    assert [row.score.tries for row in phrase_rows(alice.session.study)] == [1, 2]


def share_called_none(share_found: float, n_words: int = 200) -> float:
    """The share of words that find nothing, of 800 images, half of them wrong, and of 400 training images.

    share_found: of all images those that have what the words say; all of them are wrong. 0: words that say nothing.
    """
    rng, is_error = np.random.default_rng(5), np.arange(800) >= 400
    level = null_level(400, 400, 23)
    n_none = 0
    for _ in range(n_words):
        shown, trained = (rng.standard_normal(n).astype(np.float32) for n in (800, 400))
        shown[400 : 400 + round(800 * share_found)] += 6
        trained[: round(400 * share_found)] += 6
        score = error_score(shown, is_error)
        points = points_away(score.value, score.two_sided)
        threshold = score.two_sided_threshold if points else score.threshold
        is_refused = threshold is None or is_too_small(trained > threshold)
        n_none += verdict(score.value, score.two_sided, level, is_refused=is_refused).finds_nothing
    return n_none / n_words


def is_too_small(above: np.ndarray) -> bool:
    try:
        slice_membership(above, np.zeros(len(above), np.int64), 0)
    except SliceTooSmall:
        return True
    return False


def test_a_small_find_is_never_called_none_and_few_random_words_are() -> None:
    assert share_called_none(0.05) == 0
    assert 0 < share_called_none(0) < 0.05
