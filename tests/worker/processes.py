"""Real Celery processes on the test database and the real broker."""

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.support.forked import CELERY, Forked

TIMEOUT_S = 90  # a process that loads torch on a busy machine


@contextmanager
def celery(log: Path, environment: Mapping[str, str], *arguments: str) -> Iterator[Forked]:
    """Run `celery -A clarify_site …` while the block runs; it is killed at the end, if it still lives."""
    process = Forked(CELERY, ("-A", "clarify_site", *arguments), environment, (log, log))
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def worker(
    log: Path, environment: Mapping[str, str], queue: str, *options: str, loads: tuple[str, ...] = ()
) -> AbstractContextManager[Forked]:
    """A worker of a queue, with its tasks and the modules of `loads`."""
    modules = ",".join((f"worker.tasks.{queue}", *loads))
    return celery(log, environment, "worker", "-P", "solo", "-Q", queue, "-I", modules, "-l", "INFO", *options)


def scoring_worker(log: Path, environment: Mapping[str, str]) -> AbstractContextManager[Forked]:
    """A worker of the interactive queue, as in production: the solo pool, one process."""
    return worker(log, environment, "interactive")


def training_worker(
    log: Path, environment: Mapping[str, str], *, loads: tuple[str, ...] = ()
) -> AbstractContextManager[Forked]:
    """A worker of the retrain queue, as in production; `loads` are modules that it imports beside the tasks."""
    return worker(log, environment, "retrain", loads=loads)


def wait_until(condition: Callable[[], object], process: Forked, log: Path) -> None:
    """Wait for what a process shall bring about; where it ends before, or never does, fail with the end of its log."""
    end = time.monotonic() + TIMEOUT_S
    while not condition():
        assert process.poll() is None and time.monotonic() < end, log.read_text()[-4000:]
        time.sleep(0.05)
