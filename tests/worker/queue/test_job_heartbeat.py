"""A job's lease: its steps renew it, also from within a transaction, and end it where somebody cancelled the job."""

import datetime as dt
import logging
import time

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from annotations.models import DatasetImport, JobState
from annotations.queue import jobs
from clarify_errors.arrays.common.steps import step_done
from worker.queue import worker_heartbeat
from worker.queue.due_jobs import LONG_STEP_S, beat_beside_transaction, progress_of, renewed_by_steps, work_on_due

NEARLY_SILENT = jobs.SILENT_FOR - dt.timedelta(seconds=1)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_pause_between_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_heartbeat, "BEAT_EVERY_S", 0.0)


@pytest.fixture
def held() -> DatasetImport:
    DatasetImport.objects.create(name="birds", folder="birds", requested_by="ada")
    job = jobs.claim(DatasetImport, timezone.now() - NEARLY_SILENT)
    assert job is not None
    return job


def heartbeat_at(job: DatasetImport) -> dt.datetime:
    """As another connection sees it."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT heartbeat_at FROM annotations_datasetimport WHERE id = %s", [job.pk])
            at: dt.datetime = cursor.fetchone()[0]
    finally:
        other.close()
    return at


def test_a_step_renews_the_lease(held: DatasetImport) -> None:
    before = timezone.now()
    with renewed_by_steps(held):
        step_done()
    assert heartbeat_at(held) >= before


def test_a_worker_without_steps_loses_its_job_though_its_process_lives(held: DatasetImport) -> None:
    with renewed_by_steps(held), time_machine.travel(timezone.now() + jobs.SILENT_FOR, tick=False):
        assert jobs.claim(DatasetImport) == held
        with pytest.raises(jobs.JobLost):
            step_done()


def test_a_step_within_a_transaction_renews_the_lease_before_it_ends(held: DatasetImport) -> None:
    before = timezone.now()
    with renewed_by_steps(held), transaction.atomic():
        step_done()
        assert heartbeat_at(held) >= before


def test_a_read_only_snapshot_can_say_how_far_it_is(held: DatasetImport) -> None:
    tell = progress_of(held, beat_beside_transaction)
    with transaction.atomic():
        connection.cursor().execute("SET TRANSACTION READ ONLY")
        tell("writing events.csv", 2, 3)
    held.refresh_from_db()
    assert (held.phase, held.n_done, held.n_total) == ("writing events.csv", 2, 3)


def test_a_step_waits_for_nobody_who_is_finishing_the_job(held: DatasetImport) -> None:
    with renewed_by_steps(held), transaction.atomic():
        jobs.finish(held)
        step_done()  # would wait for its own transaction for ever
    held.refresh_from_db()
    assert held.state == JobState.DONE


@pytest.mark.parametrize("in_a_transaction", [False, True])
def test_a_cancelled_job_ends_at_its_next_step_and_says_who_did_it(in_a_transaction: bool) -> None:
    DatasetImport.objects.create(name="birds", folder="birds", requested_by="ada")
    steps = []

    def work(job: DatasetImport) -> None:
        assert jobs.cancel(DatasetImport.objects.get(), by="grace")
        steps.append("before")
        if in_a_transaction:
            with transaction.atomic():
                step_done()
        step_done()
        steps.append("after")

    work_on_due(DatasetImport, work)
    job = DatasetImport.objects.get()
    assert steps == ["before"]
    assert (job.state, job.error) == (JobState.FAILED, "Cancelled by grace.")
    assert job.finished_at is not None


def test_a_job_that_ended_cannot_be_cancelled(held: DatasetImport) -> None:
    jobs.finish(held)
    assert not jobs.cancel(held, by="grace")
    held.refresh_from_db()
    assert held.state == JobState.DONE


def test_a_step_that_takes_half_the_lease_is_logged(
    held: DatasetImport, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = time.monotonic()
    with caplog.at_level(logging.WARNING), monkeypatch.context() as clock, renewed_by_steps(held):
        clock.setattr(time, "monotonic", lambda: at + LONG_STEP_S + 10)
        step_done()
    assert "import of birds was silent for 4" in caplog.text
