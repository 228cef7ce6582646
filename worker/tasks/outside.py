"""The queue `outside`: what waits for answers over HTTP."""

from annotations.services.queue import worker_wakeup
from clarify_site.celery import app
from worker import prolific
from worker.queue.drain import sweep
from worker.rehearsals import run_due_rehearsals


@app.task(name=worker_wakeup.CALL_PROLIFIC)
def call_prolific() -> None:
    """Send what coordinators asked of Prolific."""
    sweep(prolific.send_due_requests, "requests done by Prolific")


@app.task(name=worker_wakeup.RECONCILE_SUBMISSIONS)
def reconcile_submissions() -> None:
    """Poll the submissions of every study whose last poll is too old."""
    sweep(prolific.reconcile_due_studies, "submissions gone through")


@app.task(name=worker_wakeup.RUN_REHEARSALS)
def run_rehearsals() -> None:
    """Send the next simulated participants of every rehearsal."""
    sweep(run_due_rehearsals, "rehearsals went on")
