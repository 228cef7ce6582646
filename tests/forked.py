"""Processes of their own that begin with libraries loaded: to load them takes longer than most of what is asked.

All are forks of one process. Of the site itself nothing is loaded before a fork: it reads the environment, which each
process has of its own.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MANAGE = "from clarify_site.command_runner import main; main()"  # what manage.py says
CELERY = "from celery.__main__ import main; main()"
_LOADED = (
    *("celery.apps.worker", "celery.bin.celery", "celery.schedules", "csp.constants", "django.core.management"),
    *("django.db.models", "environ", "kombu", "PIL.Image", "psycopg_pool", "redis", "scipy.stats", "torch"),
)
# Asked for a fork it answers with its process id; asked for how one ended, with its exit status, or null while it runs.
_SERVER = """
import gc, importlib, json, os, sys, traceback
gc.disable()
for module in sys.argv[1:]:
    importlib.import_module(module)
gc.freeze()  # what is collected would be copied for each fork
for line in sys.stdin:
    asked = json.loads(line)
    if "ended" in asked:
        pid, status = os.waitpid(asked["ended"], os.WNOHANG)
        answer = os.waitstatus_to_exitcode(status) if pid else None
    else:
        answer = os.fork()
        if not answer:
            break
    print(json.dumps(answer), flush=True)
else:
    sys.exit()
for descriptor, path in enumerate(asked["output"], 1):
    os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
os.environ.clear()
os.environ.update(asked["environment"])
sys.argv = ["manage.py", *asked["arguments"]]
sys.modules.update(dict.fromkeys(asked["without"]))
gc.enable()
code = 0
try:
    exec(asked["program"], {"__name__": "__main__"})
except SystemExit as end:
    code = end.code or 0
    if isinstance(code, str):
        print(code, file=sys.stderr)
        code = 1
except BaseException:
    traceback.print_exc()
    code = 1
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)  # to take everything down that was loaded takes as long as to load it
"""


class Forked:
    """A process, with those of `Popen`'s methods that tests call. output: files of what it says, and of errors."""

    def __init__(
        self,
        program: str,
        arguments: Iterable[str],
        environment: Mapping[str, str],
        output: tuple[Path, Path],
        without: Iterable[str] = (),
    ) -> None:
        self._code: int | None = None
        for path in output:
            path.touch()  # who waits for its lines may read before the process has written any
        self.pid: int = _ask(
            program=program,
            arguments=list(arguments),
            environment=dict(environment),
            output=[str(path) for path in output],
            without=list(without),
        )

    def poll(self) -> int | None:
        if self._code is None:
            self._code = _ask(ended=self.pid)
        return self._code

    def wait(self, timeout: float = 300) -> int:
        until = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def run(
    program: str, *arguments: str, environment: Mapping[str, str], without: Iterable[str] = ()
) -> "subprocess.CompletedProcess[str]":
    """Run a program with nothing but this environment, as if the packages of `without` were not installed."""
    with TemporaryDirectory(prefix="clarify-forked-") as folder:
        output = Path(folder) / "stdout", Path(folder) / "stderr"
        code = Forked(program, arguments, environment, output, without).wait()
        return subprocess.CompletedProcess([program, *arguments], code, *(path.read_text("utf-8") for path in output))


def end() -> None:
    """End the process that forks, so that its processor time is counted."""
    if _server.cache_info().currsize:
        _server().communicate()
        _server.cache_clear()


@cache
def _server() -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", _SERVER, *_LOADED]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _ask(**asked: Any) -> Any:
    server = _server()
    assert server.stdin is not None and server.stdout is not None
    print(json.dumps(asked), file=server.stdin, flush=True)
    return json.loads(server.stdout.readline())
