"""Analyses of studies that pages asked for. Exports and releases compute with the same functions."""

from annotations.analysis.figures.drawn_figures import figures_to_bytes
from annotations.corrections.correction_tables import correction_tables
from annotations.models import Study, StudyAnalysis
from annotations.results import analysis_requests
from annotations.results.study_analysis import Analysed
from annotations.results.study_fingerprint import state_of
from annotations.results.study_results import to_bytes
from annotations.studies.preflight.preflight_report import doubts
from worker.queue.due_jobs import work_on_due
from worker.results.figures.figure_data import page_figures
from worker.results.figures.rendering import drawn_for_pages


def analyse_due_studies() -> int:
    """Compute every analysis that is due, one after the other; return how many ended. Raises OperationalError."""
    return work_on_due(StudyAnalysis, _analyse)


def _analyse(analysis: StudyAnalysis) -> None:
    study = Study.objects.get(pk=analysis.study_id)
    state = state_of(study)  # before the rows: what happens meanwhile makes the next analysis due
    of = Analysed(study)
    drawn = drawn_for_pages(page_figures(of.tables, of.concepts, correction_tables(study).figures))
    content = to_bytes(of.tables, of.concepts, doubts(study))
    analysis_requests.store(analysis, state, content, figures_to_bytes(drawn))
