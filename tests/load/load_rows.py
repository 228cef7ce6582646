"""What a run of `make load` asks the database. Import it once Django is set up."""

import datetime as dt

from django.db import connection, transaction
from django.utils import timezone

from annotations.models import (
    Assignment,
    AssignmentState,
    BaseModel,
    EndReason,
    Phrase,
    PhraseState,
    Run,
    RunState,
    Score,
    Study,
)
from annotations.phrases import assignments
from annotations.studies.lifecycle import create_study, open_study
from deploy.local import job
from tests.chaos.course import wait_for_workers as wait_for_workers

now = timezone.now


def open_study_for(phrases: int) -> Study:
    """An open study whose people may submit so many phrases each."""
    base_model = BaseModel.objects.filter(dataset__name=job.DATASET, name=job.BASE_MODEL).latest("created_at")
    tasks = [{"base_model": base_model, "max_phrases": phrases, "time_limit_s": 7200}]
    draft = create_study(slug="load", title="Load", completion_code="LOAD", completion_url="", tasks=tasks)
    return open_study(draft, without_rehearsal=True)


def wait_until_scored(study: Study) -> None:
    """Wait until nothing is due. Raises CannotRun."""
    for _ in job.work_left(study):
        pass


def n_phrases(study: Study) -> int:
    return Phrase.objects.filter(assignment__session__study=study).count()


def bytes_stored() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def score_seconds(study: Study, since: dt.datetime) -> list[float]:
    """How long each phrase that came since then waited for its score."""
    here = {"phrase__assignment__session__study": study, "phrase__submitted_at__gte": since}
    times = Score.objects.filter(**here).values_list("phrase__submitted_at", "scored_at")
    return [(scored - came).total_seconds() for came, scored in times]


def fill_retraining(study: Study) -> int:
    """End what people are at, so that the runs of all their phrases are due; return how many these are.

    In one transaction: else a worker trains the first before the last is due.
    """
    with transaction.atomic():
        for assignment in Assignment.objects.filter(session__study=study, state=AssignmentState.ACTIVE):
            if assignment.phrases.filter(state=PhraseState.SCORED).exists():
                assignments.end(assignment, EndReason.DONE)
        return runs_left(study)


def runs_left(study: Study) -> int:
    return Run.objects.filter(assignment__session__study=study, state=RunState.PENDING).count()
