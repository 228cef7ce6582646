"""What common words reach: scored for every task before anybody waits for it, once, a turn at a time."""

import io
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from numpy.typing import NDArray

from annotations.datasets.class_images import class_images
from annotations.models import BaseModel, Dataset, Study, Task, VocabularyLevel
from annotations.models.arrays import pack_float64
from annotations.phrases import level_storage as service
from annotations.phrases.vocabulary_levels import half_of, is_in_half, levels_of
from annotations.queue import worker_wakeup
from clarify_errors.arrays.common.modeling_errors import BadArray, EncoderUnavailable
from clarify_errors.arrays.phrases import vocabulary_level as levels
from clarify_errors.arrays.phrases.error_score import error_score
from clarify_errors.arrays.phrases.phrase_text import render
from clarify_errors.arrays.phrases.word_forms import common_words, vocabulary, words_digest
from tests.support.actors import SQUARE, create_study
from tests.support.fake_encoder import FakeEncoder
from worker.common import process_cache
from worker.phrases import scoring as worker
from worker.phrases.scoring import score_missing_vocabularies

WORDS = common_words()[:: len(common_words()) // 640]  # enough for a level of their own

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_new_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    worker.forget()
    monkeypatch.setattr(levels, "MIN_IMAGES", 4)  # the small set has nine errors
    monkeypatch.setattr(worker, "TURN_S", 600.0)
    monkeypatch.setattr(worker, "words_in", lambda language: WORDS)
    yield
    worker.forget()


@pytest.fixture
def task(base_model: BaseModel) -> Task:
    return create_study(base_model).tasks.get()


def stored() -> list[VocabularyLevel]:
    return list(VocabularyLevel.objects.order_by("pk"))


def test_a_task_has_its_level_while_its_study_is_a_draft(task: Task) -> None:
    assert task.study.state == "draft" and not levels_of([task])
    assert score_missing_vocabularies() == 1
    (level,) = stored()
    assert levels_of([task]) == {task.pk: level}
    images = class_images(task.base_model, SQUARE)
    assert (level.n_correct, level.n_error) == (images.n_correct, images.n_error)
    assert (level.n_words, level.words_digest) == (len(WORDS), words_digest(WORDS))
    assert level.n_distinct >= levels.MIN_DISTINCT
    assert level.level == np.quantile(level.scores_of(1), 0.95, method="inverted_cdf")
    assert level.negated_level == np.quantile(level.scores_of(-1), 0.95, method="inverted_cdf")


def test_a_word_has_the_error_score_that_a_person_gets_for_it(task: Task) -> None:
    score_missing_vocabularies()
    (level,) = stored()
    images = class_images(task.base_model, SQUARE)
    rows = task.base_model.dataset.files.array("similarity")[images.rows]
    for place, word in enumerate(WORDS[:20]):
        text = FakeEncoder().encode_texts([render(task.text_template, word)])[0]
        for sign in (1, -1):
            value = error_score(sign * np.einsum("ij,j->i", rows, text), images.is_error).value
            assert level.scores_of(sign)[place] == value


def test_a_level_is_scored_once_for_all_tasks_that_it_fits(task: Task) -> None:
    other = create_study(task.base_model, "again").tasks.get()
    assert score_missing_vocabularies() == 1
    assert score_missing_vocabularies() == 0
    assert levels_of([other])[other.pk] == levels_of([task])[task.pk]
    Task.objects.filter(pk=other.pk).update(text_template="a drawing of {phrase}")
    assert score_missing_vocabularies() == 1


def test_a_task_without_a_class_has_the_level_of_the_one_that_it_will_get(task: Task) -> None:
    Task.objects.update(target_class=None)
    score_missing_vocabularies()
    assert [level.target_class for level in stored()] == [SQUARE]


def test_a_study_with_a_bonus_has_the_level_of_the_half_that_scores(task: Task) -> None:
    Study.objects.update(bonus_cents=50)
    assert score_missing_vocabularies() == 2
    half = levels_of([task], half_of(task.study))[task.pk]
    chosen = is_in_half(task.base_model, SQUARE, half_of(task.study))
    is_error = class_images(task.base_model, SQUARE).is_error[chosen]
    assert half is not None
    assert (half.n_correct, half.n_error) == ((~is_error).sum(), is_error.sum())


def test_too_few_images_are_stored_as_such(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "MIN_IMAGES", 10)
    assert score_missing_vocabularies() == 1
    (level,) = stored()
    assert (level.level, level.negated_level, level.n_words) == (None, None, 0)
    assert score_missing_vocabularies() == 0


def test_a_turn_ends_soon_and_the_next_one_is_asked_for_and_goes_on(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(worker_wakeup, "send", asked.append)
    monkeypatch.setattr(worker, "TURN_S", 0.0)
    turns = [score_missing_vocabularies()]
    while not stored():
        turns.append(score_missing_vocabularies())
    n_batches = -(-len(WORDS) // worker.AT_ONCE)
    assert turns == [0] * 2 * n_batches + [1]  # a batch is embedded, or scored
    assert asked == [worker_wakeup.SCORE_VOCABULARIES] * 2 * n_batches


def test_a_worker_that_is_killed_leaves_nothing_half_done(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_wakeup, "send", lambda name: None)
    monkeypatch.setattr(worker, "TURN_S", 0.0)
    score_missing_vocabularies()
    assert stored() == []
    worker.forget()  # its memory is gone
    monkeypatch.setattr(worker, "TURN_S", 600.0)
    assert score_missing_vocabularies() == 1
    assert stored()[0].n_words == len(WORDS)


def test_two_workers_at_once_store_one_level(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    store = service.store

    def twice(level: VocabularyLevel) -> None:
        store(level)
        store(level)

    monkeypatch.setattr(service, "store", twice)
    score_missing_vocabularies()
    assert len(stored()) == 1


class OneVector(FakeEncoder):
    """Knows no word."""

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.repeat(super().encode_texts(["a"]), len(texts), axis=0)


def test_an_encoder_that_hardly_knows_english_is_asked_about_the_list_of_what_images_show(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_cache, "text_encoder", lambda dataset: OneVector())
    score_missing_vocabularies()
    (level,) = stored()
    assert (level.n_words, level.n_distinct) == (len(vocabulary()), 1)


@pytest.mark.parametrize(("error", "comes_back"), [(EncoderUnavailable("no weights"), 1), (BadArray("broken"), 0)])
def test_what_is_away_is_waited_for_and_what_is_broken_is_passed_over(
    task: Task, monkeypatch: pytest.MonkeyPatch, error: Exception, comes_back: int
) -> None:
    def fail(dataset: Dataset) -> FakeEncoder:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(process_cache, "text_encoder", fail)
        assert score_missing_vocabularies() == 0
    assert score_missing_vocabularies() == comes_back


def again() -> str:
    output = io.StringIO()
    call_command("recompute", "--all", stdout=output)
    return output.getvalue()


def test_levels_are_computed_again(task: Task) -> None:
    Study.objects.update(bonus_cents=50)
    score_missing_vocabularies()
    worker.forget()
    assert "Recomputed 0 scores, 2 levels, 0 runs and 0 sets of random slices: all match" in again()
    assert len(stored()) == 2


@pytest.mark.parametrize(
    ("field", "value"), [("level", 0.123), ("negated_level", 0.123), ("n_words", 3), ("words_digest", "0" * 64)]
)
def test_a_level_that_was_changed_comes_out_differently(task: Task, field: str, value: object) -> None:
    score_missing_vocabularies()
    VocabularyLevel.objects.update(**{field: value})
    with pytest.raises(CommandError, match="1 differ from what is stored"):
        again()


def test_a_score_of_a_word_that_was_changed_comes_out_differently(task: Task) -> None:
    score_missing_vocabularies()
    (level,) = stored()
    scores = level.scores_of(1).copy()
    scores[np.argmin(scores)] += 0.5
    VocabularyLevel.objects.update(scores=pack_float64(scores))
    with pytest.raises(CommandError, match="1 differ from what is stored"):
        again()


def test_a_level_of_too_few_images_comes_out_too(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "MIN_IMAGES", 10)
    score_missing_vocabularies()
    assert "0 scores, 1 level, 0 runs and 0 sets of random slices: all match" in again()
