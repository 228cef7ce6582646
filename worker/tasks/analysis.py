"""The queue `analysis`: statistics of studies, which may take seconds."""

from annotations.queue import worker_wakeup
from worker.results.study_analyses import analyse_due_studies
from worker.tasks import task

analyse_studies = task(worker_wakeup.ANALYSE_STUDIES, (analyse_due_studies, "studies analysed"))
