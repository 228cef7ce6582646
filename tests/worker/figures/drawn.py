"""What there is to draw of a study, as a release has it."""

from pathlib import Path

from annotations.analysis.concepts.concept_tables import concept_tables
from annotations.analysis.figures.chart_values import Figure
from annotations.analysis.retraining.correction_tables import correction_tables
from annotations.analysis.tables.study_tables import study_tables
from annotations.models import Study
from worker.figures.figure_data import pictured_panels, release_figures
from worker.figures.rendering import draw_files


def figures_of(study: Study) -> list[Figure]:
    return list(release_figures(study_tables(study), concept_tables(study), correction_tables(study)))


def draw(study: Study, folder: Path) -> None:
    draw_files(figures_of(study), pictured_panels(study_tables(study)), folder)
