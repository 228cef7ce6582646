"""Building a release: asked for twice, on a full disk, by a worker that lost its job, and while a heart beats."""

import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from annotations.models import (
    JobState,
    Release,
    Study,
    WorkerHeartbeat,
)
from annotations.queue import jobs
from annotations.releases import release_requests
from tests.worker.releases.released import build, opened, table, without_figures
from worker.queue import worker_heartbeat
from worker.releases import release_building as worker_releases

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_asks_while_one_is_waiting_gets_that_one(open_study: Study) -> None:
    assert release_requests.request(open_study, by="ada") == release_requests.request(open_study, by="bea")
    with pytest.raises(release_requests.ReleaseNotReady):
        release_requests.open_file(open_study.releases.get())


def test_a_full_disk_is_said_and_leaves_no_half_file(open_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(worker_releases, "write_study_zip", full)
    release = build(open_study)
    assert (release.state, release.error) == (
        JobState.FAILED,
        "The file could not be written: No space left on device.",
    )
    assert list(release_requests.file_of(release).parent.iterdir()) == []


@without_figures
def test_the_worker_that_lost_its_job_writes_nothing_to_it(open_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(path: Path) -> str:
        Release.objects.update(attempts=9)
        return "0" * 64

    monkeypatch.setattr(worker_releases, "file_sha256", lose)
    release = build(open_study)
    assert (release.state, release.digest) == (JobState.RUNNING, "")
    assert jobs.claim(Release) is None  # its heart beat a moment ago


@without_figures
def test_a_heart_that_is_due_to_beat_in_the_snapshot_does_no_harm(
    worked: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_heartbeat, "BEAT_EVERY_S", 0.0)  # at every touch, as after five seconds of writing
    worker_heartbeat.serves(["embed"])
    release = build(worked)
    worker_heartbeat.serves([])
    assert (release.state, release.error) == (JobState.DONE, "")
    assert WorkerHeartbeat.objects.get().queue == "embed"


def test_a_study_without_data_and_one_with_one_person_can_be_released(draft_study: Study) -> None:
    archive = opened(build(draft_study))
    assert table(archive, "summary.csv") == []
    assert pq.read_table(io.BytesIO(archive.read("phrases.parquet"))).num_rows == 0
