"""From what a command asks to what a benchmark runs on: the shown model, the annotations, the prompts, the settings."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from annotations.models import BaseModel, Dataset
from annotations.models.task import DEFAULT_TEXT_TEMPLATE
from clarify_errors.arrays.retraining.slices import DEFAULT_SCHEME
from worker.benchmarks.method_inputs import Bench
from worker.benchmarks.scored_annotations import (
    AnnotationSource,
    ScoredAnnotation,
    best_of_each_class,
    read_annotation,
    score_annotation,
)
from worker.datasets.base_models import find_base_model
from worker.research.benchmarks.participant_annotations import StudyAnnotations, study_annotations


@dataclass(frozen=True)
class Request:
    """What is asked of a benchmark; empty or None where nothing is.

    annotations: as `read_annotation` reads them; template: of their phrases; study: a slug; base_model: a name;
    published: a key of PUBLISHED.
    """

    annotations: Sequence[str] = ()
    template: str = DEFAULT_TEXT_TEMPLATE
    study: str | None = None
    base_model: str | None = None
    l2: float | None = None
    seeds: int = 3
    scheme: str | None = None
    published: str | None = None


@dataclass(frozen=True, eq=False)
class Setup:
    """model: whose errors the annotations describe; None where there is no annotation, and none was named."""

    bench: Bench
    model: BaseModel | None
    sources: tuple[AnnotationSource, ...]

    @property
    def annotations(self) -> tuple[ScoredAnnotation, ...]:
        """Every annotation of the sources, each once."""
        listed = (each for source in self.sources for of_one in source.sets.values() for each in of_one)
        return tuple({id(annotation): annotation for annotation in listed}.values())


def set_up(dataset: Dataset, request: Request) -> Setup:
    """Read and score what is asked.

    The model is the named base model, else the one that the study shows, else ERM where there are annotations; λ is its
    λ, and the scheme the study's, unless another is asked for. Raises BadAnnotation, NoAnnotations,
    BaseModelNotFound, EncoderUnavailable, BadDataset and what training raises.
    """
    asked = [read_annotation(text, dataset.class_names) for text in request.annotations]
    named = find_base_model(dataset, request.base_model) if request.base_model else None
    study = study_annotations(request.study, dataset, named) if request.study else None
    model = study.base_model if study else named
    if asked and model is None:
        model = find_base_model(dataset)
    given = [score_annotation(model, each, request.template) for each in asked if model]
    bench = Bench(
        dataset,
        l2=request.l2 or (model.l2 if model else settings.DEFAULT_L2),
        seeds=request.seeds,
        scheme=request.scheme or (study.scheme if study else DEFAULT_SCHEME),
        min_slice_size=settings.MIN_SLICE_SIZE,
        published=request.published,
    )
    return Setup(bench, model, (*_given_sources(given), *_study_sources(study, len(given))))


def _given_sources(given: Sequence[ScoredAnnotation]) -> list[AnnotationSource]:
    """Each annotation alone, and where several classes are annotated the set, which has the best of each.

    Their names have the annotations' numbers, in the order of `Setup.annotations`.
    """
    sources = [AnnotationSource(f"#{i}", {"": (annotation,)}) for i, annotation in enumerate(given, 1)]
    best = best_of_each_class(given)
    numbers = ", ".join(f"#{given.index(annotation) + 1}" for annotation in best)
    return sources if len(best) < 2 else [*sources, AnnotationSource(f"set {numbers}", {"": best})]


def _study_sources(study: StudyAnnotations | None, n_given: int) -> list[AnnotationSource]:
    """The best of what everybody said, and what each participant said."""
    if study is None:
        return []
    numbers = ", ".join(f"#{n_given + i}" for i, _ in enumerate(study.best, 1))
    return [
        AnnotationSource(f"study's best {numbers}", {"": study.best}),
        AnnotationSource("per participant", study.sets, is_people=True),
    ]
