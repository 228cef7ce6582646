"""A zip file whose bytes depend on its contents alone: no clock, no user, no umask."""

import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from annotations.base.tables.columns import csv_lines
from clarify_errors.arrays.common.digests import file_sha256

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip entry can carry
_PLAIN_FILE = 0o100644 << 16
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Member:
    """A file in the archive: its size in bytes, its SHA-256, and its rows where it has any."""

    name: str
    bytes: int
    sha256: str
    rows: int | None


@contextmanager
def replacing(path: Path, mode: int = 0o600) -> Iterator[IO[bytes]]:
    """Yield a file that takes the place of `path` once it is whole; a failure leaves what was there."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        part = Path(file.name)
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            part.chmod(mode)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


class Archive:
    """Writes entries into `file` one after another, each streamed, and knows their digests. A context manager."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=4)
        self.members: list[Member] = []

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def text(self, name: str, text: str) -> None:
        """Add a UTF-8 text file."""
        self._add(name, [text])

    def csv(self, name: str, lines: Iterable[Sequence[str]]) -> None:
        """Add a CSV file as RFC 4180 has it: commas, CRLF, quotes where needed; UTF-8 without a byte order mark.

        The first line is the header.
        """
        self._add(name, csv_lines(lines), n_heads=1)

    def lines(self, name: str, lines: Iterable[str]) -> None:
        """Add a text file of lines that are ready."""
        self._add(name, (f"{line}\n" for line in lines))

    def binary(self, name: str, data: bytes) -> None:
        """Add a file as it is."""
        self._zip.writestr(self._info(name, zipfile.ZIP_DEFLATED), data)
        self.members.append(Member(name, len(data), hashlib.sha256(data).hexdigest(), None))

    def file(self, name: str, path: Path, rows: int | None = None) -> None:
        """Add a file of the disk as it is, without compressing it again."""
        with path.open("rb") as source, self._zip.open(self._info(name, zipfile.ZIP_STORED), "w") as target:
            shutil.copyfileobj(source, target, _CHUNK)
        self.members.append(Member(name, path.stat().st_size, file_sha256(path), rows))

    def _add(self, name: str, pieces: Iterable[str], n_heads: int = 0) -> None:
        """Add a text, piece by piece; of a table each piece is a row, but for the first `n_heads`."""
        hashed, size, rows = hashlib.sha256(), 0, -n_heads
        with self._zip.open(self._info(name, zipfile.ZIP_DEFLATED), "w", force_zip64=True) as entry:
            for piece in pieces:
                size += entry.write(data := piece.encode())
                hashed.update(data)
                rows += 1
        self.members.append(Member(name, size, hashed.hexdigest(), rows if name.endswith((".csv", ".jsonl")) else None))

    @staticmethod
    def _info(name: str, compression: int) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, date_time=_EPOCH)
        info.compress_type = compression
        info.create_system = 3
        info.external_attr = _PLAIN_FILE
        return info
