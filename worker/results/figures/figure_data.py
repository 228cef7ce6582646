"""What is drawn of a study: its figures of values, and panels of images."""

from collections.abc import Iterable, Iterator

from annotations.analysis.concepts.concept_columns import ConceptTables
from annotations.analysis.concepts.concept_figures import figures_of_tasks, map_figure, together_figure
from annotations.analysis.figures.chart_values import Figure
from annotations.analysis.figures.study_figures import figures
from annotations.analysis.tables.filled_tables import StudyTables
from annotations.analysis.tables.phrase_splits import Panel

MAX_PICTURED = 20  # tasks with panels of images


def release_figures(tables: StudyTables, concepts: ConceptTables, corrections: Iterable[Figure]) -> Iterator[Figure]:
    """Yield the figures of a release that are not empty: those of concepts have all tasks in one."""
    every = (*figures(tables), together_figure(concepts), map_figure(concepts), *corrections)
    yield from (figure for figure in every if not figure.chart.is_empty)


def page_figures(tables: StudyTables, concepts: ConceptTables, corrections: Iterable[Figure]) -> Iterator[Figure]:
    """Yield the figures of a study's pages that are not empty: those of concepts have one for each task."""
    every = (*figures(tables), *corrections, *figures_of_tasks(concepts))
    yield from (figure for figure in every if not figure.chart.is_empty)


def pictured_panels(tables: StudyTables) -> list[Panel]:
    """Return the panels of images of the first tasks that have some."""
    pictured = sorted({panel.task for panel in tables.panels.rows})[:MAX_PICTURED]
    return [panel for panel in tables.panels.rows if panel.task in pictured]
