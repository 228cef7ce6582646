"""Phrases with scores and runs as a worker would have stored them, with numbers that a test chooses."""

import hashlib
import uuid
from itertools import count

import numpy as np
from django.utils import timezone

from annotations.base.version import CODE_VERSION
from annotations.models import Phrase, PhraseState, Run, RunState, Score
from annotations.models.arrays import pack_float32, pack_int32
from clarify_errors.arrays.phrases.null_level import null_level, p_method, p_value
from tests.support.actors import ENCODER, Visit
from tests.support.fake_encoder import FakeEncoder

_numbers = count(1)


def add_phrase(visit: Visit, text: str, value: float | None = None) -> Phrase:
    """A phrase of the visit's assignment; scored where a value is given."""
    phrase = Phrase.objects.create(
        assignment=visit.assignment,
        client_uuid=uuid.uuid4(),
        ordinal=visit.assignment.phrases.count() + 1,
        text=text,
        state=PhraseState.PENDING if value is None else PhraseState.SCORED,
        submitted_at=timezone.now(),
    )
    if value is not None:
        _add_score(phrase, value)
    return phrase


def add_run(phrase: Phrase, worst_group_accuracy: float | None) -> Run:
    """The run of a scored phrase: done with this accuracy, or refused where there is none."""
    done = worst_group_accuracy is not None
    task = phrase.assignment.task
    run = Run.objects.create(
        assignment=phrase.assignment,
        base_model=task.base_model,
        annotation_digest=hashlib.sha256(phrase.score.text_digest.encode()).hexdigest(),
        target_class=task.target_class or 0,
        phrase_text=phrase.text,
        threshold=phrase.score.threshold,
        l2=task.base_model.l2,
        min_slice_size=5,
        state=RunState.DONE if done else RunState.REFUSED,
        reason="" if done else "a slice is too small",
        worst_group_accuracy=worst_group_accuracy,
        average_accuracy=0.9 if done else None,
        plain_average_accuracy=0.8 if done else None,
        robustness_gap=0.9 - worst_group_accuracy if worst_group_accuracy is not None else None,
        group_accuracies=[0.9, worst_group_accuracy, None, 1.0] if done else None,
        test_predictions=pack_int32(np.zeros(48, np.int32)) if done else None,
        head=b"head" if done else None,
        finished_at=timezone.now(),
    )
    Score.objects.filter(phrase=phrase).update(run=run)
    return run


def _add_score(phrase: Phrase, value: float) -> None:
    template = phrase.assignment.task.text_template
    Score.objects.create(
        phrase=phrase,
        value=value,
        threshold=float(np.float32(0.1)) if value else None,
        two_sided=value,
        two_sided_threshold=float(np.float32(0.1)) if value else None,
        n_correct=15,
        n_error=9,
        p_value=p_value(value, 15, 9),
        p_method=p_method(15, 9),
        tries=1,
        null_level=null_level(15, 9, 1),
        subject=phrase.text,
        similarities=pack_float32(np.zeros(24, np.float32)),
        rendered_text=template.format(phrase=phrase.text),
        text_template=template,
        text_embedding=pack_float32(np.full(FakeEncoder.dim, FakeEncoder.dim**-0.5)),
        text_digest=f"{next(_numbers):064x}",
        class_name_cosine=0.25,
        encoder=ENCODER,
        dataset_digest=phrase.assignment.task.base_model.dataset.digest,
        code_version=CODE_VERSION,
        encode_ms=1.5,
        scored_at=timezone.now(),
    )
