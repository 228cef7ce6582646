"""What a person says to a scored phrase: another threshold, and whether the images most like it have it in them."""

from collections.abc import Mapping

import numpy as np
from django.db import transaction
from django.utils import timezone

from annotations.models import Judgement, JudgementAnswer, Phrase, PhraseState, ThresholdChoice
from annotations.services import assignments, events
from annotations.services.errors import PhraseNotScored, ThresholdRefused
from annotations.services.event_images import CHOICE, JUDGEMENT, Image, choice_image, judgement_image


def choose_threshold(phrase: Phrase, threshold: float | None) -> ThresholdChoice:
    """Store the threshold that a person chose, as float32, beside the automatic one; None puts that one back.

    The same choice again changes nothing. Raises ThresholdRefused unless it lies between the least and the greatest
    similarity (times the score's sign), PhraseNotScored, and as `assignments.refuse_unless_running` does.
    """
    with transaction.atomic():
        scored = _scored(phrase)
        if threshold is not None:
            threshold = _within(scored, threshold)
        stored = ThresholdChoice.objects.filter(phrase=scored).first()
        if stored is not None and stored.threshold == threshold:
            return stored
        changes = {"threshold": threshold, "chosen_at": timezone.now()}
        choice, _ = ThresholdChoice.objects.update_or_create(phrase=scored, defaults=changes)
        _record(events.THRESHOLD_CHOSEN, scored, {CHOICE: choice_image(choice)})
    return choice


def judge(phrase: Phrase, answer: JudgementAnswer) -> Judgement:
    """Store what the person says of the images most like the phrase; the latest answer counts.

    The same answer again changes nothing. Raises PhraseNotScored, and as `assignments.refuse_unless_running` does.
    """
    with transaction.atomic():
        scored = _scored(phrase)
        stored = Judgement.objects.filter(phrase=scored).first()
        if stored is not None and stored.answer == answer:
            return stored
        changes = {"answer": answer, "answered_at": timezone.now()}
        judgement, _ = Judgement.objects.update_or_create(phrase=scored, defaults=changes)
        _record(events.PHRASE_JUDGED, scored, {JUDGEMENT: judgement_image(judgement)})
    return judgement


def _scored(phrase: Phrase) -> Phrase:
    """The phrase as it is now, with its score, its assignment locked: whoever replies waits for whoever ends it."""
    locked = assignments.lock(phrase.assignment)
    assignments.refuse_unless_running(locked, timezone.now())
    current = Phrase.objects.select_related("score").get(pk=phrase.pk)
    if current.state != PhraseState.SCORED:
        raise PhraseNotScored
    current.assignment = locked
    return current


def _within(phrase: Phrase, threshold: float) -> float:
    values = phrase.score.sign * phrase.score.similarity_array
    exact = float(np.float32(threshold))
    if not float(values.min()) <= exact <= float(values.max()):  # NaN is not either
        raise ThresholdRefused
    return exact


def _record(kind: str, phrase: Phrase, images: Mapping[str, Image]) -> None:
    assignment = phrase.assignment
    session = assignment.session
    ids = {"assignment": assignment.public_id, "ordinal": phrase.ordinal}
    events.record(kind, study=session.study, session=session, images=images, **ids)
