"""What a pooled correction can be made of: annotations of approved phrases, and data sets for a second test set."""

from django.db.models import QuerySet

from annotations.models import BaseModel, Dataset, Moderation, Phrase, Score, Study
from annotations.models.arrays import without_arrays
from clarify_errors.arrays.datasets.dataset_files import BadDataset


def candidates(study: Study, base_model: BaseModel) -> dict[int, list[Score]]:
    """Return the annotations that can enter, by class: of approved phrases, with a threshold.

    The highest error score comes first, the earliest of tied ones; of phrases that are the same annotation the earliest
    stands for all. Experts' phrases in this study are among them.
    """
    label = "phrase__assignment__task__target_class"
    same = (label, "text_digest", "sign")
    by_class: dict[int, list[Score]] = {}
    for score in usable(study, base_model).order_by(*same, "phrase__submitted_at", "phrase_id").distinct(*same):
        by_class.setdefault(label_of(score), []).append(score)
    for scores in by_class.values():
        scores.sort(key=lambda score: (-score.value, score.phrase.submitted_at, score.phrase_id))
    return by_class


def usable(study: Study, base_model: BaseModel) -> QuerySet[Score]:
    """Return the scores of approved phrases with a threshold, without their arrays."""
    scores = Score.objects.filter(
        phrase__in=approved(study),
        phrase__assignment__task__base_model=base_model,
        phrase__assignment__task__target_class__isnull=False,
        threshold__isnull=False,
    )
    return without_arrays(scores.select_related("phrase__assignment__task"))


def label_of(score: Score) -> int:
    """Return the number of the class that a usable score is about."""
    label = score.phrase.assignment.task.target_class
    assert label is not None, "usable ones have a class"
    return label


def approved(study: Study) -> QuerySet[Phrase]:
    """Return the phrases that may enter a pooled correction: approved, of visits that count and were not withdrawn."""
    return Phrase.objects.filter(
        assignment__session__study=study,
        assignment__session__in=study.sessions.in_results(),
        moderation=Moderation.APPROVED,
    )


def second_sets(base_model: BaseModel) -> list[BaseModel]:
    """Return the base models of data sets that can be a second test set of this one's corrections."""
    others = BaseModel.objects.exclude(dataset=base_model.dataset_id).select_related("dataset").order_by("pk")
    others = others.filter(dataset__class_names=base_model.dataset.class_names)
    return [other for other in others if not why_not_second(base_model, other)]


def why_not_second(base_model: BaseModel, second: BaseModel) -> str:
    """Return why a data set cannot be a second test set; empty where it can."""
    try:
        return _other_meaning(base_model, second)
    except BadDataset as error:
        return f"{error}."


def _other_meaning(base_model: BaseModel, second: BaseModel) -> str:
    """In what classes, phrases or features mean something else on another data set. Raises BadDataset."""
    first, other = base_model.dataset, second.dataset
    if other == first:
        return f"{other} is the data set of the correction itself. Choose another data set."
    if other.class_names != first.class_names:
        return f"{other} and {first} have different classes: {_few(other.class_names)}, not {_few(first.class_names)}."
    for array, kind in (("similarity", "similarities"), ("features", "features")):
        mine, its = embedding_space(first, array), embedding_space(other, array)
        if its is None:
            return f"{other} has no features, so the model cannot predict on it."
        if mine != its:
            return f"The {kind} of {other} and {first} come from different encoders."
    return ""


def embedding_space(dataset: Dataset, array: str) -> tuple[str, int, str] | None:
    """What an array's vectors are: encoder, dimension, weights. None where there is no such array."""
    manifest = dataset.files.manifest
    if array not in manifest.arrays:
        return None
    spec = dataset.similarity_encoder if array == "similarity" else dataset.feature_encoder
    return spec, manifest.arrays[array].dim, str((manifest.encoder_of(array) or {}).get("weights_sha256", ""))


def _few(names: list[str]) -> str:
    shown = ", ".join(names[:4])
    return shown if len(names) <= 4 else f"{shown} and {len(names) - 4} more"
