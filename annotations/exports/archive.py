"""A zip file whose bytes depend on its contents alone: no clock, no user, no umask."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import IO, Any, TextIO

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip entry can carry
_PLAIN_FILE = 0o100644 << 16


class Archive:
    """Writes entries into `file` one after another, each streamed. Use as a context manager."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)

    def __enter__(self) -> "Archive":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def text(self, name: str, text: str) -> None:
        """Add a UTF-8 text file."""
        with self._entry(name) as entry:
            entry.write(text)

    def csv(self, name: str, lines: Iterable[list[str]]) -> None:
        """Add a CSV file as RFC 4180 has it: commas, CRLF, quotes where needed; UTF-8 without a byte order mark."""
        with self._entry(name) as entry:
            csv.writer(entry, lineterminator="\r\n").writerows(lines)

    def jsonl(self, name: str, values: Iterable[dict[str, Any]]) -> None:
        """Add a file with one JSON object a line."""
        with self._entry(name) as entry:
            for value in values:
                entry.write(json.dumps(value, ensure_ascii=False, sort_keys=True) + "\n")

    def binary(self, name: str, data: bytes) -> None:
        """Add a file as it is."""
        self._zip.writestr(self._info(name), data)

    @contextmanager
    def _entry(self, name: str) -> Iterator[TextIO]:
        with (
            self._zip.open(self._info(name), "w", force_zip64=True) as raw,
            io.TextIOWrapper(raw, encoding="utf-8", newline="") as text,
        ):
            yield text

    @staticmethod
    def _info(name: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, date_time=_EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.create_system = 3
        info.external_attr = _PLAIN_FILE
        return info
