"""The pooled corrections of a study as tables, those that are trained: what each is made from, and what it does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from annotations.analysis.figures.chart_values import Figure
from annotations.analysis.retraining.correction_figures import EFFECTS, Measured, report, splits_figure
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.models import Correction, CorrectionPart, JobState, Study
from annotations.readings.releases.moderated_words import words_of_phrase
from annotations.readings.retraining import corrections as reading
from annotations.tables.columns import Boolean, Count, Integer, Number, Table, Text, Time
from annotations.tables.shared import FROM_1, field


@dataclass(frozen=True)
class PartRow:
    """One annotation of a correction, with the sizes of its two slices of the class's train images."""

    correction: Correction
    part: CorrectionPart
    class_name: str
    n_above: int | None
    n_below: int | None


@dataclass(frozen=True)
class CorrectionTables:
    """figures: minority and majority before and after, of each correction."""

    corrections: FilledTable[Correction]
    annotations: FilledTable[PartRow]
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
        annotations=FilledTable(ANNOTATIONS, [part for each in trained for part in _parts(each)]),
        effects=FilledTable(EFFECTS, [row for each in trained for row in report(each).rows]),
        figures=tuple(map(_figure, trained)),
    )


def _parts(correction: Correction) -> Sequence[PartRow]:
    of_report = reading.report_of(correction).parts
    return [PartRow(correction, each.part, each.class_name, each.n_above, each.n_below) for each in of_report]


def _figure(correction: Correction) -> Figure:
    figure = splits_figure(correction)
    title = f"Correction {correction.pk} ({correction.review}): minority and majority of each class"
    return replace(figure, title=title)


def _on_test(correction: Correction, less: str) -> float | None:
    return reading.worst_group_gain(correction.effects, less)


CORRECTIONS: Table[Correction] = Table(
    "corrections.csv",
    "one row per pooled correction that is trained, whatever its review said",
    "by correction",
    (
        Integer("correction", "number of the correction, unique on the site", field("pk"), **FROM_1),
        Text("dataset", "data set of its base model", lambda row: str(row.base_model.dataset.name)),
        Text("base_model", "the base model that it corrects", lambda row: str(row.base_model.name)),
        Text(
            "second_dataset",
            "data set of the second test set, empty where there is none",
            lambda row: row.second_base_model.dataset.name if row.second_base_model else None,
        ),
        Text("review", "what a coordinator decided", range="proposed, approved, rejected"),
        Text("review_reason", "and why", lambda row: row.review_reason or None),
        Time("reviewed_at", "when"),
        Number(
            "own_gain",
            "what its phrases themselves add to worst-group accuracy on test; empty without test images, or a control",
            lambda row: _on_test(row, reading.CONTROL),
            range="-1 to 1",
            unit="share",
            computed="accuracy of worst_group after less that of control in correction_effects.csv, set test",
        ),
        Number(
            "gain",
            "the same less the base model's",
            lambda row: _on_test(row, reading.BEFORE),
            range="-1 to 1",
            unit="share",
        ),
        Text("scheme", "how images are weighted", computed="docs/methods.md"),
        Number("loss", "at the solution", range="0 or more"),
        Number("certified_gap", "how far the loss is from the least one at most", range="0 or more"),
        Time("trained_at", "when it ended", field("finished_at")),
        Text("code_version", "version of Clarify that trained it"),
    ),
)

ANNOTATIONS: Table[PartRow] = Table(
    "correction_annotations.csv",
    "one row per correction and class: the phrase and threshold that it was trained with",
    "by correction, then the class's number",
    (
        Integer("correction", "number of the correction", field("correction.pk"), **FROM_1),
        Text("class", "name of the annotated class", field("class_name")),
        Text(
            "text",
            "the phrase; written as in phrases.csv, (hidden) where the staff hid it",
            lambda row: words_of_phrase(row.part.score.phrase),
        ),
        Number("error_score", "of the phrase", field("part.score.value"), range="0 to 1"),
        Number("threshold", "similarity above which an image is in the slice", field("part.threshold")),
        Integer(
            "sign",
            "-1 where the phrase says that images lack it: then sign times similarity is above the threshold",
            field("part.score.sign"),
            range="-1, 1",
        ),
        Boolean("by_hand", "chosen by a person instead of by the highest error score", field("part.by_hand")),
        Count("images_above", "train images of the class in the slice", field("n_above")),
        Count("images_below", "the others of the class", field("n_below")),
    ),
)
