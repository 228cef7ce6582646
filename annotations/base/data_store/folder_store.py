"""A data store in a folder that all machines share."""

import fcntl
import hashlib
import mmap
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from clarify_errors.arrays.datasets.dataset_files import BadDataset
from clarify_errors.arrays.datasets.importing.storage import storing, sync_folder

_DAY_S = 24 * 3600
_UNFINISHED = "."  # what begins so is being written, or is the lock


class BadStoredFile(BadDataset):
    """A file of the data store is missing or damaged. It is refused wherever a data set's own files may be."""


class StoreUnreadable(BadStoredFile):
    """Whether a file is there and whole cannot be told now: the store does not answer, or does not let it be read."""


@dataclass(frozen=True)
class FolderStore:
    """Files in `root`, in a folder for the first two digits of their name.

    Whoever writes shares the folder's lock with others; whoever removes holds it alone.
    """

    root: Path

    def path(self, digest: str) -> Path:
        """Where a file is, or would be."""
        return self.root / digest[:2] / digest

    def put(self, data: bytes) -> str:
        """Keep some bytes, and return their digest; they are on the disk then.

        A file that is there already counts as new, so that no sweep removes it, and is written again if it is damaged.
        Raises StorageFailed.
        """
        digest = hashlib.sha256(data).hexdigest()
        path = self.path(digest)
        with storing(path, "try again"), self._lock(fcntl.LOCK_SH):
            try:
                os.utime(path)
                self.read(digest)
            except (FileNotFoundError, BadStoredFile):
                self._write(path, data)
        return digest

    def renew(self, digest: str) -> None:
        """Have a file count as new, so that no sweep removes it. Raises BadStoredFile if it is gone, StorageFailed."""
        path = self.path(digest)
        with storing(path, "try again"), self._lock(fcntl.LOCK_SH):
            try:
                os.utime(path)
            except FileNotFoundError:
                raise BadStoredFile(f"{path} is missing, which a row should name. Do again what made it") from None

    def read(self, digest: str) -> memoryview:
        """Return the content of a file, mapped into memory and compared with its name. Raises BadStoredFile."""
        path = self.path(digest)
        try:
            with path.open("rb") as file:
                is_empty = not os.fstat(file.fileno()).st_size  # which cannot be mapped
                data = memoryview(b"" if is_empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except FileNotFoundError:
            raise BadStoredFile(f"{path} is missing, which a row names. Copy it here from a back-up") from None
        except OSError as error:
            raise StoreUnreadable(f"{path} cannot be read: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise BadStoredFile(f"{path} is damaged: its SHA-256 is not its name. Copy it here from a back-up")
        return data

    def put_before(self, moment: float) -> Iterator[str]:
        """Yield the digests of the files that were last put before a moment, in seconds since 1970."""
        yield from (file.name for file in self._files() if _is_before(file, moment))

    def remove(self, digest: str, before: float) -> bool:
        """Remove a file unless it was put since, and say whether it is gone now."""
        path = self.path(digest)
        with self._lock(fcntl.LOCK_EX):
            if not _is_before(path, before):
                return False
            path.unlink()
            return True

    def remove_unfinished(self, before: float) -> None:
        """Remove what processes began to write before a moment and did not finish: they were killed."""
        for file in self.root.glob(f"??/{_UNFINISHED}*"):
            if _is_before(file, before):
                file.unlink(missing_ok=True)

    def shrink(self, limit: int) -> None:
        """Remove what is a day old, and of the rest the oldest until it takes no more than so many bytes."""
        with suppress(FileNotFoundError):  # another process does the same
            files = sorted(((file.stat(), file) for file in self._files()), key=lambda each: -each[0].st_mtime)
            taken = accumulate(state.st_size for state, _ in files)
            for (state, file), total in zip(files, taken, strict=True):
                if total > limit or state.st_mtime < time.time() - _DAY_S:
                    file.unlink()

    def _files(self) -> Iterator[Path]:
        return (file for file in self.root.glob("??/*") if not file.name.startswith(_UNFINISHED))

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(exist_ok=True)
        part = path.with_name(f"{_UNFINISHED}{path.name}.{uuid.uuid4().hex}")
        try:
            with part.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
        sync_folder(self.root)

    @contextmanager
    def _lock(self, how: int) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, how)
            yield
        finally:
            os.close(lock)


def _is_before(file: Path, moment: float) -> bool:
    """Whether the file is there, and was put before the moment."""
    try:
        return file.stat().st_mtime < moment
    except FileNotFoundError:
        return False
