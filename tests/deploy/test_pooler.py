"""The web role behind a real PgBouncer in transaction mode: whole visits, with fewer connections than requests."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from annotations.models import AnnotationSession, Outcome, Phrase, PhraseState, Study
from annotations.simulation import crowd
from annotations.simulation.personas import Persona
from annotations.visits.preview_links import simulated_parameters
from clarify_site.home import ROOT
from deploy.local import site as site_module
from deploy.local.services import free_port, short_folder
from deploy.local.site import CADDYFILE, Site, roles
from tests.support.debian_packages import find_in_packages

LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
CONNECTIONS, PEOPLE = 3, 12
CONFIG = CADDYFILE.with_name("pgbouncer.ini")
PACKAGES = ("pgbouncer", "libcares2", "libevent-2.1-7t64")

pytestmark = pytest.mark.services


def _program() -> Path | None:
    installed = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    return Path(installed) if installed else find_in_packages("sbin/pgbouncer", PACKAGES)


def _config(folder: Path, database: str, port: int) -> Path:
    """deploy/pgbouncer.ini, for the tests' database and with few connections to lend. Returns the file."""
    server = urlsplit(database)
    socket = parse_qs(server.query)["host"][0]
    text = CONFIG.read_text("utf-8").replace("host=127.0.0.1 port=5432 dbname=clarify", f"host={socket} user=postgres")
    text = text.replace("\nclarify = ", f"\n{server.path[1:]} = ")
    changed = {
        "listen_port": port,
        "auth_type": "trust",  # as the tests' server trusts whoever reaches its socket
        "auth_file": folder / "userlist.txt",
        "default_pool_size": CONNECTIONS,
    }
    for name, value in changed.items():
        text, n = re.subn(f"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
        assert n == 1, name
    (folder / "userlist.txt").write_text('"postgres" ""\n')
    (folder / "pgbouncer.ini").write_text(f"{text}stats_users = postgres\n")
    return folder / "pgbouncer.ini"


@pytest.fixture
def pooler(subprocess_environment: dict[str, str]) -> Iterator[str]:
    """The address of the tests' database behind PgBouncer."""
    program, url = _program(), subprocess_environment["DATABASE_URL"]
    if program is None:
        pytest.skip("PgBouncer is not installed, and Debian's package could not be had")
    if "host" not in parse_qs(urlsplit(url).query):
        pytest.skip("the tests were given a database that is reached otherwise than by a socket")
    folder, port = short_folder("clarify-pgbouncer-"), free_port()
    config = _config(folder, url, port)
    own = shutil.copy(program, folder / "program")
    libraries = {str(file.parent) for file in program.parents[2].glob("usr/lib/*/*.so.*")}
    user = "nobody" if os.geteuid() == 0 else None  # it refuses to run as root
    if user:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, user)
    environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries if program.is_relative_to(ROOT) else ())}
    log = (folder / "log").open("wb")
    process = subprocess.Popen([own, config], env=environment, stdout=log, stderr=log, user=user)
    try:
        address = f"postgres://postgres:@127.0.0.1:{port}{urlsplit(url).path}"
        _wait_until_it_answers(address, process, folder / "log")
        yield address
    finally:
        process.terminate()
        process.wait()
        log.close()
        shutil.rmtree(folder)


def _wait_until_it_answers(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 30
    while True:
        assert process.poll() is None and time.monotonic() < until, log.read_text("utf-8")
        try:
            psycopg.connect(address, connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return


@pytest.fixture
def site(
    pooler: str, subprocess_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[str]:
    """The address of a site whose web and scoring roles reach the database through the pooler alone."""
    kept = ("proxy", "web", "worker-interactive", "beat")
    monkeypatch.setattr(
        site_module, "roles", lambda socket, scratch: {name: roles(socket, scratch)[name] for name in kept}
    )
    port = free_port()
    behind = {**subprocess_environment, "DATABASE_URL": pooler, "DATABASE_POOLER": "true"}
    running = Site(port, behind, tmp_path, tmp_path)
    running.start()
    try:
        running.wait_until_ready()
        yield f"http://127.0.0.1:{port}"
    finally:
        running.stop()


def test_whole_visits_share_fewer_connections_than_there_are_people(site: str, pooler: str, open_study: Study) -> None:
    people = [Persona(f"person-{i}", ("red", "blue")) for i in range(PEOPLE)]

    def link(number: int, _persona: Persona) -> dict[str, str]:
        return simulated_parameters(open_study, number, seed=0)

    most = 0
    with ThreadPoolExecutor(1) as beside:
        sent = beside.submit(crowd.send, site, "/study/sprites/", link, people, at_once=PEOPLE)
        while not sent.done():
            most = max(most, _lent(pooler))
            time.sleep(0.02)
        sent.result()
    assert AnnotationSession.objects.filter(outcome=Outcome.COMPLETED).count() == PEOPLE
    assert set(Phrase.objects.values_list("state", flat=True)) == {PhraseState.SCORED}
    assert Phrase.objects.count() == 2 * PEOPLE
    assert 1 <= most <= CONNECTIONS


def test_limits_of_time_hold_behind_it(pooler: str) -> None:
    with psycopg.connect(pooler) as connection:
        shown = [connection.execute(f"SHOW {name}").fetchone() for name in LIMITS]
    assert shown == [("30s",), ("2s",), ("30s",)]


def _lent(pooler: str) -> int:
    """How many connections to the database the pooler has now, by its own account."""
    address = f"{pooler.rsplit('/', 1)[0]}/pgbouncer"
    with psycopg.connect(address, autocommit=True, cursor_factory=psycopg.ClientCursor) as console:
        return len(console.execute("SHOW SERVERS").fetchall())


def test_a_process_that_was_not_told_of_it_is_refused(pooler: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="options"):
        psycopg.connect(pooler, options="-c statement_timeout=30s")
