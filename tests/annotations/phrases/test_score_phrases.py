import numpy as np
import pytest
from django.db import IntegrityError

from annotations.models import Event, PhraseState, Run, RunState, Score
from annotations.models.arrays import pack_float32
from annotations.phrases import scoring
from clarify_errors.arrays.phrases.error_score import ErrorScore, null_level
from clarify_errors.arrays.phrases.null_level import p_value
from tests.support.steps import end, submit, submit_and_score
from worker.phrases.scoring import score_due_phrases

EMBEDDING = np.array([0.6, 0.8], np.float32)


def scored(phrase, value=0.5, two_sided=0.5, subject="red", sign=1) -> Score:
    return Score(
        phrase=phrase,
        subject=subject,
        sign=sign,
        **vars(ErrorScore(value, 0.25 if value else None, two_sided, 0.125, 3, 2)),
        similarities=pack_float32(np.arange(5, dtype=np.float32)),
        rendered_text="an image of a red",
        text_embedding=pack_float32(EMBEDDING),
        class_name_cosine=0.1,
        encode_ms=2.5,
    )


def test_a_score_is_stored_with_its_phrase(alice):
    phrase = submit(alice)
    assert scoring.store_scores([scored(phrase)]) == 1
    phrase.refresh_from_db()
    assert phrase.state == PhraseState.SCORED
    np.testing.assert_array_equal(phrase.score.similarity_array, np.arange(5, dtype=np.float32))
    assert phrase.score.scored_at > phrase.submitted_at
    assert phrase.score.code_version
    assert Event.objects.filter(kind="phrase_scored").count() == 1


def test_a_score_is_stored_with_what_chance_does(alice):
    phrase = submit(alice)
    scoring.store_scores([scored(phrase)])
    score = Score.objects.get()
    assert (score.two_sided, score.two_sided_threshold) == (0.5, 0.125)
    assert score.p_value == pytest.approx(p_value(0.5, 3, 2))
    assert (score.p_method, score.tries) == ("exact", 1)
    assert score.null_level == null_level(3, 2, 1, 0.95)


def test_a_score_is_stored_with_its_subject_and_direction(alice):
    scoring.store_scores([scored(submit(alice, "no red"), subject="red", sign=-1), scored(submit(alice, "red"))])
    assert list(Score.objects.order_by("pk").values_list("subject", "sign")) == [("red", -1), ("red", 1)]


def test_a_second_score_changes_nothing(alice):
    phrase = submit(alice)
    scoring.store_scores([scored(phrase)])
    assert scoring.store_scores([scored(phrase, value=0.75, two_sided=0.75)]) == 0
    assert Score.objects.get().value == 0.5
    assert Event.objects.filter(kind="phrase_scored").count() == 1


def test_scores_of_a_batch_are_stored_all_or_none(alice):
    good, bad = submit(alice, "red"), submit(alice, "blue")
    with pytest.raises(IntegrityError):
        scoring.store_scores([scored(good), scored(bad, two_sided=1.5)])
    assert not Score.objects.exists()
    good.refresh_from_db()
    assert good.state == PhraseState.PENDING


def test_a_score_that_comes_after_the_end_plans_its_run(alice):
    phrase = submit(alice)
    end(alice)
    assert not Run.objects.exists()
    score_due_phrases()
    run = Run.objects.get()
    phrase.refresh_from_db()
    assert (run.state, phrase.score.run) == (RunState.PENDING, run)


def test_the_same_words_have_the_same_similarities_for_everybody(alice, bob):
    (hers,) = submit_and_score(alice, "red")
    (his,) = submit_and_score(bob, "red")
    assert his.score.text_digest == hers.score.text_digest
    assert his.score.similarities == hers.score.similarities
    assert (hers.score.encode_ms > 0, his.score.encode_ms) == (True, 0)


def test_only_data_sets_with_due_phrases_are_due(alice):
    assert scoring.due_datasets() == []
    submit(alice)
    assert scoring.due_datasets() == [alice.assignment.task.base_model.dataset]
    score_due_phrases()
    assert scoring.due_datasets() == []
