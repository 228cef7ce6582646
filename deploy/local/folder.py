"""The folder that holds all that the demo makes: its data, its logs, its secrets. Removing it removes the demo."""

import errno
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from clarify_site.home import RUNNING, home
from deploy.local.processes import CannotRun

MIN_FREE_BYTES = 700 * 1024**2  # the data set, PostgreSQL's files and its log, with room for a study


class DemoFolder:
    """`demo` in Clarify's home: postgres/, valkey/, data/, exports/, log/ and two secrets that only we can read.

    `import` beside it is for folders of images that somebody wants to import; they outlive a reset. A site for
    something else than the demo has a folder of another `name`.
    """

    def __init__(self, root: Path | None = None, name: str = "demo") -> None:
        self.name = name
        self.path = (root or home()) / name
        self.data = self.path / "data"
        self.imports = self.path.parent / "import"
        self.exports = self.path / "exports"
        self.static = self.path / "static"
        self.logs = self.path / "log"
        self._published = self.path / RUNNING.name

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this run. Raises CannotRun where another run holds it, or it cannot be written."""
        with writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = (self.path.parent / f"{self.name}.lock").open("a")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CannotRun(
                    f"A {self.name} already runs in this folder. Use it, or stop it with Ctrl-C first."
                ) from None
            yield

    def prepare(self) -> None:
        """Make the folder. Raises CannotRun where it cannot be written or its disk is nearly full."""
        with writing(self.path):
            for folder in (self.path, self.data, self.imports, self.exports, self.logs, self.static):
                folder.mkdir(parents=True, exist_ok=True)
            probe = self.path / ".probe"
            probe.write_bytes(os.urandom(4096))
            probe.unlink()
        free = shutil.disk_usage(self.path).free
        if free < MIN_FREE_BYTES:
            raise CannotRun(
                f"Only {free // 1024**2} MB are free for {self.path}, but the {self.name} needs "
                f"{MIN_FREE_BYTES // 1024**2}. Free some space, then start again."
            )

    def reset(self) -> None:
        """Remove all that earlier runs made. Raises CannotRun where that is not allowed."""
        with writing(self.path):
            if self.path.exists():
                shutil.rmtree(self.path)

    def secret(self, name: str, n_bytes: int) -> str:
        """A random secret, made on the first call and kept, readable by its owner alone."""
        file = self.path / name
        if not file.exists():
            _write_for_owner(file, secrets.token_urlsafe(n_bytes) + "\n")
        return file.read_text().strip()

    def environment(self, *, database_url: str, redis_url: str, port: int) -> dict[str, str]:
        """The environment of the site's processes: what production sets too, with this folder's values."""
        return {**os.environ, **self._settings(database_url, redis_url, port)}

    def _settings(self, database_url: str, redis_url: str, port: int) -> dict[str, str]:
        return {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "SECRET_KEY": self.secret("secret-key", 50),
            "IDENTITY_KEYS": self.secret("identity-keys", 50),
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "SITE_URL": f"http://localhost:{port}",
            "HTTPS": "false",
            "DEBUG": "false",
            "REQUIRE_TWO_FACTOR": "false",  # it is reached from this machine alone
            "SERVE_STATIC_FROM_SOURCE": "true",
            "DATA_ROOT": str(self.data),
            "IMPORT_ROOT": str(self.imports),
            "WITHDRAWALS_ROOT": str(self.data.with_name("withdrawals")),
            "STATIC_ROOT": str(self.static),  # stays empty: the files are served from their source
            "UNVERIFIED_STARTS_PER_NETWORK": "1000000",  # all people of a local site come from one machine
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),  # one thread a process: five share the machine
            "PYTHONUNBUFFERED": "1",
        }

    @contextmanager
    def published(self, env: Mapping[str, str]) -> Iterator[None]:
        """Let management commands find the running site: a file that only we can read has its settings meanwhile."""
        names = self._settings("", "", 0)
        _write_for_owner(self._published, json.dumps({name: env[name] for name in names}))
        try:
            yield
        finally:
            self._published.unlink(missing_ok=True)


def _write_for_owner(file: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    unfinished = file.with_name(f".{file.name}")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
    unfinished.rename(file)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the file system may answer into a sentence that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise CannotRun(f"The disk of {path} is full. Free some space, then start again.") from error
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            raise CannotRun(
                f"{error.filename or path} cannot be written. Get permission to write there, or name "
                "a folder of your own with CLARIFY_HOME."
            ) from error
        raise
