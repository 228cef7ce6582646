"""Processes that begin with libraries loaded, those that run the tests among them (tests/support/fork_server.py)."""

import os
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.local.services import short_folder
from tests.support import fork_server

ROOT = Path(__file__).resolve().parents[2]
MANAGE = "from clarify_site.command_runner import main; main()"  # what manage.py says
CELERY = "from celery.__main__ import main; main()"
_LOADED = (
    *("celery.apps.worker", "celery.bin.celery", "celery.schedules", "csp.constants", "django.core.management"),
    *("django.db.models", "environ", "kombu", "PIL.Image", "psycopg_pool", "redis", "scipy.stats", "torch"),
)
_LOADED_BY_TESTS = ("open_clip",)  # besides; with scikit-learn comes pyarrow, whose allocator begins a thread
_SERVE = "import sys; from tests.support.fork_server import serve; serve(int(sys.argv[1]), *sys.argv[2:])"
_SERVER = "CLARIFY_TESTS_FORKS"  # names the address of the run's processes


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
        with ExitStack() as opened:
            files = [
                opened.enter_context(path.open("a+b", buffering=0)).fileno() for path in (Path(os.devnull), *output)
            ]
            self._connection = fork_server.ask(
                _address(), program, ["manage.py", *arguments], environment, files, without
            )
        self.pid: int = fork_server.next_number(self._connection)

    def poll(self) -> int | None:
        if self._code is None and select.select([self._connection], [], [], 0)[0]:
            self.wait()
        return self._code

    def wait(self, timeout: float = 300) -> int:
        if self._code is None:
            self._connection.settimeout(timeout)
            try:
                self._code = fork_server.next_number(self._connection)
            except TimeoutError:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout) from None
            self._connection.close()
        return self._code

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


def load_for_tests() -> None:
    """Begin to load what the processes of this run need, before they are started."""
    with _listening(fork_server.IN) as listening:
        program = _SERVE, ["-c", "0", *_LOADED_BY_TESTS]
        fork_server.ask(_address(), *program, os.environ, [listening.fileno(), 1, 2]).close()


def interpreter() -> str:
    """A command in place of Python's, for a process of this run: it is given its program with `-c`."""
    return shlex.join([sys.executable, "-P", fork_server.__file__])


def end() -> None:
    """End what this process began, so that its processor time is counted, and that of all forks."""
    if _server.cache_info().currsize:
        _server().communicate()
        _server.cache_clear()
        for name in (_SERVER, fork_server.IN):
            if name in os.environ:
                shutil.rmtree(Path(os.environ.pop(name)).parent)


def _address() -> str:
    if _SERVER not in os.environ:
        _server()
    return os.environ[_SERVER]


@cache
def _server() -> "subprocess.Popen[bytes]":
    """What coverage.py measures of a process is that of one process, not of its forks."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    with _listening(_SERVER) as listening:
        number = listening.fileno()
        command = [sys.executable, "-c", _SERVE, str(number), *_LOADED]
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, pass_fds=[number])


@contextmanager
def _listening(name: str) -> Iterator[socket.socket]:
    """A socket that waits, whose address the environment has under a name."""
    address = os.environ[name] = str(short_folder("clarify-forks-") / "socket")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        yield listening
