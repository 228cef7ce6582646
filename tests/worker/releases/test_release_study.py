"""The command release_study: it builds, or waits for whoever has the job, and says where the file is."""

import io
import time

import pytest
from django.core.management import CommandError, call_command

from annotations.models import (
    Release,
    Study,
)
from annotations.queue import jobs
from annotations.releases import release_requests
from tests.worker.releases.released import without_figures

pytestmark = pytest.mark.django_db(transaction=True)


@without_figures
def test_the_command_builds_and_says_where(open_study: Study) -> None:
    out = io.StringIO()
    call_command("release_study", "sprites", stdout=out)
    assert open_study.releases.get().digest in out.getvalue()
    with pytest.raises(CommandError, match=r"Known studies: sprites\."):
        call_command("release_study", "spirtes")


@without_figures
def test_the_command_waits_for_the_worker_that_has_it(open_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    release_requests.request(open_study, by="ada")
    held = jobs.claim(Release)
    assert held is not None
    monkeypatch.setattr(time, "sleep", lambda seconds: jobs.requeue(held))
    out = io.StringIO()
    call_command("release_study", "sprites", stdout=out)
    assert open_study.releases.get().digest in out.getvalue()
