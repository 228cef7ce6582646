"""The stack below a local site, of the demo and of the commands beside it: servers, tables, data set, base model."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import FrameType, ModuleType

import django
from django.db import connections

from deploy.local.folder import DemoFolder
from deploy.local.processes import MARKER, CannotRun, end_leftovers, run
from deploy.local.services import Server, bring_back, postgres_server, valkey_server
from deploy.local.site import Site
from deploy.local.stages import Stages

QUIET = {"LOG_LEVEL": "WARNING"}  # for what writes to this terminal: the stages say how far it is
_LOOK_EVERY_S = 0.5
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked us to stop: Ctrl-C, TERM, or the terminal is gone."""


@dataclass(frozen=True)
class Stack:
    """Running servers, a site that is not started yet, and `deploy.local.job`, which talks to Django."""

    database: Server
    broker: Server
    env: Mapping[str, str]
    site: Site
    job: ModuleType

    def tend(self) -> list[str]:
        """Start again the servers and roles that have ended; return their names. Raises CannotRun."""
        return [*bring_back(self.database, self.broker), *self.site.tend()]


def stop_on_signals() -> None:
    """From now on raise Stopped where somebody asks us to stop."""
    for number in _STOPPING:
        signal.signal(number, _stop)
    status = Path(f"/proc/{os.getppid()}/status")
    if status.exists() and "Name:\tmake\n" in status.read_text():
        threading.Thread(target=_follow, args=(status,), daemon=True).start()


def _follow(make: Path) -> None:
    """Stop with a `make` that was sent SIGINT alone: it tells nobody, blocks the signal and waits for its children."""
    while not is_interrupted(make):
        time.sleep(_LOOK_EVERY_S)
    os.kill(os.getpid(), signal.SIGINT)


def is_interrupted(status: Path) -> bool:
    """Whether a process, by its file in /proc, is within its handler of SIGINT; one that is gone is not."""
    try:
        blocked = next(line for line in status.read_text().splitlines() if line.startswith("SigBlk:"))
    except (OSError, StopIteration):
        return False
    return bool(int(blocked.split()[1], 16) & 1 << signal.SIGINT - 1)


@contextmanager
def shutting_down_in_order() -> Iterator[ExitStack]:
    """An ExitStack whose unwinding no second Ctrl-C can break off."""
    with ExitStack() as running:
        try:
            yield running
        finally:
            for number in _STOPPING:
                signal.signal(number, signal.SIG_IGN)


def start_stack(
    running: ExitStack, folder: DemoFolder, stages: Stages, *, listener: socket.socket, reset: bool
) -> Stack:
    """Start the servers in the folder and make what is not there yet; `running` stops them, and the site before them.

    listener: listens on the site's port. reset: remove what the folder holds first. Raises CannotRun and StageFailed.
    """
    end_leftovers(str(folder.path))
    os.environ[MARKER] = str(folder.path)
    if reset:
        folder.reset()
    folder.prepare()
    with stages.stage("PostgreSQL and Valkey"):
        database = running.enter_context(postgres_server(folder.path / "postgres", folder.log("postgres")))
        broker = running.enter_context(valkey_server(folder.path / "valkey", folder.log("valkey")))
        port = listener.getsockname()[1]
        env = folder.environment(database_url=database.url, redis_url=broker.url, port=port)
    with stages.stage("Tables"):
        job = _job(env)
        running.callback(connections.close_all)
        job.migrate()
    site = Site(listener, env, folder.logs, folder.path)
    running.callback(site.stop)
    _build(stages, job, env)
    return Stack(database, broker, env, site, job)


def _build(stages: Stages, job: ModuleType, env: Mapping[str, str]) -> None:
    if not job.has_data_set():
        with stages.stage("Sprites data set"):
            manage(env, "build_sprites")
    if not job.has_base_model():
        with stages.stage("Base model"):
            manage(env, "train_base_model", job.DATASET, "--name", job.BASE_MODEL)


def _job(env: Mapping[str, str]) -> ModuleType:
    """The module that talks to Django: its models can be imported only now that the settings have their servers."""
    os.environ.update({**env, **QUIET})
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clarify_site.settings")
    django.setup()
    return import_module("deploy.local.job")


def manage(env: Mapping[str, str], *arguments: str) -> None:
    """Run a management command in a process of its own, its progress on this terminal. Raises CannotRun."""
    status = run([sys.executable, "-m", "clarify_site.command_runner", *arguments], {**env, **QUIET})
    if status:
        raise CannotRun(f"`manage.py {' '.join(arguments)}` failed with status {status}. The reason is above.")


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped
