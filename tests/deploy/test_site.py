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
from tests.support.served import served

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


def test_a_worker_that_stands_still_is_ended_by_its_watchdog_and_started_again(
    subprocess_environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_module, "roles", lambda web, scratch: {"worker-interactive": _impatient(web, scratch)})
    site = Site(free_port(), subprocess_environment, tmp_path, tmp_path)
    site.start()
    try:
        while not (first := _celery()):
            time.sleep(0.05)
        first[0].send_signal(signal.SIGSTOP)
        while not site.tend():
            time.sleep(0.05)
        assert not _works(first[0])
    finally:
        site.stop()
    assert _celery() == []


def test_a_watchdog_that_is_killed_leaves_no_worker_beside_the_next_one(
    subprocess_environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        site_module,
        "roles",
        lambda web, scratch: {"worker-interactive": roles(web, scratch)["worker-interactive"]},
    )
    site = Site(free_port(), subprocess_environment, tmp_path, tmp_path)
    site.start()
    try:
        while not (first := _celery()):
            time.sleep(0.05)
        os.kill(site.pid("worker-interactive"), signal.SIGKILL)
        while not site.tend():
            time.sleep(0.05)
        assert not _works(first[0])
    finally:
        site.stop()


def _impatient(web: Path, scratch: Path) -> list[str]:
    """The command of a worker whose watchdog waits for a second only."""
    command = list(roles(web, scratch)["worker-interactive"])
    command.insert(command.index("--"), "--start-limit=1")
    return command


def _works(process: psutil.Process) -> bool:
    """Whether it still runs; one that ended may wait for its new parent to take note of that."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def _celery() -> list[psutil.Process]:
    every = psutil.Process().children(recursive=True)
    return [process for process in every if _is_worker(process)]


def _is_worker(process: psutil.Process) -> bool:
    try:
        command = process.cmdline()
    except psutil.NoSuchProcess:  # it ended while we looked
        return False
    return "celery" in command and "deploy.watchdog" not in command


def test_a_site_that_cannot_start_says_why(port: int, subprocess_environment: dict[str, str], tmp_path: Path) -> None:
    broken = Site(port, {**subprocess_environment, "SECRET_KEY": "short"}, tmp_path, tmp_path)
    broken.start()
    with pytest.raises(CannotRun, match="SECRET_KEY must be a random string"):
        broken.wait_until_ready()
    broken.stop()
