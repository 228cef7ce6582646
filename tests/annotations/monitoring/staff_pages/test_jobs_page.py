"""The page of jobs: who sees which, how far each is, and what cancelling and trying again do."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from annotations.models import AuditRecord, Correction, DatasetImport, JobState, Study
from annotations.queue import jobs
from annotations.queue.heartbeats import store_heartbeat

ADDRESS = "/admin/jobs/"


@pytest.fixture
def running(db: None) -> DatasetImport:
    DatasetImport.objects.create(name="birds", folder="birds", requested_by="ada")
    job = jobs.claim(DatasetImport)
    assert job is not None
    return job


def act(client: Client, job: DatasetImport | Correction, what: str) -> int:
    return client.post(ADDRESS, {"kind": job._meta.model_name, "job": job.pk, "act": what}).status_code


def test_a_job_has_its_pace_since_its_phase_began(running: DatasetImport) -> None:
    jobs.beat(running, phase="embedding", n_done=100, n_total=1_100)
    jobs.beat(running, phase="embedding", n_done=300, n_total=1_100)
    assert running.phase_began_at is not None
    assert running.pace(running.phase_began_at + dt.timedelta(seconds=10)) == (20.0, 40.0)


def test_a_job_that_has_just_begun_has_no_pace(running: DatasetImport) -> None:
    assert running.pace(timezone.now()) == (None, None)


def test_a_job_taken_up_again_counts_only_what_this_worker_did(running: DatasetImport) -> None:
    jobs.beat(running, phase="embedding", n_done=900, n_total=1_000)
    again = jobs.claim(DatasetImport, timezone.now() + 2 * jobs.SILENT_FOR)
    assert again is not None
    jobs.beat(again, phase="embedding", n_done=900, n_total=1_000)
    assert (again.phase_began_with, again.pace(timezone.now() + dt.timedelta(hours=1))) == (900, (None, None))


def test_an_operator_cancels_a_job_and_has_it_tried_again(admin_client: Client, running: DatasetImport) -> None:
    jobs.beat(running, phase="embedding", n_done=3, n_total=36)
    page = admin_client.get(ADDRESS).content.decode()
    assert "Embedding: 3 of 36" in page and "Cancel" in page
    assert act(admin_client, running, "cancel") == 302
    running.refresh_from_db()
    assert (running.state, running.error) == (JobState.FAILED, "Cancelled by admin.")
    assert "Cancelled by admin." in admin_client.get(ADDRESS).content.decode()
    assert AuditRecord.objects.filter(act="job_cancelled", actor="admin").count() == 1


def test_a_job_tried_again_is_not_the_cancelled_workers(admin_client: Client, open_study: Study) -> None:
    base_model = open_study.tasks.first().base_model  # type: ignore[union-attr]
    Correction.objects.create(study=open_study, base_model=base_model, requested_by="ada")
    first = jobs.claim(Correction)
    assert first is not None
    assert act(admin_client, first, "cancel") == act(admin_client, first, "retry") == 302
    second = jobs.claim(Correction)
    assert second == first
    with pytest.raises(jobs.JobLost):
        jobs.beat(first)


def test_five_deaths_fail_a_job_and_as_many_are_allowed_after_a_retry(running: DatasetImport) -> None:
    at = timezone.now()

    def deaths() -> int:
        nonlocal at
        for n in range(100):
            at += 2 * jobs.SILENT_FOR
            if jobs.claim(DatasetImport, at) is None:
                return n
        raise AssertionError("it is taken up for ever")

    assert deaths() == jobs.MAX_ATTEMPTS - 1  # one more is in hand
    running.refresh_from_db()
    assert running.state == JobState.FAILED
    assert jobs.retry(running, by="ada")
    assert deaths() == jobs.MAX_ATTEMPTS


def test_what_has_ended_can_be_neither_cancelled_nor_tried_again(admin_client: Client, running: DatasetImport) -> None:
    jobs.finish(running)
    for what in ("cancel", "retry"):
        act(admin_client, running, what)
        running.refresh_from_db()
        assert running.state == JobState.DONE


def test_a_coordinator_sees_who_asked_only_among_colleagues_and_cancels_nothing_of_others(
    client: Client, running: DatasetImport
) -> None:
    someone = User.objects.create_user("grace", is_staff=True)
    client.force_login(someone)
    page = client.get(ADDRESS).content.decode()
    assert "birds" in page and "somebody else" in page and "ada" not in page
    assert "Workers" not in page
    assert act(client, running, "cancel") == 404
    running.refresh_from_db()
    assert running.state == JobState.RUNNING


def test_jobs_of_a_study_are_its_members(client: Client, open_study: Study) -> None:
    base_model = open_study.tasks.first().base_model  # type: ignore[union-attr]
    job = Correction.objects.create(study=open_study, base_model=base_model, requested_by="ada")
    client.force_login(User.objects.create_user("grace", is_staff=True))
    assert str(job) not in client.get(ADDRESS).content.decode()
    assert act(client, job, "cancel") == 404


@pytest.mark.parametrize("form", [{}, {"kind": "phrase", "job": "1"}, {"kind": "release", "job": "x"}])
def test_what_is_no_job_is_not_there(admin_client: Client, form: dict[str, str]) -> None:
    assert admin_client.post(ADDRESS, form).status_code == 404


def test_an_operator_sees_each_workers_device_memory_and_version(admin_client: Client, db: None) -> None:
    now = timezone.now()
    process = {"process": "host:7", "started_at": now, "device": "NVIDIA H100", "code_version": "0.1"}
    store_heartbeat(["retrain"], now, **process, memory=3 * 2**30)
    page = admin_client.get(ADDRESS).content.decode()
    assert "NVIDIA H100" in page and "3.0\xa0GB" in page
    assert "is not the web process’s" in page
    assert "Nobody serves the queue interactive." in page and "Nobody serves the queue retrain." not in page


def test_an_operator_sees_the_page_before_there_is_a_data_set(
    admin_client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_ROOT = tmp_path / "not made yet"
    page = admin_client.get(ADDRESS)
    assert page.status_code == 200 and "No data set is stored yet" in page.content.decode()
