"""The process that trains a correction is killed, and another one trains it."""

import datetime as dt
import time
from pathlib import Path

import pytest
from django.utils import timezone

from annotations.corrections import correction_requests as corrections
from annotations.models import BaseModel, Correction, JobState
from annotations.queue import jobs
from tests.support.correcting import approve, say, study_of_both
from tests.support.forked import Forked
from worker.corrections import train_due_corrections


@pytest.mark.django_db(transaction=True)
def test_a_correction_whose_worker_was_killed_is_trained_by_the_next(
    subprocess_environment: dict[str, str], base_model: BaseModel, tmp_path: Path
) -> None:
    study = study_of_both(base_model)
    approve(*say(study, "alice"))
    correction = corrections.request(study, base_model, by="coordinator")
    environment = {**subprocess_environment, "DJANGO_SETTINGS_MODULE": "clarify_site.settings"}
    said = tmp_path / "correcting.log"
    process = Forked("import tests.worker.slow_correction", (), environment, (said, said))
    until = time.monotonic() + 90
    while correction.phase != "training":
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.05)
        correction.refresh_from_db()
    process.kill()
    process.wait()
    assert (correction.state, correction.head) == (JobState.RUNNING, None)
    Correction.objects.update(heartbeat_at=timezone.now() - jobs.SILENT_FOR - dt.timedelta(seconds=1))
    assert train_due_corrections() == 1
    correction.refresh_from_db()
    assert (correction.state, correction.attempts, correction.error) == (JobState.DONE, 2, "")
