"""What a study's people said of a data set: for each of them the best phrase of each class.

Whose visits and which phrases count is the analysis's rule, so that a benchmark stands beside it.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields

from annotations.base.service_errors import ServiceError
from annotations.models import BaseModel, Dataset, Moderation, Score, Study
from annotations.models.arrays import unpack_float32
from annotations.models.moderated_words import HIDDEN
from annotations.monitoring.person_courses import people_kind
from annotations.studies.lifecycle import find_study
from clarify_errors.arrays.phrases.error_score import ErrorScore
from worker.benchmarks.scored_annotations import ScoredAnnotation, best_of_each_class


class NoAnnotations(ServiceError, code="no_annotations"):
    """A study has nothing to say about a data set, or about more than one base model of it."""


@dataclass(frozen=True)
class StudyAnnotations:
    """sets: by pseudonym, the best annotation of each class; best: the same over everybody's phrases."""

    base_model: BaseModel
    scheme: str
    sets: dict[str, tuple[ScoredAnnotation, ...]]
    best: tuple[ScoredAnnotation, ...]


def study_annotations(slug: str, dataset: Dataset, base_model: BaseModel | None = None) -> StudyAnnotations:
    """Read a study's scored phrases on a data set, of its only base model there or of the given one.

    Left out are visits that do not count (`kept`) and phrases that the staff excluded; of one that they hid, the words
    are "(hidden)". Best is the highest error score, the earliest phrase of tied ones. Raises
    StudyNotFound, NoAnnotations.
    """
    study = find_study(slug)
    shown = base_model or _only_base_model(study, dataset)
    annotations = list(_annotations(study, shown))
    if not annotations:
        raise NoAnnotations(f"The study {slug} has no scored phrase of a participant on {shown}.")
    of_person: dict[str, list[ScoredAnnotation]] = defaultdict(list)
    for annotation in annotations:
        of_person[annotation.participant].append(annotation)
    sets = {person: best_of_each_class(of_person[person]) for person in sorted(of_person)}
    return StudyAnnotations(shown, study.scheme, sets, best_of_each_class(annotations))


def _only_base_model(study: Study, dataset: Dataset) -> BaseModel:
    shown = list(BaseModel.objects.filter(tasks__study=study, dataset=dataset).distinct())
    if len(shown) == 1:
        return shown[0]
    if not shown:
        raise NoAnnotations(f"The study {study.slug} has no task on {dataset}.")
    names = ", ".join(model.name for model in shown)
    raise NoAnnotations(
        f"The study {study.slug} shows several base models of {dataset}. Choose one with --base-model ({names})."
    )


def _annotations(study: Study, base_model: BaseModel) -> Iterator[ScoredAnnotation]:
    """Everybody's scored phrases that count, the earliest first."""
    visits = study.sessions.in_results(people_kind(study))
    scores = (
        Score.objects.filter(phrase__assignment__session__in=visits, phrase__assignment__task__base_model=base_model)
        .exclude(phrase__moderation=Moderation.EXCLUDED)
        .select_related("phrase__assignment__task", "phrase__assignment__session__participant")
        .defer("similarities")
        .order_by("phrase__submitted_at", "phrase__pk")
    )
    for score in scores:
        assignment, is_hidden = score.phrase.assignment, score.phrase.moderation == Moderation.HIDDEN
        assert assignment.task.target_class is not None, "a task with phrases has a class"
        yield ScoredAnnotation(
            target_class=assignment.task.target_class,
            phrase=HIDDEN if is_hidden else score.phrase.text,
            template=score.text_template,
            text=HIDDEN if is_hidden else score.rendered_text,
            embedding=unpack_float32(score.text_embedding),
            sign=score.sign,
            measured=ErrorScore(**{each.name: getattr(score, each.name) for each in fields(ErrorScore)}),
            threshold=score.threshold,
            participant=assignment.session.participant.pseudonym,
        )
