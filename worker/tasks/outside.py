"""The queue `outside`: what waits for answers over HTTP."""

from annotations.queue import worker_wakeup
from worker import prolific
from worker.rehearsals import run_due_rehearsals
from worker.tasks import task

call_prolific = task(worker_wakeup.CALL_PROLIFIC, (prolific.send_due_requests, "requests done by Prolific"))
reconcile_submissions = task(
    worker_wakeup.RECONCILE_SUBMISSIONS, (prolific.reconcile_due_studies, "submissions gone through")
)
run_rehearsals = task(worker_wakeup.RUN_REHEARSALS, (run_due_rehearsals, "rehearsals went on"))
