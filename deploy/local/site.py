"""The site's processes, one a role, as production runs them (deploy/compose.yaml), kept running on this machine."""

import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.processes import CannotRun, Child, Program, kill, start, stop

READY_WITHIN_S = 60
_CELERY = (sys.executable, "-m", "celery", "-A", "clarify_site")


def roles(port: int, scratch: Path) -> dict[str, Sequence[str]]:
    """The command of each role by its name."""

    def worker(queue: str) -> Sequence[str]:
        serves = ("-Q", queue, "-I", f"worker.tasks.{queue}", "-n", f"{queue}@localhost")
        return (*_CELERY, "worker", "-P", "solo", *serves, "--loglevel", "WARNING")

    gunicorn = (sys.executable, "-m", "gunicorn", "clarify_site.wsgi", "-c", "deploy/gunicorn.conf.py")
    return {
        "web": (*gunicorn, "--bind", f"127.0.0.1:{port}"),
        "worker-interactive": worker("interactive"),
        "worker-retrain": worker("retrain"),
        "worker-embed": worker("embed"),
        "worker-maintenance": worker("maintenance"),
        "worker-outside": worker("outside"),
        "beat": (*_CELERY, "beat", "--schedule", str(scratch / "beat-schedule"), "--loglevel", "WARNING"),
    }


class Site:
    """The running roles. A role that ends by itself is started again, as systemd or Docker would do."""

    def __init__(self, port: int, env: Mapping[str, str], logs: Path, scratch: Path) -> None:
        self._commands = roles(port, scratch)
        self._address = f"http://127.0.0.1:{port}/readyz"
        self._env = env
        self._logs = logs
        self._children: dict[str, Child] = {}

    def start(self) -> None:
        for name in self._commands:
            self._start(name)

    def tend(self) -> list[str]:
        """Start again what has ended; return the names of those roles."""
        ended = [name for name, child in self._children.items() if not child.is_running]
        for name in ended:
            self._start(name)
        return ended

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a role: SIGKILL to all of its processes at once, any other to the one that we started."""
        if number == signal.SIGKILL:
            kill(self._children[name])
        else:
            self._children[name].process.send_signal(number)

    def wait_until_ready(self) -> None:
        """Wait for the first page. Raises CannotRun with the end of the web role's log where none comes."""
        until = time.monotonic() + READY_WITHIN_S
        web = self._children["web"]
        while web.is_running and time.monotonic() < until:
            if self._answers():
                return
            time.sleep(0.05)
        raise CannotRun(f"The site does not answer. Its log, {web.program.log}, ends with:\n{web.last_words()}")

    def stop(self) -> None:
        """Stop all roles: in good order, then by force. Nothing is lost by force: work in hand is still due."""
        stop(list(self._children.values()), timeout_s=8)

    def _start(self, name: str) -> None:
        log = self._logs / f"{name}.log"
        self._children[name] = start(Program(name, self._commands[name], log, self._env))

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self._address, timeout=5) as response:  # noqa: S310 - our own address
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False
