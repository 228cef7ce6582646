"""What there is to draw of a study, as a release has it."""

from pathlib import Path

from annotations.analysis.figures.chart_values import Figure
from annotations.analysis.results.study_analysis import Analysed
from annotations.analysis.retraining.correction_tables import correction_tables
from annotations.models import Study
from worker.figures.figure_data import pictured_panels, release_figures
from worker.figures.rendering import draw_files


def figures_of(study: Study) -> list[Figure]:
    of = Analysed(study)
    return list(release_figures(of.tables, of.concepts, correction_tables(study).figures))


def draw(study: Study, folder: Path) -> None:
    draw_files(figures_of(study), pictured_panels(Analysed(study).tables), folder)
