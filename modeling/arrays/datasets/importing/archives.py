"""Unpacks an archive that somebody uploaded, and trusts nothing in it: its paths, its sizes, its links."""

import shutil
import stat
import tarfile
import unicodedata
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from modeling.arrays.common.progress import Progress
from modeling.arrays.datasets.importing.import_errors import BadSource, OutsideRoot, StorageFailed
from modeling.arrays.datasets.importing.storage import storing

SUFFIXES = (".zip", ".tar.gz", ".tgz", ".tar")
_COPIED_AT_ONCE = 2**20
_LONGEST_NAME = 255  # bytes of a file's or folder's name, as file systems have it
_LONGEST_PATH = 2048  # bytes, within the archive
_LONGEST_TAR_HEADER = 2**20  # bytes: tarfile reads each into memory, whatever it says to be
_PASSED_OVER = ("__MACOSX", ".DS_Store")  # what packing on a Mac adds


@dataclass(frozen=True)
class Limits:
    """What an archive may hold. `ratio`: bytes unpacked for each byte packed, beyond `free_bytes`."""

    entries: int = 2_000_000
    unpacked_bytes: int = 200 * 2**30
    ratio: float = 50.0
    free_bytes: int = 16 * 2**20


class _Entry(NamedTuple):
    name: str
    size: int
    is_folder: bool
    is_file: bool
    content: IO[bytes] | None


class _TarHeader(tarfile.TarInfo):
    """Refuses what a small archive can blow up to gigabytes of memory before any file of it is seen."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_TarHeader":
        header = super().frombuf(buf, encoding, errors)
        if header.type in _LONG_HEADERS and header.size > _LONGEST_TAR_HEADER:
            raise tarfile.HeaderError("it holds a name that is too long")
        if header.type == tarfile.GNUTYPE_SPARSE:
            raise tarfile.HeaderError(_SPARSE)
        return header

    def _proc_gnusparse_10(self, *_parts: object) -> None:
        raise tarfile.HeaderError(_SPARSE)


_LONG_HEADERS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_SPARSE = "it holds a file with gaps, as no image has"


def unpack(archive: Path, folder: Path, progress: Progress, limits: Limits | None = None) -> Path:
    """Unpack a .zip, .tar, .tar.gz or .tgz into `folder`, which is made anew; return the folder that holds the data.

    That is the only folder at the top of the archive, or `folder` itself. `progress` counts bytes in the stage
    `unpacking`. Raises OutsideRoot for an absolute path or "..", BadSource for a link or anything else that is no plain
    file, for a path that comes twice or cannot be a path here, for what passes a limit and for what is no archive,
    StorageFailed.
    """
    limits = limits or Limits()
    with storing(folder):
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        packed = archive.stat().st_size
    most = min(limits.unpacked_bytes, int(limits.free_bytes + limits.ratio * packed))
    written = 0
    with _entries(archive) as entries:
        for number, entry in enumerate(entries, start=1):
            if number > limits.entries:
                raise BadSource(archive, f"it holds more than {limits.entries:,} files")
            path = _path_of(archive, entry, folder)
            if path is None:
                continue
            _make_folder(archive, entry, path if entry.is_folder else path.parent)
            if entry.is_folder:
                continue
            written += _write(archive, entry, path, most - written)
            progress("unpacking", min(written, packed), packed)
    progress("unpacking", packed, packed)
    return _data_folder(folder)


def _path_of(archive: Path, entry: _Entry, folder: Path) -> Path | None:
    """Where an entry goes; None for what is passed over."""
    pure = PurePosixPath(entry.name)
    is_elsewhere = pure.is_absolute() or ".." in pure.parts or (pure.parts and ":" in pure.parts[0])
    if is_elsewhere or "\\" in entry.name or "\0" in entry.name:
        raise OutsideRoot(archive, f"{entry.name!r} leads out of the archive")
    if any(part in _PASSED_OVER for part in pure.parts) or not pure.parts:
        return None
    if not _can_be_stored(pure):
        raise BadSource(archive, f"{entry.name[:100]!r} has a name that is too long, or is not text")
    if not (entry.is_file or entry.is_folder):
        raise BadSource(archive, f"{entry.name!r} is a link or another thing that is no plain file")
    path = folder / pure
    if entry.is_file and path.exists():
        raise BadSource(archive, f"{entry.name!r} comes twice")
    return path


def _can_be_stored(path: PurePosixPath) -> bool:
    """Whether a path can be made here and named in a report: text in UTF-8, without line breaks and the like."""
    try:
        lengths = [len(part.encode()) for part in path.parts]
    except UnicodeEncodeError:
        return False
    is_short = max(lengths) <= _LONGEST_NAME and sum(lengths) + len(lengths) <= _LONGEST_PATH
    return is_short and not any(unicodedata.category(letter) == "Cc" for letter in str(path))


def _make_folder(archive: Path, entry: _Entry, path: Path) -> None:
    try:
        with storing(path):
            path.mkdir(parents=True, exist_ok=True)
    except StorageFailed as error:
        if isinstance(error.__cause__, FileExistsError | NotADirectoryError):  # another entry is a file of that name
            raise BadSource(archive, f"{entry.name!r} comes twice, as a file and as a folder") from error
        raise


def _write(archive: Path, entry: _Entry, path: Path, most: int) -> int:
    """Copy what really comes out of an entry, which may be more than it says; return how many bytes."""
    assert entry.content is not None, "a file has a content"
    written = 0
    try:
        with entry.content as source, storing(path), path.open("xb") as target:
            while block := _read(archive, entry, source):
                written += len(block)
                if written > most:
                    raise BadSource(archive, "it unpacks to far more than it holds, as no archive of images does")
                target.write(block)
    except FileExistsError as error:  # a file where another entry needs a folder
        raise BadSource(archive, f"{entry.name!r} comes twice") from error
    return written


def _read(archive: Path, entry: _Entry, source: IO[bytes]) -> bytes:
    try:
        return source.read(_COPIED_AT_ONCE)
    except (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, RuntimeError, ValueError) as error:
        raise BadSource(archive, f"{entry.name!r} cannot be unpacked: {error}") from error


@contextmanager
def _entries(archive: Path) -> Iterator[Iterator[_Entry]]:
    name = archive.name.lower()
    try:
        if name.endswith(".zip"):
            with zipfile.ZipFile(archive) as packed:
                yield _of_zip(packed)
        elif name.endswith(SUFFIXES):
            with tarfile.open(archive, tarinfo=_TarHeader) as tape:
                yield _of_tar(tape)
        else:
            raise BadSource(archive, f"it ends in none of {', '.join(SUFFIXES)}")
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, NotImplementedError) as error:
        raise BadSource(archive, f"it is damaged or no archive: {error}") from error


def _of_zip(packed: zipfile.ZipFile) -> Iterator[_Entry]:
    for info in packed.infolist():
        mode = info.external_attr >> 16
        is_file = not info.is_dir() and (not stat.S_IFMT(mode) or stat.S_ISREG(mode))
        if info.flag_bits & 1:
            raise zipfile.BadZipFile(f"{info.filename!r} is encrypted")
        yield _Entry(info.filename, info.file_size, info.is_dir(), is_file, packed.open(info) if is_file else None)


def _of_tar(tape: tarfile.TarFile) -> Iterator[_Entry]:
    for info in tape:
        content = tape.extractfile(info) if info.isreg() else None
        yield _Entry(info.name, info.size, info.isdir(), info.isreg(), content)


def _data_folder(folder: Path) -> Path:
    inside = [path for path in folder.iterdir() if not path.name.startswith(".")]
    only = inside[0] if len(inside) == 1 else folder
    is_wrapping = only.is_dir() and only.name not in ("train", "validation", "val", "test")
    return only if is_wrapping else folder
