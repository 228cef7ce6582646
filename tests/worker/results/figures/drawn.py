"""What there is to draw of a study, as a release has it."""

from pathlib import Path

from annotations.analysis.figures.chart_values import Figure
from annotations.corrections.correction_tables import correction_tables
from annotations.models import Study
from annotations.results.study_analysis import Analysed
from worker.results.figures.figure_data import pictured_panels, release_figures
from worker.results.figures.rendering import draw_files


def figures_of(study: Study) -> list[Figure]:
    of = Analysed(study)
    return list(release_figures(of.tables, of.concepts, correction_tables(study).figures))


def draw(study: Study, folder: Path) -> None:
    draw_files(figures_of(study), pictured_panels(Analysed(study).tables), folder)
