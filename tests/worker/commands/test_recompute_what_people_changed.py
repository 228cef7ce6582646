"""`manage.py recompute` where somebody chose a threshold, withdrew, or has no result: that is no difference."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError
from django.utils import timezone

from annotations.models import Run, ThresholdChoice
from annotations.phrases import assignments, replies
from annotations.visits import erasure, sessions, withdrawal
from tests.support import actors
from tests.support.actors import Visit
from tests.support.steps import end, submit, submit_and_score
from tests.worker.commands.conftest import Command
from tests.worker.commands.recomputing import change, score_of, told
from worker.runs.run_training import train_due_runs


def test_a_run_of_a_chosen_threshold_comes_out_too(alice: Visit, command: Command) -> None:
    (phrase,) = submit_and_score(alice, "red")
    choice = replies.choose_threshold(phrase, float(np.median(phrase.score.similarity_array)))
    end(alice)
    train_due_runs()
    assert "1 score, 2 runs and" in command("recompute", "--all")
    ThresholdChoice.objects.filter(pk=choice.pk).update(threshold=0.0)
    assert "annotation_digest" in told("--all")


@pytest.fixture
def came_again(alice: Visit) -> Visit:
    """Alice tried two phrases, withdrew, and said "red" and "large" in another visit; then the first was erased."""
    submit_and_score(alice, "blue", "dark")
    withdrawal.withdraw(alice.session)
    ids: dict[str, Any] = {
        "participant_id": alice.external_ids["PROLIFIC_PID"],
        "study_id": alice.external_ids["STUDY_ID"],
    }
    session = sessions.give_consent(sessions.enter(alice.session.study, **ids, session_id="alice-later-visit"))
    session = actors.pass_check(actors.do_tutorial(session))
    again = replace(alice, session=session, assignment=assignments.start(session.assignments.get()))
    submit_and_score(again, "red", "large")
    assert erasure.erase_due(timezone.now())[0] == 1
    return again


def test_tries_that_were_erased_since_are_no_difference(came_again: Visit, command: Command) -> None:
    assert [score_of(text).tries for text in ("red", "large")] == [3, 4]
    assert (
        command("recompute", "--all")
        == "Recomputed 2 scores, 0 runs and 0 sets of random slices: all match what is stored.\n"
    )


@pytest.mark.parametrize(
    ("field", "value", "told_field"),
    [("null_level", 0.1, "null_level"), ("tries", 3, "null_level"), ("tries", 1, "tries")],
)
def test_after_an_erasure_what_is_stored_must_still_fit_together(
    came_again: Visit, field: str, value: float, told_field: str
) -> None:
    change(score_of("large"), **{field: value})
    assert f"“large”: {told_field}: stored " in told("--all")


def test_a_refused_run_comes_out_with_the_sizes_of_its_slices(alice: Visit, command: Command, settings: Any) -> None:
    settings.MIN_SLICE_SIZE = 45
    submit_and_score(alice, "red")
    end(alice)
    train_due_runs()
    run = Run.objects.get()
    assert "all match" in command("recompute", "--run", run.public_id)
    change(run, n_above=3)
    assert "n_above: stored 3, now " in told("--run", run.public_id)


def test_a_phrase_without_its_score_has_nothing_to_compute_again(alice: Visit, command: Command) -> None:
    with pytest.raises(CommandError, match="There is no score"):
        command("recompute", "--score", submit(alice, "red").pk)
