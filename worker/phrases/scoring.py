"""Sweeps of due phrases, data set by data set, batch after batch, and the score of any phrase on any images.

The rules are in annotations.phrases.scoring. A benchmark's phrases are scored in the same way.
Vocabulary levels are scored between phrases that wait: for about a second a turn, so that the next ones hardly do.
What a turn leaves begun stays in this process alone. A worker that is killed loses no more than that.
"""

import time
from collections.abc import Collection, Generator, Iterator, Sequence
from functools import lru_cache, partial

import numpy as np
from django.conf import settings
from django.db import transaction
from numpy.typing import NDArray

from annotations.datasets.class_images import class_images
from annotations.models import BaseModel, Dataset, Phrase, Score, Task, VocabularyLevel
from annotations.models.arrays import pack_float32
from annotations.phrases import level_storage as vocabulary_levels
from annotations.phrases import scoring
from annotations.phrases.verdicts import points_away
from annotations.phrases.vocabulary_levels import LevelKey, is_in_half, words_in
from annotations.queue import worker_wakeup
from clarify_errors.arrays.common.modeling_errors import EncoderUnavailable, ModelingError, SliceTooSmall
from clarify_errors.arrays.datasets.dataset_files import BadDataset, Split
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.phrases.error_score import ErrorScore, error_score
from clarify_errors.arrays.phrases.phrase_languages import ENGLISH
from clarify_errors.arrays.phrases.phrase_reading import ReadPhrase, read_phrase
from clarify_errors.arrays.phrases.phrase_text import render
from clarify_errors.arrays.phrases.vocabulary_level import MIN_DISTINCT, count_distinct, is_telling, vocabulary_scores
from clarify_errors.arrays.phrases.word_forms import vocabulary, words_digest
from clarify_errors.arrays.retraining.annotation import Annotation
from clarify_errors.arrays.retraining.slices import slice_membership
from clarify_errors.tensors.encoders import CheckedEncoder
from worker.common import process_cache
from worker.common.library_versions import library_versions
from worker.common.throttled_log import log_error_throttled
from worker.phrases import rewordings
from worker.queue import worker_heartbeat
from worker.queue.drain import drain


def score_batch(encoder: CheckedEncoder, dataset: Dataset, ids: Collection[int]) -> list[int]:
    """Score those of a data set's claimed phrases that are still due, in one batch; returns their ids.

    All or none: whatever one phrase raises leaves every one of them due.
    """
    with transaction.atomic():
        phrases = scoring.lock_phrases(ids)
        if phrases:
            scoring.store_scores(_score(encoder, dataset, phrases))
    return [phrase.pk for phrase in phrases]


def _score(encoder: CheckedEncoder, dataset: Dataset, phrases: Sequence[Phrase]) -> list[Score]:
    texts = {phrase.pk: read_in_task(phrase).text for phrase in phrases}
    known = scoring.stored_embeddings(dataset, set(texts.values()))
    new, encode_ms = _embed(encoder, sorted(set(texts.values()) - known.keys()))
    embeddings = known | new
    return [scored_phrase(dataset, phrase, embeddings[texts[phrase.pk]], encode_ms) for phrase in phrases]


def read_in_task(phrase: Phrase) -> ReadPhrase:
    """What the phrase says that images have or lack, in the task's template."""
    task = phrase.assignment.task
    return read_phrase(phrase.text, task.text_template, task.study.phrase_language)


def scored_phrase(dataset: Dataset, phrase: Phrase, embedding: NDArray[np.float32], encode_ms: float) -> Score:
    """Return the phrase's score by the embedding, float32[d], of its text in `read_in_task`; not complete, nor stored.

    encode_ms: what the encoder took for the batch; 0 where the text's embedding was stored before.
    Raises BadDataset, BadArray for similarities that are not finite, NothingToSeparate, EncoderUnavailable.
    """
    task = phrase.assignment.task
    assert task.target_class is not None, "an open study's tasks have a class"
    said = read_in_task(phrase)
    images = class_images(task.base_model, task.target_class)
    values, score = score_on(dataset, said, embedding, images.rows, images.is_error)
    threshold = score.two_sided_threshold if points_away(score.value, score.two_sided) else score.threshold
    return Score(
        phrase=phrase,
        finds_nothing=threshold is None
        or _is_refused(dataset, Annotation(task.target_class, embedding, said.sign, threshold)),
        subject=said.subject,
        sign=said.sign,
        **vars(score),
        similarities=pack_float32(values),
        rendered_text=said.text,
        text_embedding=pack_float32(embedding),
        class_name_cosine=_class_name_cosine(dataset, task, embedding),
        rewordings=_rewordings(phrase, said.subject, embedding),
        encode_ms=encode_ms,
    )


def _is_refused(dataset: Dataset, annotation: Annotation) -> bool:
    """Return whether a retraining would be refused, because nearly all or nearly no training image is above."""
    rows = dataset.files.rows(Split.TRAIN, annotation.target_class)
    labels = np.full(len(rows), annotation.target_class)
    above = annotation.members(dataset.files.array("similarity"), rows, labels)
    try:
        slice_membership(above, labels, annotation.target_class, settings.MIN_SLICE_SIZE)
    except SliceTooSmall:
        return len(rows) > 0  # a data set without training images retrains nothing
    return False


def _rewordings(phrase: Phrase, subject: str, embedding: NDArray[np.float32]) -> list[str]:
    suggested = phrase.assignment.session.is_suggested_rewordings
    return rewordings.rewordings(phrase.assignment.task, subject, embedding) if suggested else []


def _embed(encoder: CheckedEncoder, texts: list[str]) -> tuple[dict[str, NDArray[np.float32]], float]:
    """The embedding of each text, float32[d], and the milliseconds that all of them took."""
    if not texts:
        return {}, 0.0
    begun = time.perf_counter()
    embeddings = encoder.encode_texts(texts)
    return dict(zip(texts, embeddings, strict=True)), 1000 * (time.perf_counter() - begun)


def _class_name_cosine(dataset: Dataset, task: Task, embedding: NDArray[np.float32]) -> float:
    class_name = str(dataset.class_names[task.target_class])
    of_class = process_cache.text_embedding(dataset.similarity_encoder, render(task.text_template, class_name))
    return float(np.dot(embedding.astype(np.float64), of_class))


def score_on(
    dataset: Dataset,
    said: ReadPhrase,
    embedding: NDArray[np.float32],
    rows: NDArray[np.int64],
    is_error: NDArray[np.bool_],
) -> tuple[NDArray[np.float32], ErrorScore]:
    """Score a phrase on n images of a class: return their similarities to the subject, float32[n], and the score.

    embedding: float32[d] of `said.text`; rows: int64[n]; is_error: bool[n]. The score is of the similarities times the
    sign.

    Raises BadDataset, BadArray for similarities that are not finite, NothingToSeparate.
    """
    values = similarities(dataset.files.array("similarity")[rows], embedding)
    return values, error_score(said.sign * values, is_error)


def score_due_phrases() -> int:
    """Score every due phrase; returns how many got their score. Raises OperationalError.

    Phrases of a data set whose encoder or files are missing wait: that is nobody's attempt.
    """
    datasets = scoring.due_datasets()
    if datasets:
        scoring.fail_exhausted_phrases()
    return sum(_score_due(dataset) for dataset in datasets)


def _score_due(dataset: Dataset) -> int:
    try:
        encoder = process_cache.text_encoder(dataset)
    except (EncoderUnavailable, BadDataset) as error:
        log_error_throttled(f"phrases on {dataset} are on hold: {error}")
        return 0
    return drain(
        partial(scoring.claim_phrases, dataset),
        partial(score_batch, encoder, dataset),
        scoring.fail_phrase,
        scoring.give_back_phrases,
    )


TURN_S = 1.0
AT_ONCE = 64  # words; what is begun of them ends, however long it takes

_begun: dict[LevelKey, Iterator[None]] = {}
_failed: set[LevelKey] = set()


def score_missing_vocabularies() -> int:
    """Embed what may be suggested, then score words for levels that tasks lack, for a turn; returns how many it stored.

    Asks for another turn, behind whatever waits by then. A level that cannot be scored is passed over until this
    process ends; one whose encoder or files are away waits for them. Raises OperationalError.
    """
    rewordings.prepare()
    end, n_stored = time.monotonic() + TURN_S, 0
    for key in vocabulary_levels.lacking():
        if key in _failed:
            continue
        try:
            for _ in _begun.setdefault(key, _stored(key)):
                worker_heartbeat.touch()
                if time.monotonic() >= end:
                    worker_wakeup.send(worker_wakeup.SCORE_VOCABULARIES)
                    return n_stored
            n_stored += 1
        except ModelingError as error:
            if not isinstance(error, (EncoderUnavailable, BadDataset)):
                _failed.add(key)
            log_error_throttled(f"what common words reach on class {key.target_class} is on hold: {error}")
        _begun.pop(key)
    return n_stored


def forget() -> None:
    """Begin all levels anew, as in a new process."""
    _begun.clear()
    _failed.clear()
    _embedded.cache_clear()


def scored_anew(key: LevelKey) -> VocabularyLevel:
    """Score the words of a level that may be stored already, and return its row; nothing is stored."""
    steps = _steps(key)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            level: VocabularyLevel = end.value
            return level
        worker_heartbeat.touch()


def _stored(key: LevelKey) -> Iterator[None]:
    vocabulary_levels.store((yield from _steps(key)))


def _steps(key: LevelKey) -> Generator[None, None, VocabularyLevel]:
    """Score the words of one level, a step for each batch. Raises ModelingError."""
    base_model = BaseModel.objects.select_related("dataset").get(pk=key.base_model)
    dataset, images = base_model.dataset, class_images(base_model, key.target_class)
    chosen = is_in_half(base_model, key.target_class, key.half) if key.half else np.ones(len(images.rows), np.bool_)
    is_error = images.is_error[chosen]
    if not is_telling(int((~is_error).sum()), int(is_error.sum())):
        return vocabulary_levels.level_row(key, is_error, np.empty(0), np.empty(0), versions=library_versions())
    words = words_in(key.language)
    embeddings = yield from _embeddings(dataset, key.text_template, words)
    n_distinct = count_distinct(embeddings)
    # To an encoder that hardly knows English, a list of what images show says more.
    if n_distinct < MIN_DISTINCT and key.language == ENGLISH:
        words = vocabulary()
        embeddings = yield from _embeddings(dataset, key.text_template, words)
    rows = dataset.files.array("similarity")[images.rows[chosen]]
    scores = []
    for start in range(0, len(words), AT_ONCE):
        batch = embeddings[start : start + AT_ONCE]
        scores.append([vocabulary_scores(rows, is_error, batch, sign) for sign in (1, -1)])
        yield
    return vocabulary_levels.level_row(
        key,
        is_error,
        *np.concatenate(scores, axis=1),
        n_distinct=n_distinct,
        words_digest=words_digest(words),
        versions=library_versions(),
    )


def _embeddings(dataset: Dataset, template: str, words: tuple[str, ...]) -> Generator[None, None, NDArray[np.float32]]:
    """Embed words in a template, a step for each batch that no level before has embedded; returns float32[V, d]."""
    encoder = process_cache.text_encoder(dataset)
    known = _embedded(dataset.similarity_encoder, template, words)
    while (start := len(known) * AT_ONCE) < len(words):
        known.append(encoder.encode_texts([render(template, word) for word in words[start : start + AT_ONCE]]))
        yield
    return np.concatenate(known)


@lru_cache(maxsize=4)
def _embedded(encoder_spec: str, template: str, words: tuple[str, ...]) -> list[NDArray[np.float32]]:
    """The batches that are embedded so far."""
    return []
