"""What is drawn of a study: its figures of values, panels of images, and table 3."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from annotations.analysis.concepts.concept_figures import figures_of_tasks, map_figure, together_figure
from annotations.analysis.concepts.filled_concept_tables import ConceptTables
from annotations.analysis.figures.chart_values import Figure
from annotations.analysis.figures.study_figures import figures
from annotations.analysis.retraining.correction_tables import CorrectionTables
from annotations.analysis.tables.filled_tables import StudyTables
from annotations.analysis.tables.phrase_splits import Panel
from annotations.analysis.tables.table3 import Listed, PhraseList

MAX_PHRASES = 400  # of a list in the drawn table 3; the CSV has all
MAX_LISTED = 12  # tasks in it
MAX_PICTURED = 20  # tasks with panels of images


@dataclass(frozen=True)
class PhraseTable:
    """Table 3 as it is drawn. columns: titles by the tasks' positions; more: phrases of a list that are left out."""

    columns: Mapping[int, str]
    rows: tuple[Listed, ...]
    more: Mapping[tuple[int, PhraseList], int]


@dataclass(frozen=True)
class FigureData:
    """Everything that is drawn for a study."""

    figures: tuple[Figure, ...]
    panels: tuple[Panel, ...]
    table_3: PhraseTable


def figure_data_of(tables: StudyTables, concepts: ConceptTables, corrections: CorrectionTables) -> FigureData:
    """Return what there is to draw: what the pages of results, concepts and corrections show."""
    drawn = (*figures(tables), together_figure(concepts), map_figure(concepts), *corrections.figures)
    pictured = sorted({panel.task for panel in tables.panels.rows})[:MAX_PICTURED]
    return FigureData(
        figures=tuple(figure for figure in drawn if not figure.chart.is_empty),
        panels=tuple(panel for panel in tables.panels.rows if panel.task in pictured),
        table_3=_phrase_table(tables),
    )


def page_figures(tables: StudyTables, concepts: ConceptTables, corrections: CorrectionTables) -> Iterator[Figure]:
    """Yield the figures of a study's pages that are not empty: those of concepts have one for each task."""
    every = (*figures(tables), *corrections.figures, *figures_of_tasks(concepts))
    yield from (figure for figure in every if not figure.chart.is_empty)


def _phrase_table(tables: StudyTables) -> PhraseTable:
    rows: list[Listed] = []
    counts: Counter[tuple[int, PhraseList]] = Counter()
    columns: dict[int, str] = {}
    titles = {task.position: task.title for task in tables.tasks}
    for task, of_task in groupby(tables.table_3.rows, lambda row: row.task):
        if len(columns) == MAX_LISTED:
            break
        columns[task] = titles[task]
        for row in of_task:
            counts[task, row.phrase_list] += 1
            if counts[task, row.phrase_list] <= MAX_PHRASES:
                rows.append(row)
    more = {place: n - MAX_PHRASES for place, n in counts.items() if n > MAX_PHRASES}
    return PhraseTable(columns, tuple(rows), more)
