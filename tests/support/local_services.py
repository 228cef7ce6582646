"""A pytest plugin: the environment that the site needs, and PostgreSQL and Valkey where none are given.

It runs before Django reads its settings. What is set already is left alone: DATABASE_URL and REDIS_URL name servers
that run elsewhere, PYTEST_DB_SUFFIX tells apart the test databases of runs that share one. Where tests are spread over
several processes (`-n 2`), each process has servers and folders of its own, and begins with a copy of the database that
the first one migrated. Of servers that were given, each has a test database and a numbered Redis database of its own,
so that nobody receives another's messages.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil
import pytest

from deploy.local.services import Server, postgres_server, valkey_server

_SETTINGS = {
    "SECRET_KEY": "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
    "IDENTITY_KEYS": "only-for-tests-abcdefghijklmnopqrstuvwxyz-0123456789-KLMNOPQRST",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
    "HTTPS": "false",
    "SERVE_STATIC_FROM_SOURCE": "true",
    "LOG_LEVEL": "WARNING",
    "REQUIRE_TWO_FACTOR": "false",  # a test of it says so
    "PHRASES_PER_MINUTE": "10000",  # Redis remembers the people of an earlier test database
    "UNVERIFIED_STARTS_PER_NETWORK": "1000000",  # all people of the tests come from one machine
    "OMP_NUM_THREADS": "1",  # small arrays: a second thread costs more than it brings
}
_PREFIX = "clarify-tests-"
_OWN = "CLARIFY_TESTS_OWN"  # what the first process set for itself, and the others must not take over
_CLUSTER, _MIGRATED = "CLARIFY_TESTS_CLUSTER", "CLARIFY_TESTS_MIGRATED"  # a stopped server's data, and a database in it
_running, _of_database = ExitStack(), ExitStack()
database: Server | None = None  # of this process; none where it was given one
is_handed_on = False  # whether this process runs no test, and others begin with copies of its database
migrated: str | None = None  # the test database that this process has a copy of


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    global database, is_handed_on, migrated
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    process = os.environ.get("PYTEST_XDIST_WORKER")
    if process:
        _forget_what_the_first_process_set(process)
    else:
        own = [name for name in ("DATABASE_URL", "REDIS_URL", "DATA_ROOT", "STATIC_ROOT") if name not in os.environ]
        os.environ[_OWN] = ",".join(own)
        several = getattr(early_config.known_args_namespace, "numprocesses", None)
        is_handed_on = "DATABASE_URL" in own and bool(several)
    _remove_folders_of_killed_runs()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    _running.callback(shutil.rmtree, folder, ignore_errors=True)
    for name in ("data", "static"):
        (folder / name).mkdir()
    os.environ.setdefault("DATA_ROOT", str(folder / "data"))
    os.environ.setdefault("STATIC_ROOT", str(folder / "static"))
    os.environ |= {
        "DATA_STORE": str(folder / "contents"),
        "DATA_BUCKET": "",
        "WITHDRAWALS_ROOT": str(folder / "withdrawals"),
    }  # tests remove what no row of theirs names
    logs = folder / "log"
    try:
        migrated = os.environ.get(_MIGRATED) if process else None
        if migrated:
            subprocess.run(["cp", "-a", os.environ[_CLUSTER], folder / "postgres"], check=True)
        if "DATABASE_URL" not in os.environ:
            _running.push(_of_database)
            database = _of_database.enter_context(
                postgres_server(folder / "postgres", logs / "postgres.log", durable=False)
            )
            os.environ["DATABASE_URL"] = database.url
        if is_handed_on:
            os.environ[_CLUSTER] = str(folder / "postgres")
        if "REDIS_URL" not in os.environ:
            os.environ["REDIS_URL"] = _running.enter_context(
                valkey_server(folder / "valkey", logs / "valkey.log", durable=False)
            ).url
        yield
    except BaseException:
        _running.close()
        raise


def hand_on(name: str) -> None:
    """Stop the server, and let the processes that are started from now on begin with copies of its data."""
    _of_database.close()
    os.environ[_MIGRATED] = name


def _forget_what_the_first_process_set(process: str) -> None:
    for name in filter(None, os.environ[_OWN].split(",")):
        os.environ.pop(name, None)
    if "REDIS_URL" in os.environ:
        url = urlsplit(os.environ["REDIS_URL"])
        number = int(url.path.strip("/") or 0) + int(process.removeprefix("gw"))
        os.environ["REDIS_URL"] = urlunsplit(url._replace(path=f"/{number}"))


def _remove_folders_of_killed_runs() -> None:
    """The servers of a run that was killed ended with it; its files did not."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).split("-")[0]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def pytest_unconfigure() -> None:
    _running.close()
