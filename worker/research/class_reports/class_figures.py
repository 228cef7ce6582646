"""The figures of a report of classes: those of the paper's section 5.3 and its appendix, from rows of accuracies.

Figures 6 and 10 are panels of images (`worker.results.figures.rendering`).
"""

from collections.abc import Iterable
from typing import Any

from annotations.analysis.figures.chart_values import Figure, Line, LineChart, Mark, Panel, Series
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.corrections.correction_effects import AFTER, BEFORE, CONTROL, SET_NAMES
from worker.research.class_reports.compared_models import ANNOTATIONS, GROUPS, KEYWORDS, RANDOM
from worker.research.class_reports.split_accuracies import CLASS, MAJORITY, MINORITY, MeanAccuracy, PartAccuracy

MAX_LINES = 80  # drawn of a set of images; the CSV has all
MODELS = (
    Series(BEFORE, "base model", "circle", 4),
    Series(CONTROL, "retrained without phrases", "square", 1),
    Series(RANDOM, "with random slices: the middle 95% of models", "bar", 3),
    Series(AFTER, "with the annotations", "diamond", 0),
    Series(GROUPS, "with the true groups", "triangle", 2),
)
_BEFORE_AND_AFTER = tuple(each for each in MODELS if each.key in (BEFORE, AFTER))
_PARTS = (
    Series(CLASS, "all images of the class", "circle", 4),
    Series(MINORITY, "minority: above the threshold", "diamond", 1),
    Series(MAJORITY, "majority: the others", "square", 2),
)
_DIVISIONS = (
    Series(ANNOTATIONS, "split by the annotation", "diamond", 0),
    Series(KEYWORDS, "split by the machine's first keyword", "circle", 1),
)


def figures(means: FilledTable[MeanAccuracy], parts: FilledTable[PartAccuracy]) -> tuple[Figure, ...]:
    """Return figures 7, 8, 9 and 11, those that have something to draw."""
    average = [row for row in means.rows if row.division == ANNOTATIONS]
    annotated = [row for row in parts.rows if row.division == ANNOTATIONS]
    minority = [row for row in annotated if row.part == MINORITY and row.model in (BEFORE, AFTER)]
    before = [row for row in annotated if row.model == BEFORE]
    both = [row for row in parts.rows if row.model == BEFORE and row.division != GROUPS and row.part != CLASS]
    both = both if any(row.division == KEYWORDS for row in both) else []
    drawn: tuple[tuple[str, FilledTable[Any], list[Any], tuple[Series, ...], str, str], ...] = (
        ("figure-7", means, average, MODELS, "model", "{0.part} ({0.n:,} images)"),
        ("figure-8", parts, minority, _BEFORE_AND_AFTER, "model", "{0.class_name} ({0.n})"),
        ("figure-9", parts, both, _DIVISIONS, "division", "{0.class_name}, {0.part}"),
        ("figure-11", parts, before, _PARTS, "part", "{0.class_name}"),
    )
    made = (Figure.worded(name, of, _chart(rows, series, key, label)) for name, of, rows, series, key, label in drawn)
    return tuple(figure for figure in made if not figure.chart.is_empty)


def _chart(rows: Iterable[Any], series: tuple[Series, ...], key: str, label: str) -> LineChart:
    """Return a panel for each set of images, a line for each label, and a mark for each row.

    key: the attribute that tells a row's series; label: what a line is called, as a format of the row.
    """
    panels: dict[str, dict[str, list[Mark]]] = {}
    names = {each.key: each.name for each in series}
    for row in rows:
        lines = panels.setdefault(f"{SET_NAMES[row.set]} ({row.dataset})", {})
        of, accuracy = getattr(row, key), row.accuracy
        mark = Mark(of, accuracy.value, names[of], accuracy.low, accuracy.high)
        lines.setdefault(label.format(row), []).append(mark)
    return LineChart(
        "accuracy",
        "share",
        series,
        tuple(
            Panel(title, tuple(Line(name, tuple(marks)) for name, marks in list(lines.items())[:MAX_LINES]), title)
            for title, lines in panels.items()
        ),
    )
