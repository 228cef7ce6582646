"""Unpacking of uploaded archives, without trust in their paths, sizes and links."""

import gzip
import io
import shutil
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple

from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.common.safe_text import is_safe
from clarify_errors.arrays.common.steps import step_done
from clarify_errors.arrays.datasets.dataset_files import SPLIT_WORDS
from clarify_errors.arrays.datasets.importing.import_errors import BadSource, OutsideRoot
from clarify_errors.arrays.datasets.importing.storage import storing

SUFFIXES = (".zip", ".tar.gz", ".tgz", ".tar")
_COPIED_AT_ONCE, _READ_AT_ONCE = 2**20, 2**16
_MAX_NAME_LENGTH = 255  # bytes of a file's or folder's name: the limit of file systems
_MAX_PATH_LENGTH = 2048  # bytes, within the archive
_MAX_TAR_HEADER_LENGTH = 2**14  # bytes: up to Python 3.11.9, tarfile takes the square of it in time
_MAX_TAR_GLOBALS = 100  # values for all files that follow: tarfile keeps every one
_ZIP_BYTES_PER_ENTRY = 80  # of the list of files, on average: zipfile reads all of it at once
_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # of the others zipfile unpacks a block in one piece
_GZIP = b"\x1f\x8b"
_PASSED_OVER = ("__MACOSX", ".DS_Store")  # added by macOS
_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, RuntimeError, ValueError)


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
    content: Any  # a binary file, or None


class _Counted(io.RawIOBase):
    """A file each of whose blocks is counted as it is read, whichever entry it belongs to."""

    def __init__(self, file: Any, count: Callable[[int], None]) -> None:
        super().__init__()
        self._file, self._count = file, count

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._file.seekable())

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._file.seek(offset, whence))

    def readinto(self, buffer: Any) -> int:
        block = self._file.read(len(buffer))
        buffer[: len(block)] = block
        self._count(len(block))
        return len(block)


@dataclass
class _Unpacking:
    """What was read of an archive and what came out of it; each block is a step and renews the job's lease."""

    archive: Path
    limits: Limits
    progress: Progress
    packed: int = field(init=False)
    n_read: int = 0
    n_unpacked: int = 0

    def __post_init__(self) -> None:
        self.packed = self.archive.stat().st_size

    def count_packed(self, n_bytes: int) -> None:
        self.n_read += n_bytes
        step_done()
        self.progress("unpacking", min(self.n_read, self.packed), self.packed)

    def count_unpacked(self, n_bytes: int) -> None:
        self.n_unpacked += n_bytes
        step_done()
        if self.n_unpacked > min(self.limits.unpacked_bytes, self.limits.free_bytes + self.limits.ratio * self.packed):
            raise BadSource(self.archive, "it unpacks to more than an archive of images of its size can hold")


class _TarHeader(tarfile.TarInfo):
    """Rejects headers with which a small archive would fill gigabytes of memory before its first file."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_TarHeader":
        header = super().frombuf(buf, encoding, errors)
        if header.type in _LONG_HEADERS and not 0 <= header.size <= _MAX_TAR_HEADER_LENGTH:
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
    with storing(folder):
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        unpacking = _Unpacking(archive, limits or Limits(), progress)
    with _entries(unpacking) as entries:
        for number, entry in enumerate(entries, start=1):
            step_done()
            if number > unpacking.limits.entries:
                raise BadSource(archive, f"it holds more than {unpacking.limits.entries:,} files")
            path = _path_of(archive, entry, folder)
            if path is None:
                continue
            _make_folder(archive, entry, path if entry.is_folder else path.parent)
            if entry.content is not None:
                _write(archive, entry.name, entry.content, path)
    progress("unpacking", unpacking.packed, unpacking.packed)
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
    """Return whether a path can be created here and named in a report: short, safe text without control characters."""
    try:
        lengths = [len(part.encode()) for part in path.parts]
    except UnicodeEncodeError:
        return False
    is_short = max(lengths) <= _MAX_NAME_LENGTH and sum(lengths) + len(lengths) <= _MAX_PATH_LENGTH
    return is_short and is_safe(str(path)) and not any(unicodedata.category(letter) == "Cc" for letter in str(path))


def _make_folder(archive: Path, entry: _Entry, path: Path) -> None:
    with storing(path):
        try:
            path.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:  # another entry is a file of that name
            raise BadSource(archive, f"{entry.name!r} occurs twice, as a file and as a folder") from error


def _write(archive: Path, name: str, content: IO[bytes], path: Path) -> None:
    with content as source, storing(path), path.open("xb") as target:
        while block := _read(archive, name, source):
            target.write(block)


def _read(archive: Path, name: str, source: IO[bytes]) -> bytes:
    try:
        return source.read(_COPIED_AT_ONCE)
    except ModelingError:
        raise
    except _DAMAGED as error:
        raise BadSource(archive, f"{name!r} cannot be unpacked: {error}") from error


@contextmanager
def _entries(unpacking: _Unpacking) -> Iterator[Iterator[_Entry]]:
    archive = unpacking.archive
    if not archive.name.lower().endswith(SUFFIXES):
        raise BadSource(archive, f"its name must end in one of {', '.join(SUFFIXES)}")
    try:
        with archive.open("rb", buffering=0) as raw:
            file = io.BufferedReader(_Counted(raw, unpacking.count_packed), _READ_AT_ONCE)
            if archive.name.lower().endswith(".zip"):
                yield _of_zip(file, unpacking)
            else:
                yield _of_tar(file, unpacking)
    except ModelingError:
        raise
    except _DAMAGED as error:
        reason = str(error).partition("\n")[0].rstrip(":")
        raise BadSource(archive, f"it is damaged or not an archive: {reason}") from error


def _of_zip(file: IO[bytes], unpacking: _Unpacking) -> Iterator[_Entry]:
    end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    most = _COPIED_AT_ONCE + _ZIP_BYTES_PER_ENTRY * unpacking.limits.entries
    if end and end[zipfile._ECD_SIZE] > most:  # type: ignore[attr-defined]
        raise zipfile.BadZipFile("its list of files is too long")
    packed = zipfile.ZipFile(file)
    for info in packed.infolist():
        mode = info.external_attr >> 16
        is_folder = info.filename.endswith("/")
        is_file = not is_folder and (not stat.S_IFMT(mode) or stat.S_ISREG(mode))
        if info.flag_bits & 1:
            raise zipfile.BadZipFile(f"{info.filename!r} is encrypted")
        if info.compress_type not in _ZIP_METHODS:
            raise zipfile.BadZipFile(f"{info.filename!r} is not packed by Deflate, the usual method")
        content = _Counted(packed.open(info), unpacking.count_unpacked) if is_file else None
        yield _Entry(info.filename, is_folder, content)


def _of_tar(file: Any, unpacking: _Unpacking) -> Iterator[_Entry]:
    """Read a tar from its beginning to its end, so that what is skipped is counted too."""
    plain = gzip.GzipFile(fileobj=file) if file.peek(2)[:2] == _GZIP else file
    counted = _Counted(plain, unpacking.count_unpacked)
    with tarfile.open(fileobj=counted, mode="r|", bufsize=_READ_AT_ONCE, tarinfo=_TarHeader) as tape:
        while (info := tape.next()) is not None:
            tape.members.clear()  # type: ignore[attr-defined]  # it would keep every header
            if info.issparse():
                raise tarfile.HeaderError(_SPARSE)
            if len(tape.pax_headers) > _MAX_TAR_GLOBALS:
                raise tarfile.HeaderError("it has too many headers for all files")
            yield _Entry(info.name, info.isdir(), tape.extractfile(info) if info.isreg() else None)


def _data_folder(folder: Path) -> Path:
    inside = [path for path in folder.iterdir() if not path.name.startswith(".")]
    only = inside[0] if len(inside) == 1 else folder
    is_wrapping = only.is_dir() and only.name not in SPLIT_WORDS
    return only if is_wrapping else folder
