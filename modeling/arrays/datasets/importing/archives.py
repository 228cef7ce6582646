"""Unpacking of uploaded archives, without trust in their paths, sizes and links."""

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
from modeling.arrays.datasets.dataset_files import SPLIT_WORDS
from modeling.arrays.datasets.importing.import_errors import BadSource, OutsideRoot
from modeling.arrays.datasets.importing.storage import storing

SUFFIXES = (".zip", ".tar.gz", ".tgz", ".tar")
_COPIED_AT_ONCE = 2**20
_MAX_NAME_LENGTH = 255  # bytes of a file's or folder's name: the limit of file systems
_MAX_PATH_LENGTH = 2048  # bytes, within the archive
_MAX_TAR_HEADER_LENGTH = 2**20  # bytes: tarfile reads a header into memory, whatever size it declares
_PASSED_OVER = ("__MACOSX", ".DS_Store")  # added by macOS


@dataclass(frozen=True)
class Limits:
    """What an archive may hold.

    Attributes
    ----------
    entries : int
        Files and folders.
    unpacked_bytes : int
    ratio : float
        Unpacked bytes per packed byte, beyond `free_bytes`.
    free_bytes : int
        Unpacked bytes that are allowed whatever the archive's size.
    """

    entries: int = 2_000_000
    unpacked_bytes: int = 200 * 2**30
    ratio: float = 50.0
    free_bytes: int = 16 * 2**20


class _Entry(NamedTuple):
    """A file has content, and nothing else has."""

    name: str
    is_folder: bool
    content: IO[bytes] | None


class _TarHeader(tarfile.TarInfo):
    """Rejects headers with which a small archive would fill gigabytes of memory before its first file."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_TarHeader":
        header = super().frombuf(buf, encoding, errors)
        if header.type in _LONG_HEADERS and header.size > _MAX_TAR_HEADER_LENGTH:
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
_SPARSE = "it holds a sparse file, which is not an image"


def unpack(archive: Path, folder: Path, progress: Progress, limits: Limits | None = None) -> Path:
    """Unpack a .zip, .tar, .tar.gz or .tgz.

    Parameters
    ----------
    archive : pathlib.Path
    folder : pathlib.Path
        Deleted if it exists, and created again.
    progress : Progress
        Counts bytes in the stage `unpacking`.
    limits : Limits, optional

    Returns
    -------
    pathlib.Path
        Folder of the data: the only folder at the top of the archive, otherwise `folder`.

    Raises
    ------
    OutsideRoot
        If a path is absolute or contains "..".
    BadSource
        If the file is not a supported archive, exceeds a limit, repeats a path, or has a link, another special file or
        an invalid path.
    StorageFailed
        If the files cannot be written.
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
            if entry.content is not None:
                written += _write(archive, entry.name, entry.content, path, most - written)
                progress("unpacking", min(written, packed), packed)
    progress("unpacking", packed, packed)
    return _data_folder(folder)


def unpack_shards(folder: Path, to: Path, progress: Progress) -> None:
    """Unpack the tar shards of a folder, each into a folder of its name.

    Those that are unpacked already are left as they are.

    Parameters
    ----------
    folder : pathlib.Path
    to : pathlib.Path
    progress : Progress
        Counts bytes in the stage `unpacking`.

    Raises
    ------
    BadSource, OutsideRoot, StorageFailed
        As `unpack` does.
    """
    for shard in sorted(folder.glob("*.tar")):
        whole = to / shard.stem
        if not whole.exists():
            part = to / f".partial-{shard.stem}"
            unpack(shard, part, progress)
            part.rename(whole)


def _path_of(archive: Path, entry: _Entry, folder: Path) -> Path | None:
    """Return where an entry goes; None if it is skipped."""
    pure = PurePosixPath(entry.name)
    is_elsewhere = pure.is_absolute() or ".." in pure.parts or (pure.parts and ":" in pure.parts[0])
    if is_elsewhere or "\\" in entry.name or "\0" in entry.name:
        raise OutsideRoot(archive, f"{entry.name!r} leads out of the archive")
    if any(part in _PASSED_OVER for part in pure.parts) or not pure.parts:
        return None
    if not _can_be_stored(pure):
        raise BadSource(archive, f"the name {entry.name[:100]!r} is too long, or is not plain text")
    if entry.content is None and not entry.is_folder:
        raise BadSource(archive, f"{entry.name!r} is a link or another special file")
    path = folder / pure
    if entry.content is not None and path.exists():
        raise BadSource(archive, f"{entry.name!r} occurs twice")
    return path


def _can_be_stored(path: PurePosixPath) -> bool:
    """Return whether a path can be created here and named in a report: short UTF-8 text without control characters."""
    try:
        lengths = [len(part.encode()) for part in path.parts]
    except UnicodeEncodeError:
        return False
    is_short = max(lengths) <= _MAX_NAME_LENGTH and sum(lengths) + len(lengths) <= _MAX_PATH_LENGTH
    return is_short and not any(unicodedata.category(letter) == "Cc" for letter in str(path))


def _make_folder(archive: Path, entry: _Entry, path: Path) -> None:
    with storing(path):
        try:
            path.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:  # another entry is a file of that name
            raise BadSource(archive, f"{entry.name!r} occurs twice, as a file and as a folder") from error


def _write(archive: Path, name: str, content: IO[bytes], path: Path, most: int) -> int:
    """Copy what a file really unpacks to, which may be more than it declares; return the number of bytes."""
    written = 0
    with content as source, storing(path), path.open("xb") as target:
        while block := _read(archive, name, source):
            written += len(block)
            if written > most:
                raise BadSource(archive, "it unpacks to more than an archive of images of its size can hold")
            target.write(block)
    return written


def _read(archive: Path, name: str, source: IO[bytes]) -> bytes:
    try:
        return source.read(_COPIED_AT_ONCE)
    except (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, RuntimeError, ValueError) as error:
        raise BadSource(archive, f"{name!r} cannot be unpacked: {error}") from error


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
            raise BadSource(archive, f"its name must end in one of {', '.join(SUFFIXES)}")
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0].rstrip(":")
        raise BadSource(archive, f"it is damaged or not an archive: {reason}") from error


def _of_zip(packed: zipfile.ZipFile) -> Iterator[_Entry]:
    for info in packed.infolist():
        mode = info.external_attr >> 16
        is_file = not info.is_dir() and (not stat.S_IFMT(mode) or stat.S_ISREG(mode))
        if info.flag_bits & 1:
            raise zipfile.BadZipFile(f"{info.filename!r} is encrypted")
        yield _Entry(info.filename, info.is_dir(), packed.open(info) if is_file else None)


def _of_tar(tape: tarfile.TarFile) -> Iterator[_Entry]:
    for info in tape:
        yield _Entry(info.name, info.isdir(), tape.extractfile(info) if info.isreg() else None)


def _data_folder(folder: Path) -> Path:
    inside = [path for path in folder.iterdir() if not path.name.startswith(".")]
    only = inside[0] if len(inside) == 1 else folder
    is_wrapping = only.is_dir() and only.name not in SPLIT_WORDS
    return only if is_wrapping else folder
