"""The annotations of a study for which images can be gathered: a phrase, a run's own threshold, a correction's set."""

from dataclasses import dataclass

from django.db.models import QuerySet

from annotations.models import BaseModel, Correction, Moderation, Run, Score, Study
from annotations.models.arrays import without_arrays
from annotations.models.moderated_words import words_of_phrase

MAX_PHRASES = 60


@dataclass(frozen=True)
class Source:
    """One choice: the value of a form's field, its words, and its annotations: scores with thresholds."""

    value: str
    words: str
    base_model: BaseModel
    annotations: list[tuple[Score, float]]


def sources(study: Study) -> list[Source]:
    """Return the newest corrections, then phrases with a threshold by falling error score, each text once."""
    found = [_of_correction(each) for each in _corrections(study)[:5]]
    same = ("phrase__assignment__task_id", "text_digest", "sign")
    first = _scores(study).order_by(*same, "pk").distinct(*same).values("pk")
    best = _scores(study).filter(pk__in=first).order_by("-value", "pk")[:MAX_PHRASES]
    return [each for each in found if each.annotations] + [_of_score(score) for score in best]


def source(study: Study, value: str) -> Source | None:
    """Return what a field's value, or a link's, stands for; None where it is nothing of this study.

    A link of a concept is "words-TASK-WORDS": the best score of these words.
    """
    kind, _, number = value.partition("-")
    if kind == "words":
        position, _, words = number.partition("-")
        said = _scores(study).filter(phrase__text=words).order_by("-value", "pk")
        best = (_of_score(each) for each in said if str(each.phrase.assignment.task.position) == position)
        return next(best, None)
    key = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0
    if kind == "correction":
        correction = _corrections(study).filter(pk=key).first()
        return _of_correction(correction) if correction else None
    if kind == "run":
        run = Run.objects.filter(pk=key, threshold__isnull=False).first()
        score = _scores(study).filter(run=run).first() if run else None
        if run is None or score is None or run.threshold is None:
            return None
        return Source(value, words_of_phrase(score.phrase), run.base_model, [(score, run.threshold)])
    score = _scores(study).filter(pk=key).first() if kind == "score" else None
    return _of_score(score) if score else None


def _scores(study: Study) -> QuerySet[Score]:
    of_study = Score.objects.exclude(phrase__moderation=Moderation.EXCLUDED).filter(
        phrase__assignment__session__in=study.sessions.in_results(),
        phrase__assignment__task__target_class__isnull=False,
        threshold__isnull=False,
    )
    return without_arrays(of_study.select_related("phrase__assignment__task__base_model__dataset"))


def _corrections(study: Study) -> QuerySet[Correction]:
    return study.corrections.counted().select_related("base_model__dataset").order_by("-pk")


def _of_score(score: Score) -> Source:
    task = score.phrase.assignment.task
    assert score.threshold is not None and task.target_class is not None, "others are left out"
    name = task.base_model.dataset.class_names[task.target_class]
    words = f"{name}: “{words_of_phrase(score.phrase)}”, error score {score.value:.2f}"
    return Source(f"score-{score.pk}", words, task.base_model, [(score, score.threshold)])


def _of_correction(correction: Correction) -> Source:
    parts = correction.parts.select_related("score__phrase__assignment__task")
    words = f"correction {correction.pk}: all its annotations"
    annotations = [(part.score, part.threshold) for part in parts]
    return Source(f"correction-{correction.pk}", words, correction.base_model, annotations)
