"""The pooled corrections of a study as tables, those that are trained: what each is made from, and what it does."""

from dataclasses import dataclass, replace
from typing import Any

from annotations.analysis.figures.chart_values import Figure
from annotations.analysis.retraining.correction_figures import EFFECTS, Measured, report, splits_figure
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.models import Correction, JobState, Study
from annotations.readings.releases.moderated_words import words_of_phrase
from annotations.readings.retraining import corrections as reading
from annotations.readings.retraining.corrections import PartOf, parts_of
from annotations.tables.columns import Table
from annotations.tables.worded_tables import worded


@dataclass(frozen=True)
class CorrectionTables:
    """figures: minority and majority before and after, of each correction."""

    corrections: FilledTable[Correction]
    annotations: FilledTable[PartOf]
    effects: FilledTable[Measured]
    figures: tuple[Figure, ...]

    @property
    def all(self) -> tuple[FilledTable[Any], ...]:
        return self.corrections, self.annotations, self.effects


def correction_tables(study: Study) -> CorrectionTables:
    """Return the tables of the corrections that a study has now, the oldest first."""
    trained = [each for each in reversed(reading.listed(study)) if each.state == JobState.DONE]
    return CorrectionTables(
        corrections=FilledTable(CORRECTIONS, trained),
        annotations=FilledTable(ANNOTATIONS, [part for each in trained for part in parts_of(each)]),
        effects=FilledTable(EFFECTS, [row for each in trained for row in report(each).rows]),
        figures=tuple(map(_figure, trained)),
    )


def _figure(correction: Correction) -> Figure:
    figure = splits_figure(correction)
    title = f"Correction {correction.pk} ({correction.review}): minority and majority of each class"
    return replace(figure, title=title)


def _on_test(correction: Correction, less: str) -> float | None:
    return reading.worst_group_gain(correction.effects, less)


CORRECTIONS: Table[Correction] = worded(
    __package__,
    "corrections",
    {
        "second_dataset": lambda row: row.second_base_model.dataset.name if row.second_base_model else None,
        "review_reason": lambda row: row.review_reason or None,
        "own_gain": lambda row: _on_test(row, reading.CONTROL),
        "gain": lambda row: _on_test(row, reading.BEFORE),
    },
)
ANNOTATIONS: Table[PartOf] = worded(
    __package__, "correction_annotations", {"text": lambda row: words_of_phrase(row.part.score.phrase)}
)
