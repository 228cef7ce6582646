"""Making faults happen to a site and its servers, each for as long as it lasts."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import redis

from clarify_site.home import ROOT
from deploy.local.processes import CannotRun
from deploy.local.services import Server, bring_back, free_port
from deploy.local.site import Site
from tests.chaos import faults
from tests.chaos.faults import CLOCKS, Act, Fault
from tests.support.debian_packages import find_in_packages

N_SENDERS = 40
BACK_WITHIN_S = 60.0
DISK_MB = 3072
FAKETIME = "faketime/libfaketimeMT.so.1"  # of Debian's package libfaketime
_SIGNALS = {Act.KILLED: signal.SIGKILL, Act.TERMINATED: signal.SIGTERM, Act.QUIT: signal.SIGQUIT}


class Line:
    """A process through which connections to a server go, and where they can be cut."""

    def __init__(self, address: str) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "tests.chaos.relay", str(self.port), address]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT)

    def say(self, what: str) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(f"{what}\n".encode())
            self._process.stdin.flush()

    def wait(self) -> None:
        """Wait until it lets connections in. Raises CannotRun."""
        until = time.monotonic() + BACK_WITHIN_S
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        raise CannotRun("A relay did not start.")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


class StubProlific(ThreadingHTTPServer):
    """Knows every submission of the people who are sent, and answers after `delay_s`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _StubHandler)
        self.delay_s = 0.0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _StubHandler(BaseHTTPRequestHandler):
    server: StubProlific

    def do_GET(self) -> None:
        time.sleep(self.server.delay_s)
        submission = self.path.strip("/").rpartition("/")[2]
        participant = submission.replace("visit-", "sim-", 1)
        known = {"id": submission, "participant": participant, "study_id": "simulated", "status": "ACTIVE"}
        with suppress(OSError):  # who asked did not wait
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(known).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Say nothing."""


@dataclass
class Trouble:
    """What faults happen to. `skipped` says of the kinds that cannot happen here why not, by target or by act.

    lines, clocks: a relay by the name of the connection, the file of a role's clock by the role.
    """

    site: Site
    database: Server
    broker: Server
    port: int
    disk: Path | None = None
    lines: Mapping[str, Line] = field(default_factory=dict)
    clocks: Mapping[str, Path] = field(default_factory=dict)
    prolific: StubProlific | None = None
    skipped: dict[str, str] = field(default_factory=dict)

    def possible(self) -> list[Fault]:
        """One fault of each kind that can happen here."""
        every = faults.kinds(self.site.names)
        return [fault for fault in every if not {fault.target, fault.act.name} & self.skipped.keys()]

    @contextmanager
    def happening(self, fault: Fault) -> Iterator[None]:
        """Let it happen while the block runs. Raises CannotRun where a server does not come back."""
        server = {faults.BROKER: self.broker, faults.DATABASE: self.database}.get(fault.target)
        with ExitStack() as after:
            if fault.act is Act.STOPPED:
                self._signal(server, fault.target, signal.SIGSTOP)
                after.callback(self._signal, server, fault.target, signal.SIGCONT)
            elif fault.ends_role:
                self.site.signal(fault.target, _SIGNALS[fault.act])
            elif server is not None:
                self._hit_server(server, fault.act)
                after.callback(self.bring_back)
            elif fault.act is Act.FULL and self.disk is not None:
                after.callback(self.bring_back)
                after.enter_context(full(self.disk))
            elif fault.act in CLOCKS:
                self.clocks[fault.target].write_text(CLOCKS[fault.act])
                after.callback(self.clocks[fault.target].write_text, "+0")
            elif fault.act is Act.UNFINISHED:
                after.enter_context(self._unfinished())
            elif fault.act is Act.HALF_OPEN:
                self.lines[fault.target].say("half-open")
            elif fault.act is Act.CUT_OFF:
                for line in (self.lines[faults.B_TO_DATABASE], self.lines[faults.B_TO_BROKER]):
                    line.say("cut off")
                    after.callback(line.say, "let in")
            elif self.prolific is not None:
                self.prolific.delay_s = 30.0
                after.callback(setattr, self.prolific, "delay_s", 0.0)
            yield

    def _signal(self, server: Server | None, target: str, number: signal.Signals) -> None:
        if server is not None:
            server.signal(number)
        else:
            self.site.signal(target, number)

    def _hit_server(self, server: Server, act: Act) -> None:
        if act is Act.EMPTIED:
            with redis.Redis.from_url(server.url) as client:
                client.flushall()
        elif act is Act.KILLED:
            server.kill()
        else:
            server.stop()

    def bring_back(self) -> None:
        """Start again the servers that have ended. Raises CannotRun."""
        bring_back(self.database, self.broker)

    @contextmanager
    def _unfinished(self) -> Iterator[None]:
        """Many who begin to send a form, and stop in the middle."""
        begun = b"POST /visit/spans HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\nspans="
        with ExitStack() as held:
            for _ in range(N_SENDERS):
                with suppress(OSError):  # the proxy is being started again
                    held.enter_context(socket.create_connection(("127.0.0.1", self.port), 5)).sendall(begun)
            yield


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Leave no room on a disk while the block runs."""
    ballast = disk / "ballast"
    try:
        with ballast.open("wb") as file:
            for size in (16 * 1024**2, 4096):  # what others free meanwhile is taken too, in smaller pieces
                try:
                    while True:
                        os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
        yield
    finally:
        ballast.unlink()


def make_trouble(
    trouble: Trouble, *, database_url: str, folder: Path, has_small_disk: bool, running: ExitStack
) -> Trouble:
    """Prepare a site, before it starts, for all that can happen: relays, a second host of workers, clocks, Prolific.

    database_url: what the site is given; folder: where the clocks' files are; running: ends what was started.
    """
    if has_small_disk:
        trouble.disk = folder
    else:
        trouble.skipped[faults.DISK] = "a small disk is mounted by root on Linux alone"
    trouble.lines = _lines(trouble, database_url, folder, running)
    trouble.clocks = _clocks(trouble.site, folder, trouble.skipped)
    trouble.prolific = StubProlific()
    running.callback(trouble.prolific.shutdown)
    for role in ("web", "worker-outside"):
        trouble.site.set(role, PROLIFIC_TOKEN="stub", PROLIFIC_API=trouble.prolific.url)
    return trouble


def _lines(trouble: Trouble, database_url: str, folder: Path, running: ExitStack) -> dict[str, Line]:
    """Relays, with a second host of workers behind two of them that has caches of its own."""
    stored, doorbell = urlsplit(database_url), urlsplit(trouble.broker.url)
    socket_file = f"{parse_qs(stored.query)['host'][0]}/.s.PGSQL.5432"
    addresses = {
        faults.WEB_TO_DATABASE: socket_file,
        faults.B_TO_DATABASE: socket_file,
        faults.B_TO_BROKER: f"{doorbell.hostname}:{doorbell.port}",
    }
    lines = {name: Line(address) for name, address in addresses.items()}
    for line in lines.values():
        running.callback(line.stop)
        line.wait()

    def through(name: str) -> str:
        return f"postgresql://{stored.username}:@127.0.0.1:{lines[name].port}{stored.path}"

    trouble.site.set("web", DATABASE_URL=through(faults.WEB_TO_DATABASE))
    own = {
        "DATABASE_URL": through(faults.B_TO_DATABASE),
        "REDIS_URL": trouble.broker.url.replace(f":{doorbell.port}/", f":{lines[faults.B_TO_BROKER].port}/"),
        "XDG_CACHE_HOME": str(folder / "host-b"),
        "HF_HOME": str(folder / "host-b" / "models"),
    }
    for role in sorted({"worker-interactive", "worker-retrain"}.intersection(trouble.site.names)):
        trouble.site.add(f"{role} of host B", role, **own)
    return lines


def _clocks(site: Site, folder: Path, skipped: dict[str, str]) -> dict[str, Path]:
    library = find_in_packages(FAKETIME, ["libfaketime"])
    if library is None:
        why = "libfaketime is not installed, and Debian's package could not be had"
        skipped.update({act.name: why for act in CLOCKS})
        return {}
    clocks = {}
    for role in sorted({*faults.CLOCKED}.intersection(site.names)):
        clocks[role] = folder / f"clock-{role}"
        clocks[role].write_text("+0")
        site.set(
            role,
            LD_PRELOAD=str(library),
            FAKETIME_TIMESTAMP_FILE=str(clocks[role]),
            FAKETIME_CACHE_DURATION="1",
            DONT_FAKE_MONOTONIC="1",
            FAKETIME_FORCE_MONOTONIC_FIX="0",  # with it, threads that wait for Python's lock spin: a tenth of the speed
        )
    return clocks
