"""A zip file whose bytes depend on its contents alone: no clock, no user, no umask."""

import csv
import hashlib
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TextIO, cast

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip entry can carry
_PLAIN_FILE = 0o100644 << 16
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Member:
    """A file in the archive: its size in bytes, its SHA-256, and its rows where it has any."""

    name: str
    size: int
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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def text(self, name: str, text: str) -> None:
        """Add a UTF-8 text file."""
        with self._entry(name) as (entry, _):
            entry.write(text)

    def csv(self, name: str, lines: Iterable[Sequence[str]]) -> None:
        """Add a CSV file as RFC 4180 has it: commas, CRLF, quotes where needed; UTF-8 without a byte order mark.

        The first line is the header.
        """
        with self._entry(name) as (entry, count):
            csv.writer(entry, lineterminator="\r\n").writerows(_counted(lines, count, header=True))

    def jsonl(self, name: str, values: Iterable[dict[str, Any]]) -> None:
        """Add a file with one JSON object a line."""
        with self._entry(name) as (entry, count):
            for value in _counted(values, count):
                entry.write(json.dumps(value, ensure_ascii=False, sort_keys=True) + "\n")

    def lines(self, name: str, lines: Iterable[str]) -> None:
        """Add a text file of lines that are ready."""
        with self._entry(name) as (entry, count):
            entry.writelines(f"{line}\n" for line in _counted(lines, count))

    def binary(self, name: str, data: bytes) -> None:
        """Add a file as it is."""
        self._zip.writestr(self._info(name, zipfile.ZIP_DEFLATED), data)
        self.members.append(Member(name, len(data), hashlib.sha256(data).hexdigest(), None))

    def file(self, name: str, path: Path, rows: int | None = None) -> None:
        """Add a file of the disk as it is, without compressing it again."""
        hashed = hashlib.sha256()
        with path.open("rb") as source, self._zip.open(self._info(name, zipfile.ZIP_STORED), "w") as target:
            shutil.copyfileobj(source, _Hashing(target, hashed.update), _CHUNK)
        self.members.append(Member(name, path.stat().st_size, hashed.hexdigest(), rows))

    @contextmanager
    def _entry(self, name: str) -> Iterator[tuple[TextIO, Callable[[], None]]]:
        hashed, size, rows = hashlib.sha256(), 0, 0

        def note(data: bytes) -> None:
            nonlocal size
            size += len(data)
            hashed.update(data)

        def count() -> None:
            nonlocal rows
            rows += 1

        with (
            self._zip.open(self._info(name, zipfile.ZIP_DEFLATED), "w", force_zip64=True) as raw,
            io.TextIOWrapper(cast(IO[bytes], _Hashing(raw, note)), encoding="utf-8", newline="") as text,
        ):
            yield text, count
        self.members.append(Member(name, size, hashed.hexdigest(), rows if name.endswith((".csv", ".jsonl")) else None))

    @staticmethod
    def _info(name: str, compression: int) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, date_time=_EPOCH)
        info.compress_type = compression
        info.create_system = 3
        info.external_attr = _PLAIN_FILE
        return info


class _Hashing(io.RawIOBase):
    """Passes bytes on to `target`, and shows them to `see`."""

    def __init__(self, target: IO[bytes], see: Callable[[bytes], object]) -> None:
        super().__init__()
        self._target, self._see = target, see

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._see(piece)
        return self._target.write(piece)


def _counted(values: Iterable[Any], count: Callable[[], None], *, header: bool = False) -> Iterator[Any]:
    for position, value in enumerate(values):
        if position or not header:
            count()
        yield value
