"""PostgreSQL and Valkey from a folder: they keep their data, and a killed run's folder is taken up again."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import redis

from deploy.local.processes import CannotRun
from deploy.local.services import bring_back, postgres_server, valkey_server

pytestmark = pytest.mark.services


@contextlib.contextmanager
def postgres(directory: Path, log: Path, *, durable: bool = True) -> Iterator[str]:
    with postgres_server(directory, log, durable=durable) as server:
        yield server.url


@contextlib.contextmanager
def valkey(directory: Path, log: Path, *, durable: bool = True) -> Iterator[str]:
    with valkey_server(directory, log, durable=durable) as server:
        yield server.url


@pytest.fixture
def new_folder() -> Iterator[Path]:
    """A folder with a long name and a space in it, as a checkout's may be."""
    parent = Path(tempfile.mkdtemp(prefix="clarify-services-"))
    path = parent / ("a long name, longer than the path of a socket may be " * 2).strip() / "var"
    path.mkdir(parents=True)
    yield path
    shutil.rmtree(parent)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a server that has run before. To make them costs more than the tests do."""
    folder = tmp_path_factory.mktemp("cluster")
    with postgres(folder / "postgres", folder / "log", durable=False):
        pass
    return folder / "postgres"


@pytest.fixture
def folder(new_folder: Path, cluster: Path) -> Path:
    """Such a folder with a server's data in it."""
    subprocess.run(["cp", "--archive", cluster, new_folder], check=True)
    return new_folder


def _postmaster(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "postgres" / "postmaster.pid").read_text().split()[0]))


def test_postgres_keeps_its_data_from_one_run_to_the_next(folder: Path) -> None:
    with postgres(folder / "postgres", folder / "log") as url, psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    with postgres(folder / "postgres", folder / "log") as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_postgres_ends_with_the_block_and_leaves_no_socket(folder: Path) -> None:
    with postgres(folder / "postgres", folder / "log", durable=False) as url:
        server, socket_folder = _postmaster(folder), Path(url.split("host=")[1])
        assert socket_folder.exists()
    assert not server.is_running()
    assert not socket_folder.exists()


def test_postgres_listens_on_no_network_address(folder: Path) -> None:
    with postgres(folder / "postgres", folder / "log", durable=False) as url, psycopg.connect(url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_postgres_recovers_what_was_committed_when_it_was_killed(folder: Path) -> None:
    with postgres(folder / "postgres", folder / "log") as url:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        _postmaster(folder).send_signal(signal.SIGKILL)
    assert (folder / "postgres" / "postmaster.pid").exists()
    with postgres(folder / "postgres", folder / "log") as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_servers_that_were_killed_come_back_with_their_data_and_a_name(folder: Path) -> None:
    with (
        postgres_server(folder / "postgres", folder / "log") as database,
        valkey_server(folder / "valkey", folder / "valkey.log") as broker,
    ):
        with psycopg.connect(database.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        assert bring_back(database, broker) == []
        database.kill()
        broker.kill()
        assert bring_back(database, broker) == ["PostgreSQL", "Valkey"]
        with psycopg.connect(database.url) as connection, redis.from_url(broker.url) as client:
            assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
            assert client.ping()


def test_a_server_that_cannot_come_back_says_why(folder: Path) -> None:
    with postgres_server(folder / "postgres", folder / "log") as database:
        database.kill()
        (folder / "postgres" / "global" / "pg_control").unlink()
        with pytest.raises(CannotRun, match="PostgreSQL ended at once"):
            bring_back(database, within_s=1)


def test_postgres_takes_over_from_a_server_that_a_killed_run_left(folder: Path) -> None:
    with postgres(folder / "postgres", folder / "log", durable=False):
        leftover = _postmaster(folder)
        with postgres(folder / "postgres", folder / "log", durable=False) as url, psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
            assert not leftover.is_running()


def test_a_stale_pid_file_that_names_another_process_harms_nobody(folder: Path) -> None:
    with postgres(folder / "postgres", folder / "log", durable=False):
        pass
    (folder / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    with postgres(folder / "postgres", folder / "log", durable=False) as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_half_made_data_of_a_killed_first_start_is_made_again(new_folder: Path) -> None:
    (new_folder / "postgres.new" / "base").mkdir(parents=True)
    with (
        postgres(new_folder / "postgres", new_folder / "log", durable=False) as url,
        psycopg.connect(url) as connection,
    ):
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_damaged_data_is_told_with_the_end_of_the_log(folder: Path) -> None:
    with postgres(folder / "postgres", folder / "log", durable=False):
        pass
    (folder / "postgres" / "global" / "pg_control").unlink()
    with (
        pytest.raises(CannotRun, match="PostgreSQL ended at once") as refusal,
        postgres(folder / "postgres", folder / "log"),
    ):
        pass
    assert "pg_control" in str(refusal.value)


FAILING = (
    "INSERT INTO phrases VALUES ('secret')",  # it is there already
    "INSERT INTO phrases VALUES ('secret' || repeat('x', 30))",
    "SELECT 'secret'::uuid",
    "SELECT ARRAY['secret'][1]::int",
    "DO $$ BEGIN RAISE EXCEPTION 'secret'; END $$",
    "SELECT 'secret', 1/0",
    "SELECT pg_terminate_backend(pg_backend_pid()), 'secret'",
)


def test_postgres_writes_down_nothing_that_people_wrote(folder: Path) -> None:
    with postgres(folder / "postgres", folder / "log") as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE phrases (text varchar(20) PRIMARY KEY)")
            connection.execute("INSERT INTO phrases VALUES (%s)", ["secret"])
        for statement in FAILING:
            with psycopg.connect(url, autocommit=True) as connection, pytest.raises(psycopg.Error):
                connection.execute(statement)
        _crash(url)
        assert _is_up_again(url)
    said = (folder / "log").read_text()
    assert "was terminated by signal 9" in said  # it does say what an operator must know
    assert "secret" not in said


def _crash(url: str) -> None:
    """End a process of the server while it runs a statement."""
    with psycopg.connect(url, autocommit=True) as connection:
        process = psutil.Process(connection.info.backend_pid)
        statement = threading.Thread(target=_until_it_fails, args=(connection, "SELECT 'secret', pg_sleep(60)"))
        statement.start()
        with psycopg.connect(url, autocommit=True) as other:
            while other.execute("SELECT 1 FROM pg_stat_activity WHERE query LIKE '%secret%sleep%'").fetchone() is None:
                time.sleep(0.05)
        process.kill()
        statement.join()


def _until_it_fails(connection: psycopg.Connection[Any], statement: str) -> None:
    with contextlib.suppress(psycopg.Error):
        connection.execute(statement)


def _is_up_again(url: str) -> bool:
    for _ in range(600):
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return True
    return False


def test_valkey_keeps_its_data_and_asks_for_the_password(new_folder: Path) -> None:
    with valkey(new_folder / "valkey", new_folder / "log") as url, redis.from_url(url) as client:
        client.set("kept", 7)
        port = int(url.rsplit(":", 1)[1].split("/")[0])
        with pytest.raises(redis.AuthenticationError), redis.Redis(port=port) as stranger:
            stranger.ping()
    with valkey(new_folder / "valkey", new_folder / "log") as url, redis.from_url(url) as client:
        assert client.get("kept") == b"7"


def test_valkey_never_drops_a_message_for_want_of_memory(new_folder: Path) -> None:
    with valkey(new_folder / "valkey", new_folder / "log", durable=False) as url, redis.from_url(url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
