"""Analyses of studies: asked for by pages that show one, computed by a worker, forgotten with words that must go."""

from django.db import transaction

from annotations.base.service_errors import ServiceError
from annotations.base.version import CODE_VERSION
from annotations.log import audit
from annotations.models import Study, StudyAnalysis
from annotations.queue import jobs, worker_wakeup


class AnalysisNotReady(ServiceError, code="analysis_not_ready"):
    """The study has never been analysed by this version: its statistics are not there yet."""

    sentence = "The statistics of this study are being computed. Ask again in a few seconds."


def ask(study: Study, study_state: str) -> None:
    """Have a study analysed. While one is under way this changes nothing."""
    asked = StudyAnalysis(study=study, study_state=study_state, requested_by=audit.SYSTEM)
    StudyAnalysis.objects.bulk_create([asked], ignore_conflicts=True)
    worker_wakeup.dispatch_on_commit(worker_wakeup.ANALYSE_STUDIES)


@transaction.atomic
def store(analysis: StudyAnalysis, study_state: str, content: bytes, figures: bytes) -> None:
    """Store what was computed in the place of every earlier analysis of the study. Raises JobLost."""
    jobs.finish(analysis, study_state=study_state, content=content, figures=figures, code_version=CODE_VERSION)
    StudyAnalysis.objects.filter(study=analysis.study_id, pk__lt=analysis.pk).delete()


def forget(study: Study) -> None:
    """Remove the analyses that show words of a study: its own, and those that show its experts' words beside theirs.

    One that is under way is lost to its worker, and the next page asks for another.
    """
    base_models = study.tasks.values("base_model")
    StudyAnalysis.objects.filter(study__tasks__base_model__in=base_models).delete()
    StudyAnalysis.objects.filter(study=study).delete()
