import uuid

import pytest
from django.utils import translation

from annotations.base.service_errors import (
    AssignmentNotActive,
    ClientUuidReused,
    PhraseRefused,
    StudyNotOpen,
    TimeIsOver,
    TooManyPhrases,
    WordsInDoubt,
)
from annotations.models import EndReason, Event, Phrase, PhraseState, StudyState
from annotations.phrases import assignments, phrase_submission
from annotations.queue import worker_wakeup
from annotations.releases.tables.table_rows import exclusions, phrase_rows
from tests.support.steps import end, move_clock, submit

UUID = uuid.UUID(int=7)


def test_a_phrase_is_stored_as_typed_and_waits_for_its_score(alice):
    phrase, created = phrase_submission.submit(alice.assignment, client_uuid=UUID, text="  a Cafe\u0301 sign ")
    assert created
    phrase.refresh_from_db()
    assert (phrase.text, phrase.state, phrase.ordinal) == ("a Caf\u00e9 sign", PhraseState.PENDING, 1)
    assert phrase.submitted_at is not None


def test_words_that_nobody_checked_are_kept_and_leave_every_result(alice):
    submit(alice, "dark")
    phrase_submission.submit(alice.assignment, client_uuid=UUID, text="red", is_checked=False)
    study = alice.session.study
    assert [phrase.text for phrase in phrase_rows(study)] == ["dark"]
    left_out = [(each.ordinal, each.reason, each.detail) for each in exclusions(study) if each.ordinal == 2]
    assert left_out == [(2, "moderation", "not checked: it stood in the field when the time was over")]


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("qwzx", []),
        ("no qwzx", []),
        ("qwzx vlorks", []),
        ("rde", ["red"]),
        ("They have bakgrounds in them", ["background"]),
    ],
)
def test_words_that_no_list_has_are_asked_about_once_and_then_taken(alice, text, nearest):
    with pytest.raises(WordsInDoubt) as asked:
        phrase_submission.submit(alice.assignment, client_uuid=UUID, text=text, as_typed="other words")
    assert (asked.value.text, asked.value.nearest) == (text, nearest)
    with pytest.raises(WordsInDoubt):  # no phrase is as long, so nobody typed it
        phrase_submission.submit(alice.assignment, client_uuid=UUID, text=text, as_typed=text + " " * 500)
    assert not Phrase.objects.exists()
    phrase, created = phrase_submission.submit(alice.assignment, client_uuid=UUID, text=text, as_typed=f" {text}")
    assert (phrase.text, created) == (text, True)


@pytest.mark.parametrize(("text", "language"), [("qwzx blue", "en"), ("42", "en"), ("qwzx", "de")])
def test_nobody_is_asked_about_words_of_which_a_list_has_one_nor_in_another_language(alice, text, language):
    alice.assignment.session.study.phrase_language = language
    assert phrase_submission.submit(alice.assignment, client_uuid=UUID, text=text, as_typed="")[1]


def test_a_german_word_that_means_something_else_in_english_is_asked_about_once_on_a_german_page(alice):
    given = {"client_uuid": UUID, "text": "rot"}
    with translation.override("de"), pytest.raises(WordsInDoubt) as asked:
        phrase_submission.submit(alice.assignment, **given, as_typed="")
    assert "auf Englisch" in asked.value.message
    assert not Phrase.objects.exists()
    with translation.override("de"):
        assert phrase_submission.submit(alice.assignment, **given, as_typed="rot")[1]


@pytest.mark.parametrize(("text", "page"), [("rot", "en"), ("foot rot", "de"), ("red", "de"), ("orange", "de")])
def test_nobody_is_asked_about_it_on_an_english_page_nor_about_words_that_mean_the_same(alice, text, page):
    with translation.override(page):
        assert phrase_submission.submit(alice.assignment, client_uuid=UUID, text=text, as_typed="")[1]


def test_nobody_is_asked_about_words_that_were_said_before_nor_about_what_stood_in_the_field(alice):
    said = submit(alice, "qwzx")
    again = {"client_uuid": UUID, "text": "QWZX", "as_typed": ""}
    assert phrase_submission.submit(alice.assignment, **again, once=True) == (said, False)
    assert phrase_submission.submit(alice.assignment, **again, is_checked=False)[1]


@pytest.mark.parametrize("text", ["<b>red</b> & {phrase}", "🔴 shapes", "مربعات حمراء", "a" * 120, "-red", "=1+1"])
def test_any_words_are_accepted(alice, text):
    assert submit(alice, text).text == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "phrase_empty"),
        (" \t ", "phrase_blank"),
        ("a" * 121, "phrase_too_long"),
        ("red\nsquares", "phrase_control_characters"),
        ("?!", "phrase_only_punctuation"),
    ],
)
def test_a_text_that_cannot_be_scored_is_refused_with_its_reason(alice, text, code):
    with pytest.raises(PhraseRefused) as refused:
        submit(alice, text)
    assert (refused.value.code, refused.value.status) == (code, 400)
    assert refused.value.message.endswith(".")
    assert not Phrase.objects.exists()


def test_ordinals_count_up_within_an_assignment(alice, bob):
    assert [submit(alice, text).ordinal for text in ("red", "red", "blue")] == [1, 2, 3]
    assert submit(bob).ordinal == 1


def test_a_replay_returns_the_stored_row(alice):
    first, _ = phrase_submission.submit(alice.assignment, client_uuid=UUID, text="red")
    again, created = phrase_submission.submit(alice.assignment, client_uuid=UUID, text=" red ")
    assert (again, created) == (first, False)
    assert Event.objects.filter(kind="phrase_submitted").count() == 1


def test_a_replay_returns_the_stored_row_also_after_the_end(alice):
    first, _ = phrase_submission.submit(alice.assignment, client_uuid=UUID, text="red")
    end(alice)
    assert phrase_submission.submit(alice.assignment, client_uuid=UUID, text="red") == (first, False)


def test_one_uuid_with_two_texts_is_a_fault(alice):
    phrase_submission.submit(alice.assignment, client_uuid=UUID, text="red")
    with pytest.raises(ClientUuidReused):
        phrase_submission.submit(alice.assignment, client_uuid=UUID, text="blue")
    assert Phrase.objects.get().text == "red"


def test_two_people_may_use_one_uuid(alice, bob):
    assert phrase_submission.submit(alice.assignment, client_uuid=UUID, text="red")[1]
    assert phrase_submission.submit(bob.assignment, client_uuid=UUID, text="blue")[1]


def test_a_phrase_within_the_slack_counts(alice):
    move_clock(alice.assignment, 601)
    assert submit(alice)


def test_a_phrase_after_the_deadline_is_refused_and_stores_nothing(alice):
    move_clock(alice.assignment, 603)
    with pytest.raises(TimeIsOver):
        submit(alice)
    assert not Phrase.objects.exists()


def test_after_the_sweeper_ended_it_time_is_over_too(alice):
    move_clock(alice.assignment, 700)
    end(alice)
    with pytest.raises(TimeIsOver):
        submit(alice)


def test_a_phrase_to_a_finished_assignment_is_refused(alice):
    submit(alice)
    end(alice)
    with pytest.raises(AssignmentNotActive):
        submit(alice)


def test_a_phrase_to_a_closed_study_is_refused(alice, open_study):
    open_study.state, open_study.closed_at = StudyState.CLOSED, open_study.opened_at
    open_study.save()
    assignments.end(alice.assignment, EndReason.STUDY_CLOSED)
    with pytest.raises(StudyNotOpen, match="closed"):
        submit(alice)


def test_the_tasks_most_phrases_is_the_limit(alice):
    alice.assignment.task.max_phrases = 2
    alice.assignment.task.save()
    submit(alice, "one")
    submit(alice, "two")
    with pytest.raises(TooManyPhrases, match="all 2 phrases"):
        submit(alice, "three")


def test_a_phrase_that_could_not_be_scored_uses_up_no_try(alice):
    alice.assignment.task.max_phrases = 1
    alice.assignment.task.save()
    Phrase.objects.filter(pk=submit(alice, "one").pk).update(state=PhraseState.FAILED)
    assert submit(alice, "two").ordinal == 2


def test_a_task_is_dispatched_once_the_phrase_is_committed(alice, django_capture_on_commit_callbacks, monkeypatch):
    sent = []
    monkeypatch.setattr(worker_wakeup, "send", sent.append)
    with django_capture_on_commit_callbacks(execute=True):
        submit(alice)
        assert sent == []
    assert sent == [worker_wakeup.SCORE_PHRASES]
