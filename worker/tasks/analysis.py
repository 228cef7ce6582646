"""The queue `analysis`: statistics of studies, which may take seconds."""

from annotations.services.queue import worker_wakeup
from clarify_site.celery import app
from worker.queue.drain import sweep
from worker.study_analyses import analyse_due_studies


@app.task(name=worker_wakeup.ANALYSE_STUDIES)
def analyse_studies() -> None:
    """Analyse every study whose pages asked for it."""
    sweep(analyse_due_studies, "studies analysed")
