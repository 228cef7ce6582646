"""A report of annotations on a data set of many classes: what is asked, what is computed, and its tables."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.conf import settings

from annotations.analysis.tables.filled_tables import FilledTable
from annotations.analysis.tables.keyword_splits import Words
from annotations.analysis.tables.phrase_splits import Panel, panels
from annotations.base.tables.columns import Table, worded
from annotations.corrections.correction_candidates import why_not_second
from annotations.datasets.class_images import class_images
from annotations.datasets.dataset_registration import find_dataset
from annotations.models import BaseModel, Dataset, KeywordRanking
from annotations.models.task import DEFAULT_TEXT_TEMPLATE
from annotations.results.stored_images import shown_class
from annotations.studies.preselection import PreselectedClass, preselections
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.datasets.importing.table_lines import Line, csv_lines
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.retraining.slices import DEFAULT_SCHEME
from worker.benchmarks.scored_annotations import (
    Asked,
    BadAnnotation,
    Cut,
    ScoredAnnotation,
    best_of_each_class,
    cut_classes,
    read_annotation,
    score_annotation,
)
from worker.datasets.base_models import find_base_model
from worker.datasets.head_training import TrainedHead
from worker.research.benchmarks.participant_annotations import study_annotations
from worker.research.class_reports.compared_models import Compared, measure, train
from worker.research.class_reports.split_accuracies import (
    MEAN_ACCURACIES,
    PART_ACCURACIES,
    MeanAccuracy,
    PartAccuracy,
    mean_accuracies,
    part_accuracies,
)

COLUMNS = ("class", "phrase")
_SIGNS = {"": None, "1": 1, "-1": -1}


def read_annotations(file: Path, base_model: BaseModel, template: str) -> tuple[ScoredAnnotation, ...]:
    """Read annotations from a CSV file with COLUMNS and, if it has them, threshold and sign; score them.

    An empty threshold is the automatic one, an empty sign that of the phrase. Of several lines of a class the one with
    the highest error score counts. Raises BadSource, EncoderUnavailable, BadTemplate.
    """
    return best_of_each_class(_scored(line, base_model, template) for line in csv_lines(file, COLUMNS))


def first_keywords(rankings: Iterable[KeywordRanking]) -> list[ScoredAnnotation]:
    """Return the first keyword by CLIP score of each ranking, as Bias-to-Text takes it. Raises EncoderUnavailable."""
    found = []
    for ranking in rankings:
        first = min(ranking.rows, key=lambda row: row["clip_rank"])
        asked = Asked(ranking.target_class, first["keyword"], first["threshold"], first["sign"])
        found.append(score_annotation(ranking.base_model, asked, ranking.text_template))
    return found


def newest_rankings(base_model: BaseModel, classes: Iterable[int]) -> list[KeywordRanking]:
    """Return the newest ranking of each class that has one, in the order of labels."""
    rankings = KeywordRanking.objects.filter(base_model=base_model, target_class__in=classes).order_by("created_at")
    by_class = {each.target_class: each for each in rankings.select_related("base_model__dataset")}
    return [by_class[label] for label in sorted(by_class)]


def _scored(line: Line, base_model: BaseModel, template: str) -> ScoredAnnotation:
    cells = {"threshold": "", "sign": "", **line.cells}
    try:
        asked = read_annotation(
            f"{cells['class']}:{cells['phrase']}:{cells['threshold']}", base_model.dataset.class_names
        )
        if asked.threshold is None and cells["threshold"].strip():
            raise line.wrong(f"threshold is {cells['threshold']!r}, not a number")
        sign = line._replace(cells=cells).one_of("sign", _SIGNS)
        return score_annotation(base_model, replace(asked, sign=sign), template)
    except BadAnnotation as error:
        raise line.wrong(str(error)) from error


DRAWS = 20
MAX_PICTURED = 9  # classes with panels of images, as in the paper's figure 10


class CannotReport(ModelingError):
    """There is nothing to retrain with, or nothing to measure on."""


@dataclass(frozen=True)
class Request:
    """What is asked, None where nothing. annotations: a CSV file; study: a slug, instead; second: another data set."""

    annotations: Path | None = None
    study: str | None = None
    base_model: str | None = None
    second: str | None = None
    scheme: str | None = None
    template: str = DEFAULT_TEXT_TEMPLATE
    draws: int = DRAWS


@dataclass(frozen=True)
class Annotated:
    """A row of table 5: a class and its annotation. cut: None where nothing can be trained with it; why_not: why."""

    class_name: str
    said: ScoredAnnotation
    cut: Cut | None
    why_not: str


@dataclass(frozen=True)
class Preselected:
    """A class that is worth annotating. rank: from 1, within its list."""

    list_name: str
    rank: int
    of: PreselectedClass


@dataclass(frozen=True, eq=False)
class ClassReport:
    """All that was computed. heads: by model; solved: which of their rows were trained."""

    compared: Compared
    heads: Mapping[str, TrainedHead]
    solved: str
    second: BaseModel | None
    preselected: FilledTable[Preselected]
    annotated: FilledTable[Annotated]
    means: FilledTable[MeanAccuracy]
    parts: FilledTable[PartAccuracy]
    panels: tuple[Panel, ...]

    @property
    def tables(self) -> tuple[FilledTable[Any], ...]:
        return self.preselected, self.annotated, self.means, self.parts


def compute(dataset: Dataset, request: Request, progress: Progress) -> ClassReport:
    """Read annotations, retrain whole models with them and beside them, and measure all of these.

    Raises CannotReport, BadSource, NoAnnotations, BaseModelNotFound, EncoderUnavailable, BadDataset, NotConverged.
    """
    named = find_base_model(dataset, request.base_model) if request.base_model else None
    if request.study is not None:
        study = study_annotations(request.study, dataset, named)
        base_model, said, scheme = study.base_model, study.best, study.scheme
    else:
        assert request.annotations is not None, "one of the two is asked for"
        base_model, scheme = named or find_base_model(dataset), DEFAULT_SCHEME
        said = read_annotations(request.annotations, base_model, request.template)
    second = _second(base_model, request.second) if request.second else None
    cuts, without = cut_classes(dataset, said, settings.MIN_SLICE_SIZE)
    if not cuts:
        words = [f"“{each.phrase}”: {why}" for each, why in without]
        raise CannotReport(f"nothing can be trained with these annotations. {'; '.join(words) or 'There are none'}")
    rankings = newest_rankings(base_model, [each.said.target_class for each in cuts])
    machine, _ = cut_classes(dataset, first_keywords(rankings), settings.MIN_SLICE_SIZE)
    compared = Compared(base_model, cuts, machine, request.scheme or scheme, request.draws)
    heads, solved = train(compared, progress)
    sets, names = measure(compared, heads, second, progress), dataset.class_names
    return ClassReport(
        compared=compared,
        heads=heads,
        solved=solved,
        second=second,
        preselected=FilledTable(PRESELECTED, list(_preselected(base_model))),
        annotated=FilledTable(ANNOTATIONS, _annotated(names, cuts, without)),
        means=FilledTable(MEAN_ACCURACIES, [row for each in sets for row in mean_accuracies(each)]),
        parts=FilledTable(PART_ACCURACIES, [row for each in sets for row in part_accuracies(each, names)]),
        panels=tuple(_panels(base_model, cuts)),
    )


def _second(base_model: BaseModel, reference: str) -> BaseModel:
    """The base model of a second test set; where none is stored, one that the head of the first predicts for."""
    dataset = find_dataset(reference)
    stored = BaseModel.objects.filter(dataset=dataset).first()
    if stored is None and base_model.head is None:
        raise CannotReport(f"{base_model} has no head to predict {dataset}, and no predictions of {dataset} are stored")
    second = stored or BaseModel(dataset=dataset)
    if reason := why_not_second(base_model, second):
        raise CannotReport(reason)
    return second


def _annotated(
    names: Sequence[str], cuts: Iterable[Cut], without: Iterable[tuple[ScoredAnnotation, str]]
) -> list[Annotated]:
    """Return the rows of table 5, in the order of labels."""
    rows = [Annotated(names[each.said.target_class], each.said, each, "") for each in cuts]
    rows += [Annotated(names[said.target_class], said, None, why) for said, why in without]
    return sorted(rows, key=lambda row: row.said.target_class)


def _preselected(base_model: BaseModel) -> Iterator[Preselected]:
    for each in preselections(base_model):
        yield from (Preselected(each.list_name, rank, found) for rank, found in enumerate(each.classes, 1))


def _panels(base_model: BaseModel, cuts: Iterable[Cut]) -> Iterator[Panel]:
    best = sorted(cuts, key=lambda each: -each.said.measured.value)[:MAX_PICTURED]
    for number, each in enumerate(best, 1):
        label, text, images = each.said.target_class, each.annotation.text, base_model.dataset.files.array("similarity")
        words = Words(words=each.said.phrase, sign=each.annotation.sign, threshold=each.annotation.threshold)
        values = similarities(images[class_images(base_model, label).rows], text)
        yield from panels(shown_class(number, base_model, label), words, values)


PRESELECTED: Table[Preselected] = worded(__package__, "preselected_classes")
ANNOTATIONS: Table[Annotated] = worded(
    __package__,
    "annotations",
    {
        "participant": lambda row: row.said.participant or None,
        "why_not": lambda row: row.why_not or None,
    },
)
