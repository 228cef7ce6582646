"""A pytest plugin: the environment that the site needs, and PostgreSQL and Valkey where none are given.

It runs before Django reads its settings. What is set already is left alone: DATABASE_URL and REDIS_URL name servers
that run elsewhere, PYTEST_DB_SUFFIX tells apart the test databases of runs that share one.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from deploy.local.services import postgres, valkey

_SETTINGS = {
    "SECRET_KEY": "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
    "HTTPS": "false",
    "SERVE_STATIC_FROM_SOURCE": "true",
    "LOG_LEVEL": "WARNING",
    "OMP_NUM_THREADS": "1",  # small arrays: a second thread costs more than it brings
}
_PREFIX = "clarify-tests-"
_running = ExitStack()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    _remove_folders_of_killed_runs()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    _running.callback(shutil.rmtree, folder, ignore_errors=True)
    for name in ("data", "static"):
        (folder / name).mkdir()
    os.environ.setdefault("DATA_ROOT", str(folder / "data"))
    os.environ.setdefault("STATIC_ROOT", str(folder / "static"))
    logs = folder / "log"
    try:
        if "DATABASE_URL" not in os.environ:
            url = _running.enter_context(postgres(folder / "postgres", logs / "postgres.log", durable=False))
            os.environ["DATABASE_URL"] = url
        if "REDIS_URL" not in os.environ:
            os.environ["REDIS_URL"] = _running.enter_context(
                valkey(folder / "valkey", logs / "valkey.log", durable=False)
            )
        yield
    except BaseException:
        _running.close()
        raise


def _remove_folders_of_killed_runs() -> None:
    """The servers of a run that was killed ended with it; its files did not."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).split("-")[0]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def pytest_unconfigure() -> None:
    _running.close()
