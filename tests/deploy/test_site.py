"""The site's processes: started, kept running, stopped."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local import site as site_module
from deploy.local.processes import CannotRun
from deploy.local.services import free_port
from deploy.local.site import Site, roles
from tests.served import served

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    """A free port; the web role and its proxy alone, since the others take seconds to load."""
    monkeypatch.setattr(site_module, "roles", lambda socket, scratch: served(roles(socket, scratch)))
    return free_port()


@pytest.fixture
def site(port: int, subprocess_environment: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    running = Site(port, subprocess_environment, tmp_path, tmp_path)
    running.start()
    yield running
    running.stop()


def _web_processes() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if _is_web(child)]


def _is_web(process: psutil.Process) -> bool:
    try:
        return "gunicorn" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # it ended while we looked
        return False


def test_the_site_answers_once_it_is_ready_and_leaves_no_process(site: Site) -> None:
    site.wait_until_ready()
    processes = _web_processes()
    assert processes
    site.stop()
    assert [process for process in processes if process.is_running()] == []


def test_a_role_that_ended_is_started_again(site: Site) -> None:
    site.wait_until_ready()
    assert site.tend() == []
    os.kill(_web_processes()[0].pid, signal.SIGKILL)
    while not (ended := site.tend()):
        time.sleep(0.05)
    assert ended == ["web"]
    site.wait_until_ready()


def test_a_site_that_cannot_start_says_why(port: int, subprocess_environment: dict[str, str], tmp_path: Path) -> None:
    broken = Site(port, {**subprocess_environment, "SECRET_KEY": "short"}, tmp_path, tmp_path)
    broken.start()
    with pytest.raises(CannotRun, match="SECRET_KEY must be a random string"):
        broken.wait_until_ready()
    broken.stop()
