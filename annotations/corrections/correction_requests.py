"""Pooled corrections: one approved annotation a class, a whole model retrained with all of them, and its review.

A worker trains what was asked for (`worker.corrections`). The head leaves the system only after a
coordinator approved it, and only while every phrase in it is still approved.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from annotations.base.service_errors import NotPossible
from annotations.base.version import CODE_VERSION
from annotations.corrections.correction_candidates import approved, candidates, label_of, usable, why_not_second
from annotations.corrections.correction_reports import is_bare
from annotations.log import audit, events
from annotations.models import BaseModel, Correction, Dataset, JobState, Review, Score, Study, event_kinds
from annotations.models.arrays import without_arrays
from annotations.models.moderated_words import words_of_phrase
from annotations.queue import jobs
from clarify_errors.arrays.datasets.dataset_files import BadDataset


@transaction.atomic
def request(
    study: Study,
    base_model: BaseModel,
    *,
    by: str,
    by_hand: Mapping[int, int | None] | None = None,
    second: BaseModel | None = None,
) -> Correction:
    """Ask for a correction with the best annotation of each class.

    by_hand: of some classes the id of another approved phrase, or None to leave the class out. second: the base model
    of a second test set. Raises NotPossible, with a sentence, also while another one of the study is under
    way.
    """
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    if study.corrections.filter(finished_at=None).exists():
        raise NotPossible("Another correction of this study is being trained. Wait until it is finished.")
    if not study.tasks.filter(base_model=base_model).exists():
        raise NotPossible(f"No task of this study uses {base_model}. Choose the base model of one of its tasks.")
    if reason := _why_not_trainable(base_model):
        raise NotPossible(reason)
    if second is not None and (reason := why_not_second(base_model, second)):
        raise NotPossible(reason)
    chosen = _choose(study, base_model, by_hand or {})
    correction = jobs.ask(
        Correction(study=study, base_model=base_model, second_base_model=second, scheme=study.scheme, requested_by=by),
        "correction_requested",
        base_model=str(base_model),
        second=str(second) if second else "",
        phrases={str(label): score.phrase_id for label, (score, _) in chosen.items()},
        by_hand=[label for label, (_, is_by_hand) in chosen.items() if is_by_hand],
    )
    for label, (score, is_by_hand) in chosen.items():
        assert score.threshold is not None, "candidates have one"
        correction.parts.create(score=score, target_class=label, threshold=score.threshold, by_hand=is_by_hand)
    return correction


def store(correction: Correction, **trained: Any) -> None:
    """Finish a correction that is held; trained: its fields that a worker has made. Raises JobLost."""
    with transaction.atomic():
        jobs.finish(correction, phase="", **trained, code_version=CODE_VERSION)
        parts = without_arrays(correction.parts.select_related("score__phrase__assignment"))
        events.record(event_kinds.CORRECTION_TRAINED, correction.study, correction, *parts)


@transaction.atomic
def review(correction: Correction, decision: Review, *, by: str, reason: str) -> Correction:
    """Approve or reject a correction that is trained; the last decision counts.

    Raises NotPossible: without a reason, before it is trained, and to approve one with a phrase that is no
    longer approved, or whose gain has no interval.
    """
    reason = reason.strip()
    locked = Correction.objects.select_for_update(of=("self",)).select_related("study").get(pk=correction.pk)
    if not reason:
        raise NotPossible("Give a reason for the decision.")
    if locked.state != JobState.DONE:
        raise NotPossible("This correction is not trained yet. Wait until training is finished, then decide.")
    if decision == Review.APPROVED and (gone := _no_longer_approved(locked)):
        raise NotPossible(gone)
    if decision == Review.APPROVED and is_bare(locked.effects):
        raise NotPossible("An earlier version trained this correction, so its gains have no interval. Train it again.")
    before = locked.review
    locked.review, locked.review_reason, locked.reviewed_by, locked.reviewed_at = decision, reason, by, timezone.now()
    locked.save(update_fields=["review", "review_reason", "reviewed_by", "reviewed_at"])
    events.record(event_kinds.CORRECTION_REVIEWED, locked.study, locked)
    audit.record("correction_reviewed", locked, by=by, reason=reason, before=before, after=str(decision))
    return locked


def take_head(correction: Correction, *, by: str) -> bytes:
    """Return the head as a safetensors file, and put down who took it. Raises NotPossible."""
    if correction.state != JobState.DONE or correction.head is None:
        raise NotPossible("This correction has no head because it is not trained.")
    if correction.review != Review.APPROVED:
        raise NotPossible(
            "The head of this correction cannot be downloaded yet. A coordinator must approve the correction first."
        )
    if gone := _no_longer_approved(correction):
        raise NotPossible(gone)
    audit.record("correction_head_taken", correction, by=by)
    return bytes(correction.head)


def _choose(study: Study, base_model: BaseModel, by_hand: Mapping[int, int | None]) -> dict[int, tuple[Score, bool]]:
    """The annotation of each class, and whether it was chosen by hand and is another than the best."""
    found = candidates(study, base_model)
    chosen = {label: (scores[0], False) for label, scores in found.items() if label not in by_hand}
    for label, phrase in by_hand.items():
        if phrase is None:
            continue
        score = usable(study, base_model).filter(phrase=phrase).first()
        if score is None or label_of(score) != label:
            name = _class_name(base_model.dataset, label)
            raise NotPossible(
                f"The chosen phrase of “{name}” is not approved or has no similarity threshold. Choose another phrase."
            )
        best = found[label][0]
        chosen[label] = (score, (score.text_digest, score.sign) != (best.text_digest, best.sign))
    if not chosen:
        raise NotPossible(
            "No approved phrase has a similarity threshold, so there is nothing to train with. Approve phrases "
            "on the moderation page first."
        )
    return dict(sorted(chosen.items()))


def _class_name(dataset: Dataset, label: int) -> str:
    names = dataset.class_names
    return str(names[label]) if 0 <= label < len(names) else f"class {label}"


def _why_not_trainable(base_model: BaseModel) -> str:
    try:
        if not base_model.dataset.has_features:
            return f"{base_model.dataset} has no features, so models cannot be retrained on it."
    except BadDataset as error:
        return f"{error}."
    return ""


def _no_longer_approved(correction: Correction) -> str:
    still = approved(correction.study).values("pk")
    others = correction.parts.exclude(score__phrase__in=still).select_related("score__phrase__assignment__session")
    if (part := others.first()) is None:
        return ""
    words = words_of_phrase(part.score.phrase)
    return f"The phrase “{words}” in this correction is no longer approved. Train another correction."
