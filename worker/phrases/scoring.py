"""Sweeps of due phrases, data set by data set, batch after batch, and the score of any phrase on any images.

The rules are in annotations.phrases.scoring. A benchmark's phrases are scored in the same way.
"""

import time
from collections.abc import Collection, Sequence
from functools import partial

import numpy as np
from django.conf import settings
from django.db import transaction
from numpy.typing import NDArray

from annotations.datasets.class_images import class_images
from annotations.models import Dataset, Phrase, Score, Task
from annotations.models.arrays import pack_float32
from annotations.phrases import scoring
from annotations.phrases.verdicts import points_away
from clarify_errors.arrays.common.modeling_errors import SliceTooSmall
from clarify_errors.arrays.datasets.dataset_files import BadDataset, Split
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.phrases.error_score import ErrorScore, error_score
from clarify_errors.arrays.phrases.phrase_reading import ReadPhrase, read_phrase
from clarify_errors.arrays.phrases.phrase_text import render
from clarify_errors.arrays.retraining.annotation import Annotation
from clarify_errors.arrays.retraining.slices import slice_membership
from clarify_errors.tensors.encoders import CheckedEncoder, EncoderUnavailable
from worker.common import process_cache
from worker.common.throttled_log import log_error_throttled
from worker.phrases import rewordings
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
