"""Vocabulary levels, scored between phrases that wait: for about a second a turn, so that the next ones hardly do.

What a turn leaves begun stays in this process alone. A worker that is killed loses no more than that.
"""

import time
from collections.abc import Generator, Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from annotations.datasets.class_images import class_images
from annotations.models import BaseModel, Dataset, VocabularyLevel
from annotations.phrases import level_storage as vocabulary_levels
from annotations.phrases.vocabulary_levels import LevelKey, is_in_half, words_in
from annotations.queue import worker_wakeup
from clarify_errors.arrays.common.modeling_errors import EncoderUnavailable, ModelingError
from clarify_errors.arrays.datasets.dataset_files import BadDataset
from clarify_errors.arrays.phrases.common_words import words_digest
from clarify_errors.arrays.phrases.phrase_languages import ENGLISH
from clarify_errors.arrays.phrases.phrase_text import render
from clarify_errors.arrays.phrases.vocabulary_level import MIN_DISTINCT, count_distinct, is_telling, vocabulary_scores
from clarify_errors.arrays.phrases.word_forms import vocabulary
from worker.common import process_cache
from worker.common.library_versions import library_versions
from worker.common.throttled_log import log_error_throttled
from worker.phrases import rewordings
from worker.queue import worker_heartbeat

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
