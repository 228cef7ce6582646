"""An upgrade without an interruption: the release before goes on working on the tables of this one."""

import io
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest
from django.db import connection
from django.test import Client

from annotations.models import BaseModel, Phrase, PhraseState, Stage, Study
from clarify_site.home import ROOT
from deploy.local.services import free_port

READY_WITHIN_S = 120
WEB = ("-m", "gunicorn", "clarify_site.wsgi", "-c", "deploy/gunicorn.conf.py", "--bind")
WORKER = ("-m", "celery", "-A", "clarify_site", "worker", "-P", "solo", "-Q", "interactive")


def _git(*arguments: str) -> bytes:
    try:
        return subprocess.run(["git", "-C", ROOT, *arguments], check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return b""


# By the release's own participants, who know its pages.
TWO_VISITS = """
import sys, django
django.setup()
from annotations.simulation.crowd import as_participants, send
from annotations.simulation.personas import make_personas
send(*sys.argv[1:], as_participants(("PROLIFIC_PID", "STUDY_ID", "SESSION_ID")), make_personas(2, 0))
"""


@pytest.fixture
def release_before(tmp_path: Path) -> Path:
    """The code of the release that sites have before they upgrade to this one: the last in the history before HEAD."""
    before = _git("log", "-1", "--format=%H", "--grep=^release: Name ", "HEAD~1").decode().strip()
    if not before:
        pytest.skip("the history, which has the release before, is not here")
    folder = tmp_path / "before"
    with tarfile.open(fileobj=io.BytesIO(_git("archive", before))) as archive:
        archive.extractall(folder, filter="data")
    encoder, here = folder / "tests" / "fake_encoder.py", folder / "tests" / "support" / "fake_encoder.py"
    if encoder.exists():  # in 0.17; data sets name it by where it lies now
        here.parent.mkdir()
        (here.parent / "__init__.py").touch()
        encoder.rename(here)
    return folder


@pytest.fixture
def address(release_before: Path, subprocess_environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """Where the web role of the release before answers; a scoring worker of it runs beside it."""
    port = free_port()
    env = {**subprocess_environment, "PYTHONPATH": str(release_before)}
    worker = (*WORKER, "-I", "worker.tasks.interactive", "-l", "INFO")
    with ExitStack() as running:
        for name, arguments in (("web", (*WEB, f"127.0.0.1:{port}")), ("worker", worker)):
            log = running.enter_context((tmp_path / name).open("wb"))
            process = subprocess.Popen(
                [sys.executable, *arguments], cwd=release_before, env=env, stdout=log, stderr=log
            )
            running.callback(process.wait, 30)
            running.callback(process.terminate)
        until = time.monotonic() + READY_WITHIN_S
        while not _is_ready(f"http://127.0.0.1:{port}"):
            assert time.monotonic() < until, (tmp_path / "web").read_text()
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"


def _is_ready(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/readyz", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


@pytest.mark.services
def test_the_release_before_serves_people_and_staff_on_todays_tables(
    address: str,
    release_before: Path,
    open_study: Study,
    admin_client: Client,
    subprocess_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    with connection.cursor() as cursor:  # where models have their predictions that were stored before the upgrade
        cursor.execute(
            "UPDATE annotations_basemodel SET predictions = %s", [bytes(BaseModel.objects.get().predictions)]
        )
    env = {
        **subprocess_environment,
        "PYTHONPATH": str(release_before),
        "DJANGO_SETTINGS_MODULE": "clarify_site.settings",
    }
    command = [sys.executable, "-c", TWO_VISITS, address, f"/study/{open_study.slug}/"]
    done = subprocess.run(command, cwd=release_before, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr + (tmp_path / "web").read_text()[-4000:]
    assert open_study.sessions.filter(stage=Stage.FINISHED).exists()
    assert set(Phrase.objects.values_list("state", flat=True)) == {PhraseState.SCORED}
    cookies = {name: cookie.value for name, cookie in admin_client.cookies.items()}
    with httpx2.Client(base_url=address, cookies=cookies, timeout=60) as browser:
        for page in ("/admin/", "/admin/annotations/study/", f"/admin/annotations/study/{open_study.pk}/change/"):
            answer = browser.get(page)
            assert answer.status_code == 200, (page, answer.headers, (tmp_path / "web").read_text()[-4000:])
