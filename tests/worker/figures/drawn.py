"""What there is to draw of a study, as a release has it."""

from annotations.analysis.concepts.concept_tables import concept_tables
from annotations.analysis.retraining.correction_tables import correction_tables
from annotations.analysis.tables.study_tables import study_tables
from annotations.models import Study
from worker.figures.figure_data import FigureData, figure_data_of


def pictures(study: Study) -> FigureData:
    return figure_data_of(study_tables(study), concept_tables(study), correction_tables(study))
