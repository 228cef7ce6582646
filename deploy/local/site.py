"""The site's processes, one a role, as production runs them (deploy/compose.yaml), kept running on this machine."""

import json
import os
import shutil
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from clarify_site.site_name import site_name
from deploy.local.processes import MARKER, CannotRun, Child, Program, kill, start, stop, wait_until
from deploy.local.services import listen, short_folder

READY_WITHIN_S = 60
CADDYFILE = Path(__file__).resolve().parents[1] / "Caddyfile"
GUNICORN = CADDYFILE.with_name("gunicorn.conf.py")
QUEUES = ("interactive", "retrain", "embed", "maintenance", "outside", "analysis")
_CELERY = (sys.executable, "-m", "celery", "-A", "clarify_site")


def roles(web: Path, scratch: Path) -> dict[str, Sequence[str]]:
    """Return the command of each role by its name. The web role listens on a socket, of which `web` is the path."""

    def worker(queue: str) -> Sequence[str]:
        heartbeat = scratch / f"heartbeat-{queue}@localhost"  # as the worker's own name, which Site.add changes in both
        watchdog = (sys.executable, "-m", "deploy.watchdog", str(heartbeat), "--")
        serves = ("-Q", queue, "-I", f"worker.tasks.{queue}", "-n", f"{queue}@localhost")
        return (*watchdog, *_CELERY, "worker", "-P", "solo", *serves, "--loglevel", "WARNING")

    gunicorn = (sys.executable, "-m", "gunicorn", "clarify_site.wsgi", "-c", str(GUNICORN))
    return {
        "proxy": (caddy(), "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"),
        "web": (*gunicorn, "--bind", f"unix:{web}"),
        **{f"worker-{queue}": worker(queue) for queue in QUEUES},
        "beat": (*_CELERY, "beat", "--schedule", str(scratch / "beat-schedule"), "--loglevel", "WARNING"),
    }


def caddy() -> str:
    """The program of the proxy: that of the wheel, else one on the PATH. Raises CannotRun where there is none."""
    found = shutil.which("caddy", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if found is None:
        raise CannotRun(
            "Caddy, the proxy in front of the site, is not installed. The extra 'embedded' has it for x86-64 and "
            "arm64. On another machine, install Caddy 2.11 or newer so that `caddy` is on the PATH."
        )
    return found


class Site:
    """The running roles. A role that ends by itself is started again, as systemd or Docker would do.

    listener: a socket that listens on the site's port, or the port. Raises OSError for a port that is taken.
    """

    def __init__(self, listener: socket.socket | int, env: Mapping[str, str], logs: Path, scratch: Path) -> None:
        self._listener = listen(listener) if isinstance(listener, int) else listener
        self.port = int(self._listener.getsockname()[1])
        self._sockets = short_folder("clarify-web-")
        web = self._sockets / "http"
        self._commands = roles(web, scratch)
        self._env = {**env, "BEHIND_PROXY": "true"}
        self._own = {"proxy": _proxy_settings(env, self._listener, web, scratch)}
        self._logs = logs
        self._children: dict[str, Child] = {}

    @property
    def names(self) -> list[str]:
        """The roles' names."""
        return list(self._commands)

    def set(self, name: str, **settings: str) -> None:
        """Give a role, before it starts, settings that the others do not have."""
        self._own[name] = {**self._own.get(name, self._env), **settings}

    def add(self, name: str, like: str, **settings: str) -> None:
        """Run one more worker like the one of that name, with other settings, as on a host of its own."""
        self._commands[name] = [word.replace("@localhost", f"@{name}") for word in self._commands[like]]
        self.set(name, **settings)

    def start(self) -> None:
        for name in self._commands:
            self._start(name)

    def pid(self, name: str) -> int:
        """The process that a role was started as."""
        return self._children[name].process.pid

    def tend(self) -> list[str]:
        """Start again what has ended; return the names of those roles."""
        ended = [name for name, child in self._children.items() if not child.is_running]
        for name in ended:
            kill(self._children[name])  # a watchdog that ended leaves its worker
            self._start(name)
        return ended

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a role: one that it cannot refuse to all of its processes, any other to the first alone."""
        if number == signal.SIGKILL:
            kill(self._children[name])
        elif number in (signal.SIGSTOP, signal.SIGCONT):
            os.killpg(self.pid(name), number)
        else:
            self._children[name].process.send_signal(number)

    def wait_until_ready(self) -> None:
        """Wait for the first page. Raises CannotRun with the end of the log of the role that keeps it from coming."""
        wait_until(self._answers, READY_WITHIN_S, self._children["proxy"], self._children["web"])

    def stop(self) -> None:
        """Stop all roles: in good order, then by force. Nothing is lost by force: work in hand is still due."""
        stop(list(self._children.values()), timeout_s=8)
        self._listener.close()
        shutil.rmtree(self._sockets, ignore_errors=True)

    def _start(self, name: str) -> None:
        log, env = self._logs / f"{name}.log", self._own.get(name, self._env)
        files = (self._listener.fileno(),) if name == "proxy" else ()
        # TERM passes a watchdog and reaches its worker, where KILL would leave it behind.
        orphan = signal.SIGTERM if "deploy.watchdog" in self._commands[name] else signal.SIGKILL
        program = Program(name, self._commands[name], log, env, orphan_signal=orphan, pass_fds=files)
        self._children[name] = start(program)

    def _answers(self) -> bool:
        """Whether the site is ready. Raises CannotRun where another site answers on its port."""
        try:
            address = f"http://127.0.0.1:{self.port}/readyz"
            with urllib.request.urlopen(address, timeout=5) as response:
                site = json.load(response).get("site")
        except (urllib.error.URLError, OSError):
            return False
        if site != site_name(self._env["SECRET_KEY"]):
            raise CannotRun(f"Another site answers on port {self.port}. Stop it, or choose another port with PORT=….")
        return True


def _proxy_settings(env: Mapping[str, str], listener: socket.socket, web: Path, scratch: Path) -> dict[str, str]:
    """Return the proxy's environment. It listens on the socket that it is given, and holds no secret of the site."""
    port = listener.getsockname()[1]
    own = {"SITE_HOST": f"http://:{port}", "LISTEN": f"fd/{listener.fileno()}", "UPSTREAM": f"unix/{web}"}
    folders = {"HOME": str(scratch), "XDG_CONFIG_HOME": str(scratch), "XDG_DATA_HOME": str(scratch)}
    return own | folders | {name: env[name] for name in (MARKER,) if name in env}
