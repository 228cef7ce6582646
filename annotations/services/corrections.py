"""Pooled corrections: one approved annotation a class, a whole model retrained with all of them, and its review.

A worker trains what was asked for (`worker.corrections`). The head leaves the system only after a coordinator approved
it, and only while every phrase in it is still approved.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from annotations.models import BaseModel, Correction, Dataset, JobState, Review, Score, Study
from annotations.models.arrays import without_arrays
from annotations.services import audit, doorbell, events, jobs, moderation
from annotations.services.base_models import lacks_features
from annotations.services.errors import ServiceError
from annotations.services.event_images import image
from annotations.version import CODE_VERSION
from modeling.dataset_files import BadDataset
from modeling.slices import DEFAULT_SCHEME


class CorrectionNotPossible(ServiceError):
    """It cannot be trained, or not be decided on; `message` says why."""

    code = "correction_not_possible"
    status = 409


class CorrectionNotApproved(ServiceError):
    """Its head is not handed out; `message` says why."""

    code = "correction_not_approved"
    status = 409


@dataclass(frozen=True)
class TrainedCorrection:
    """What a worker hands over. effects, ablations: as `Correction` keeps them (docs/methods.md); head: safetensors."""

    effects: dict[str, Any]
    ablations: list[dict[str, Any]]
    head: bytes
    loss: float
    certified_gap: float
    versions: dict[str, str] = field(default_factory=dict)


def candidates(study: Study, base_model: BaseModel) -> dict[int, list[Score]]:
    """Return the annotations that can enter, by class: of approved phrases, with a threshold.

    The highest error score comes first, the earliest of tied ones; of phrases that are the same annotation the earliest
    stands for all. Experts' phrases in this study are among them.
    """
    label = "phrase__assignment__task__target_class"
    same = (label, "text_digest", "sign")
    by_class: dict[int, list[Score]] = {}
    for score in _usable(study, base_model).order_by(*same, "phrase__submitted_at", "phrase_id").distinct(*same):
        by_class.setdefault(_label(score), []).append(score)
    for scores in by_class.values():
        scores.sort(key=lambda score: (-score.value, score.phrase.submitted_at, score.phrase_id))
    return by_class


def second_sets(base_model: BaseModel) -> list[BaseModel]:
    """Return the base models of data sets that can be a second test set of this one's corrections."""
    others = BaseModel.objects.exclude(dataset=base_model.dataset_id).select_related("dataset").order_by("pk")
    others = others.filter(dataset__class_names=base_model.dataset.class_names)
    return [other for other in without_arrays(others) if not _why_not_second(base_model, other)]


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
    of a second test set. Raises CorrectionNotPossible, with a sentence, also while another one of the study is under
    way.
    """
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    if study.corrections.filter(finished_at=None).exists():
        raise CorrectionNotPossible("Another correction of this study is being trained. Wait for it to end.")
    if not study.tasks.filter(base_model=base_model).exists():
        raise CorrectionNotPossible(f"No task of this study shows {base_model}.")
    if reason := _why_not_trainable(base_model):
        raise CorrectionNotPossible(reason)
    if second is not None and (reason := _why_not_second(base_model, second)):
        raise CorrectionNotPossible(reason)
    chosen = _choose(study, base_model, by_hand or {})
    correction = Correction.objects.create(
        study=study, base_model=base_model, second_base_model=second, scheme=DEFAULT_SCHEME, requested_by=by
    )
    for label, (score, is_by_hand) in chosen.items():
        assert score.threshold is not None, "candidates have one"
        correction.parts.create(score=score, target_class=label, threshold=score.threshold, by_hand=is_by_hand)
    audit.record(
        "correction_requested",
        study=study,
        by=by,
        subject=f"correction {correction.pk}",
        base_model=str(base_model),
        second=str(second) if second else "",
        phrases={str(label): score.phrase_id for label, (score, _) in chosen.items()},
        by_hand=[label for label, (_, is_by_hand) in chosen.items() if is_by_hand],
    )
    doorbell.ring(doorbell.TRAIN_CORRECTIONS)
    return correction


def store(correction: Correction, trained: TrainedCorrection) -> None:
    """Finish a correction that is held. Raises JobLost."""
    with transaction.atomic():
        jobs.finish(
            correction,
            phase="",
            effects=trained.effects,
            ablations=trained.ablations,
            head=trained.head,
            loss=trained.loss,
            certified_gap=trained.certified_gap,
            versions=trained.versions,
            code_version=CODE_VERSION,
        )
        parts = without_arrays(correction.parts.select_related("score__phrase__assignment"))
        images = [image(correction), *map(image, parts)]
        events.record(events.CORRECTION_TRAINED, study=correction.study, images=images)


@transaction.atomic
def review(correction: Correction, decision: Review, *, by: str, reason: str) -> Correction:
    """Approve or reject a correction that is trained; the last decision counts.

    Raises CorrectionNotPossible: without a reason, before it is trained, and to approve one with a phrase that is no
    longer approved.
    """
    reason = reason.strip()
    locked = Correction.objects.select_for_update(of=("self",)).select_related("study").get(pk=correction.pk)
    if not reason:
        raise CorrectionNotPossible("Please say why.")
    if locked.state != JobState.DONE:
        raise CorrectionNotPossible("It can be decided on once it is trained.")
    if decision == Review.APPROVED and (gone := _no_longer_approved(locked)):
        raise CorrectionNotPossible(gone)
    before = locked.review
    locked.review, locked.review_reason, locked.reviewed_by, locked.reviewed_at = decision, reason, by, timezone.now()
    locked.save(update_fields=["review", "review_reason", "reviewed_by", "reviewed_at"])
    events.record(events.CORRECTION_REVIEWED, study=locked.study, images=[image(locked)])
    audit.record(
        "correction_reviewed",
        study=locked.study,
        by=by,
        subject=f"correction {locked.pk}",
        reason=reason,
        before=before,
        after=str(decision),
    )
    return locked


def take_head(correction: Correction, *, by: str) -> bytes:
    """Return the head as a safetensors file, and put down who took it. Raises CorrectionNotApproved."""
    if correction.state != JobState.DONE or correction.head is None:
        raise CorrectionNotApproved("This correction has no head: it is not trained.")
    if correction.review != Review.APPROVED:
        raise CorrectionNotApproved("Its head is handed out once a coordinator has approved the correction.")
    if gone := _no_longer_approved(correction):
        raise CorrectionNotApproved(gone)
    audit.record("correction_head_taken", study=correction.study, by=by, subject=f"correction {correction.pk}")
    return bytes(correction.head)


def _usable(study: Study, base_model: BaseModel) -> QuerySet[Score]:
    """The scores of approved phrases with a threshold, without their arrays."""
    scores = Score.objects.filter(
        phrase__in=moderation.approved(study),
        phrase__assignment__task__base_model=base_model,
        phrase__assignment__task__target_class__isnull=False,
        threshold__isnull=False,
    )
    return without_arrays(scores.select_related("phrase__assignment__task"))


def _label(score: Score) -> int:
    label = score.phrase.assignment.task.target_class
    assert label is not None, "usable ones have a class"
    return label


def _choose(study: Study, base_model: BaseModel, by_hand: Mapping[int, int | None]) -> dict[int, tuple[Score, bool]]:
    """The annotation of each class, and whether it was chosen by hand and is another than the best."""
    found = candidates(study, base_model)
    chosen = {label: (scores[0], False) for label, scores in found.items() if label not in by_hand}
    for label, phrase in by_hand.items():
        if phrase is None:
            continue
        score = _usable(study, base_model).filter(phrase=phrase).first()
        if score is None or _label(score) != label:
            name = _class_name(base_model.dataset, label)
            raise CorrectionNotPossible(
                f"That phrase is not among the approved ones of “{name}” that have a similarity threshold."
            )
        best = found[label][0]
        chosen[label] = (score, (score.text_digest, score.sign) != (best.text_digest, best.sign))
    if not chosen:
        raise CorrectionNotPossible(
            "There is no approved phrase with a similarity threshold to train with. Approve phrases on the moderation "
            "page first."
        )
    return dict(sorted(chosen.items()))


def _class_name(dataset: Dataset, label: int) -> str:
    names = dataset.class_names
    return str(names[label]) if 0 <= label < len(names) else f"class {label}"


def _why_not_trainable(base_model: BaseModel) -> str:
    try:
        if lacks_features(base_model):
            return f"{base_model.dataset} has no features, so nothing can be retrained on it."
    except BadDataset as error:
        return f"{error}."
    return ""


def _why_not_second(base_model: BaseModel, second: BaseModel) -> str:
    """Why a data set cannot be a second test set; empty where it can."""
    try:
        return _other_meaning(base_model, second)
    except BadDataset as error:
        return f"{error}."


def _other_meaning(base_model: BaseModel, second: BaseModel) -> str:
    """In what classes, phrases or features mean something else on another data set. Raises BadDataset."""
    first, other = base_model.dataset, second.dataset
    if other == first:
        return f"{other} is the data set itself, not a second one."
    if other.class_names != first.class_names:
        return f"{other} has other classes than {first}: {_few(other.class_names)}, not {_few(first.class_names)}."
    for array, kind in (("similarity", "similarities"), ("features", "features")):
        mine, its = _space(first, array), _space(other, array)
        if its is None:
            return f"{other} has no features, so nothing can be predicted on it."
        if mine != its:
            return f"The {kind} of {other} come from another encoder than those of {first}."
    return ""


def _space(dataset: Dataset, array: str) -> tuple[str, int, str] | None:
    """What an array's vectors are: encoder, dimension, weights. None where there is no such array."""
    manifest = dataset.files.manifest
    if array not in manifest.arrays:
        return None
    spec = dataset.similarity_encoder if array == "similarity" else dataset.feature_encoder
    return spec, manifest.arrays[array].dim, str((manifest.encoder_of(array) or {}).get("weights_sha256", ""))


def _few(names: list[str]) -> str:
    shown = ", ".join(names[:4])
    return shown if len(names) <= 4 else f"{shown} and {len(names) - 4} more"


def _no_longer_approved(correction: Correction) -> str:
    usable = moderation.approved(correction.study).values("pk")
    part = correction.parts.exclude(score__phrase__in=usable).select_related("score__phrase").first()
    return "" if part is None else f"Its phrase “{part.score.phrase}” is no longer approved. Train another correction."
