"""Imports and releases share a queue; a second worker of it builds a release while the first is at an import."""

from pathlib import Path

import pytest

from annotations.models import DatasetImport, JobState, Study
from annotations.queue import jobs
from annotations.releases import release_requests
from tests.support.actors import ENCODER
from tests.worker.processes import wait_until, worker

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_release_does_not_wait_for_an_import_where_two_workers_serve_the_queue(
    open_study: Study, subprocess_environment: dict[str, str], tmp_path: Path
) -> None:
    DatasetImport.objects.create(
        name="animals", folder="animals", source_format="csv", similarity_encoder=ENCODER, requested_by="ada"
    )
    taken = jobs.claim(DatasetImport)
    assert taken is not None
    release, log = release_requests.request(open_study, by="ada"), tmp_path / "second.log"

    def is_built() -> bool:
        jobs.beat(taken)  # the first worker goes on
        release.refresh_from_db()
        return release.state == JobState.DONE

    second = worker(log, subprocess_environment, "embed", "-n", "second@%h")
    with second as process:
        wait_until(is_built, process, log)
    taken.refresh_from_db()
    assert (taken.state, taken.attempts) == (JobState.RUNNING, 1)
