"""Rewordings: the phrases of the vocabulary that an encoder holds for nearest in meaning to what somebody wrote."""

from functools import lru_cache

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from annotations.models import StudyState, Task
from clarify_errors.arrays.phrases.phrase_languages import ENGLISH
from clarify_errors.arrays.phrases.phrase_text import render
from clarify_errors.arrays.phrases.word_forms import same_words, vocabulary
from clarify_errors.tensors.encoders import EncoderUnavailable
from worker.common import process_cache
from worker.common.throttled_log import log_error_throttled

MAX_REWORDINGS = 4


def rewordings(task: Task, text: str, embedding: NDArray[np.float32]) -> list[str]:
    """Return at most MAX_REWORDINGS phrases, the nearest to `embedding` (float32[d], of `text`) first.

    What says the same in the same words, and the name of the task's class, are left out. The vocabulary is English, so
    a study in another language gets none. Nothing here looks at the
    images, so a suggestion does not give the answer away.
    """
    if task.study.phrase_language != ENGLISH:
        return []
    known = embedded(task.base_model.dataset.similarity_encoder, task.text_template)
    order = np.argsort(-(known @ embedding), kind="stable")
    near = (vocabulary()[number] for number in order)
    others = (phrase for phrase in near if not same_words(phrase, text) and not same_words(phrase, task.class_name))
    return [phrase for phrase, _ in zip(others, range(MAX_REWORDINGS), strict=False)]


@lru_cache(maxsize=8)
def embedded(encoder_spec: str, template: str) -> NDArray[np.float32]:
    """Return the V phrases of the vocabulary in a template, float32[V, d], unit rows, embedded once per process.

    Raises as `process_cache.encoder` does.
    """
    encoder = process_cache.encoder(encoder_spec)
    return encoder.encode_texts([render(template, phrase) for phrase in vocabulary()])


def prepare() -> None:
    """Embed the vocabulary for the open studies that suggest rewordings, before anybody waits for it."""
    suggesting = Q(study__suggest_rewordings=True) | Q(study__conditions__suggest_rewordings=True)
    english = Q(study__state=StudyState.ACTIVE, study__phrase_language=ENGLISH)
    in_use = Task.objects.filter(suggesting, english).order_by()
    pairs = in_use.values_list("base_model__dataset__similarity_encoder", "text_template").distinct()
    for encoder_spec, template in pairs:
        try:
            embedded(encoder_spec, template)
        except EncoderUnavailable as error:
            log_error_throttled(f"rewordings are on hold: {error}")
