"""A job has one worker at a time, and another one where that falls silent."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from annotations.models import AuditRecord, DatasetImport, JobState, Release, Study
from annotations.models.study_texts import MAX_TITLE_LENGTH
from annotations.queue import jobs

LATER = jobs.SILENT_FOR + dt.timedelta(seconds=1)


@pytest.fixture
def job(db: None) -> DatasetImport:
    return DatasetImport.objects.create(name="birds", folder="birds", requested_by="coordinator")


def test_a_job_is_taken_up_once(job: DatasetImport) -> None:
    taken = jobs.claim(DatasetImport)
    assert taken == job
    assert taken is not None and (taken.state, taken.attempts) == (JobState.RUNNING, 1)
    assert jobs.claim(DatasetImport) is None


def test_the_oldest_goes_first(job: DatasetImport) -> None:
    DatasetImport.objects.create(name="cats", folder="cats", requested_by="coordinator")
    assert jobs.claim(DatasetImport) == job


def test_a_silent_worker_loses_its_job_and_can_write_nothing_more(job: DatasetImport) -> None:
    first = jobs.claim(DatasetImport)
    assert first is not None
    second = jobs.claim(DatasetImport, timezone.now() + LATER)
    assert second == job and second is not None and second.attempts == 2
    for late in (lambda: jobs.beat(first, n_done=9), lambda: jobs.finish(first), lambda: jobs.fail(first, "late")):
        with pytest.raises(jobs.JobLost):
            late()
    jobs.beat(second, phase="reading", n_done=3, n_total=10)
    jobs.finish(second)
    job.refresh_from_db()
    assert (job.state, job.phase, job.n_done, job.n_total) == (JobState.DONE, "reading", 3, 10)


def test_a_beat_keeps_the_job(job: DatasetImport) -> None:
    taken = jobs.claim(DatasetImport, timezone.now() - LATER)
    assert taken is not None
    jobs.beat(taken)
    assert jobs.claim(DatasetImport) is None


def test_a_job_that_ends_its_worker_each_time_fails_and_says_at_what(job: DatasetImport) -> None:
    now = timezone.now()
    for turn in range(jobs.MAX_ATTEMPTS):
        taken = jobs.claim(DatasetImport, now + turn * LATER)
        assert taken is not None
        DatasetImport.objects.update(phase="embedding")
    assert jobs.claim(DatasetImport, now + jobs.MAX_ATTEMPTS * LATER) is None
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "stopped 5 times during “embedding”" in job.error


def test_a_job_put_back_is_due_at_once_and_has_lost_no_attempt(job: DatasetImport) -> None:
    for _ in range(jobs.MAX_ATTEMPTS + 1):
        taken = jobs.claim(DatasetImport)
        assert taken is not None and taken.attempts == 1
        jobs.requeue(taken)


@pytest.mark.django_db(transaction=True)
def test_a_job_that_another_worker_is_taking_up_is_passed_over(job: DatasetImport) -> None:
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT id FROM annotations_datasetimport FOR UPDATE")
        assert jobs.claim(DatasetImport) is None
    finally:
        other.close()


def test_a_job_of_a_study_with_a_long_title_can_be_cancelled(db: None) -> None:
    study = Study.objects.create(slug="long", title="x" * MAX_TITLE_LENGTH, completion_code="DONE")
    release = Release.objects.create(study=study, number=3, requested_by="coordinator")
    assert jobs.cancel(release, "coordinator")
    record = AuditRecord.objects.get(act="job_cancelled")
    assert (record.study, record.subject) == (study, "release 3")
