"""What the page of a task shows."""

import datetime as dt
import uuid
from collections.abc import Callable

import pytest
from django.utils import timezone

from annotations.datasets.class_images import class_images
from annotations.models import Assignment, Phrase, PhraseState, Score
from annotations.models.arrays import pack_float32
from annotations.phrases.phrase_feedback import Result
from annotations.phrases.phrase_submission import submit
from annotations.phrases.task_screen import SHOWN_A_GRID, Draws, Work, found, images, phrases_of, work
from clarify_errors.arrays.phrases.error_score import error_score, null_level
from clarify_errors.arrays.phrases.worded_scale import Step
from tests.support.actors import Visit
from worker.phrases.scoring import score_due_phrases

Say = Callable[[str], Phrase]


@pytest.fixture
def say(alice: Visit) -> Say:
    """Submit a phrase of Alice's."""
    return lambda text: submit(alice.assignment, client_uuid=uuid.uuid4(), text=text)[0]


def screen(assignment: Assignment, shown: Phrase | None = None) -> Work:
    now = timezone.now()
    client_uuid = shown.client_uuid if shown else None
    said, deadline = phrases_of(assignment), now + dt.timedelta(minutes=5)
    return work(assignment, said, owner="session:1", shown=client_uuid, deadline=deadline, now=now)


def answer(assignment: Assignment, phrase: Phrase) -> Result:
    """What the page shows of a scored phrase."""
    shown = screen(assignment, phrase).answer
    assert shown is not None and shown.result is not None
    return shown.result


def test_right_and_wrong_images_are_counted_and_sampled(alice: Visit) -> None:
    shown = images(alice.assignment, owner="session:1", draws=Draws())
    assert (shown.right.n_images, shown.wrong.n_images) == (15, 9)
    assert (len(shown.right.pictures), len(shown.wrong.pictures)) == (15, 9)
    assert not any(picture.is_error for picture in shown.right.pictures)
    assert {picture.said for picture in shown.wrong.pictures} == {"oval"}
    assert shown.right.n_images <= SHOWN_A_GRID
    assert not shown.right.has_others


def test_two_people_see_different_samples_and_one_person_always_the_same(alice: Visit, bob: Visit) -> None:
    bob.assignment.session.seed = 8
    first, again, others = (
        [picture.url for picture in images(visit.assignment, owner="session:1", draws=Draws()).right.pictures]
        for visit in (alice, alice, bob)
    )
    assert first == again
    assert first != others
    assert sorted(first) == sorted(others)


def test_before_the_first_phrase_there_is_no_answer(alice: Visit) -> None:
    shown = screen(alice.assignment)
    assert (shown.answer, shown.history, shown.n_needed, shown.may_submit) == (None, (), 1, True)


def test_a_pending_phrase_waits(alice: Visit, say: Say) -> None:
    say("red")
    shown = screen(alice.assignment)
    assert shown.answer is not None
    assert (shown.answer.result, shown.answer.is_slow) == (None, False)
    assert [line.value for line in shown.history] == [None]


def test_a_phrase_that_waits_long_is_explained(alice: Visit, say: Say) -> None:
    Phrase.objects.filter(pk=say("red").pk).update(submitted_at=timezone.now() - dt.timedelta(seconds=30))
    answer = screen(alice.assignment).answer
    assert answer is not None
    assert answer.is_slow


def test_the_result_is_made_from_the_stored_similarities(alice: Visit, say: Say) -> None:
    phrase = say("red")
    score_due_phrases()
    score = Score.objects.get(phrase=phrase)
    shown = screen(alice.assignment).answer
    assert shown is not None
    assert shown.result is not None
    assert shown.result.split is not None
    is_error = class_images(alice.assignment.task.base_model, 0).is_error
    assert score.threshold is not None
    above = score.similarity_array > score.threshold
    with_it, without = shown.result.split.with_it, shown.result.split.without
    assert (with_it.grid.n_images, with_it.n_wrong) == (above.sum(), is_error[above].sum())
    assert (without.grid.n_images, without.n_wrong) == ((~above).sum(), is_error[~above].sum())
    assert shown.result.value == error_score(score.similarity_array, is_error).value > 0.8
    assert shown.result.verdict.step is Step.VERY_WELL


def test_a_phrase_of_the_right_images_is_shown_as_the_opposite(alice: Visit, say: Say) -> None:
    say("blue")
    score_due_phrases()
    shown = screen(alice.assignment).answer
    assert shown is not None
    assert shown.result is not None
    assert shown.result.split is not None
    assert (shown.result.value, shown.result.verdict.is_telling) == (0, True)
    assert shown.result.split.with_it.percent_wrong == 0
    assert (shown.result.split.without.percent_wrong or 0) > 50


def test_a_negation_shows_the_sides_as_the_person_means_them(alice: Visit, say: Say) -> None:
    negation, subject = say("no blue"), say("blue")
    score_due_phrases()
    shown, plain = (answer(alice.assignment, phrase) for phrase in (negation, subject))
    assert (shown.subject, shown.sign, shown.verdict.step) == ("blue", -1, Step.VERY_WELL)
    assert (plain.subject, plain.sign, plain.verdict.is_telling) == ("blue", 1, True)
    assert shown.split is not None and plain.split is not None
    for ours, theirs in ((shown.split.without, plain.split.with_it), (shown.split.with_it, plain.split.without)):
        assert (ours.grid.n_images, ours.n_wrong) == (theirs.grid.n_images, theirs.n_wrong)
    assert shown.split.without.percent_wrong == 0
    assert [picture.is_error for picture in shown.in_order[:4]] == [False] * 4
    assert [picture.is_error for picture in plain.in_order[-4:]] == [False] * 4


def test_the_opposite_of_a_negation_is_told_too(alice: Visit, say: Say) -> None:
    negation = say("without red")
    score_due_phrases()
    shown = answer(alice.assignment, negation)
    assert (shown.value, shown.verdict.is_telling) == (0, True)
    assert shown.split is not None
    assert (shown.split.without.percent_wrong or 0) > 50


def test_what_guessing_reaches_is_judged_for_all_allowed_tries_from_the_first_on(alice: Visit, say: Say) -> None:
    first, second = say("red"), say("dark")
    score_due_phrases()
    levels = [answer(alice.assignment, phrase).guessing for phrase in (first, second)]
    assert levels == [null_level(15, 9, alice.assignment.task.max_phrases + 3)] * 2


def test_a_phrase_that_separates_nothing_has_no_split(alice: Visit, say: Say) -> None:
    phrase = say("red")
    score_due_phrases()
    n = len(class_images(alice.assignment.task.base_model, 0).rows)
    flat = pack_float32(class_images(alice.assignment.task.base_model, 0).is_error.astype("f4") * 0)
    Score.objects.filter(phrase=phrase).update(
        value=0, threshold=None, two_sided=0, two_sided_threshold=None, similarities=flat
    )
    shown = screen(alice.assignment).answer
    assert shown is not None
    assert shown.result is not None
    assert len(flat) == 4 * n
    assert (shown.result.split, shown.result.verdict.step) == (None, Step.GUESSING)


def test_the_best_phrase_is_marked_and_of_tied_ones_the_first_in_fewest_words(alice: Visit, say: Say) -> None:
    for text in ("blue", "red and big", "red", "red"):
        say(text)
    score_due_phrases()
    Score.objects.exclude(phrase__text="blue").update(value=0.8)
    shown = screen(alice.assignment)
    assert [line.is_best for line in shown.history] == [False, False, True, False]
    assert [line.is_shown for line in shown.history] == [False, False, False, True]


def test_an_earlier_phrase_can_be_shown_again(alice: Visit, say: Say) -> None:
    first, _ = say("red"), say("blue")
    shown = screen(alice.assignment, first)
    assert shown.answer is not None
    assert shown.answer.phrase == first
    assert Phrase.objects.count() == 2


def test_a_failed_phrase_uses_up_no_try(alice: Visit, say: Say) -> None:
    alice.assignment.task.max_phrases = 2
    first, _ = say("red"), say("blue")
    assert not screen(alice.assignment).may_submit
    Phrase.objects.filter(pk=first.pk).update(state=PhraseState.FAILED)
    assert screen(alice.assignment).may_submit


def test_the_end_names_the_best_words_of_each_task(alice: Visit, say: Say) -> None:
    say("blue")
    best = say("red")
    score_due_phrases()
    assert [(line.task, line.best) for line in found(alice.session)] == [(alice.assignment.task, best)]
