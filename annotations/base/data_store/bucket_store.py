"""A data store in a bucket of S3 or of what speaks its protocol, before which a folder keeps what was read lately."""

import datetime as dt
import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache

import obstore
from django.db import connection, transaction
from obstore.exceptions import BaseError
from obstore.store import S3Store

from annotations.base.data_store.folder_store import BadStoredFile, FolderStore, StoreUnreadable
from clarify_errors.arrays.datasets.importing.import_errors import StorageFailed

_LOCK = 0x6275636B
_FRESH_S = 20 * 60  # what was put then was put by who names it now
_WAIT_S = 10  # for an answer, and for trying again: the transaction that names the file may be open meanwhile
SHRINK_EVERY_S = 60.0

_shrunk_at: dict[str, float] = {}  # by bucket, of this process


@dataclass(frozen=True)
class BucketStore:
    """Files in the bucket that `url` names, such as s3://bucket/prefix; keys and endpoint are in the environment.

    cache: of this machine, from which files are mapped. limit: bytes that it may take.
    """

    url: str
    cache: FolderStore
    limit: int

    def put(self, data: bytes) -> str:
        """Keep some bytes, and return their digest; a file that is there counts as new. Raises StorageFailed."""
        digest = hashlib.sha256(data).hexdigest()
        try:
            with _locked_with_others():
                obstore.put(_bucket(self.url), _path(digest), data)
        except (BaseError, OSError) as error:
            raise StorageFailed(f"{self.url}/{digest} cannot be written: {error}") from error
        return digest

    def renew(self, digest: str) -> None:
        """Have a file count as new, which takes to put it again. Raises BadStoredFile, StorageFailed."""
        try:
            if obstore.head(_bucket(self.url), _path(digest))["last_modified"].timestamp() > time.time() - _FRESH_S:
                return
        except FileNotFoundError:
            pass
        except (BaseError, OSError) as error:
            raise StorageFailed(f"{self.url}/{digest} cannot be renewed: {error}") from error
        self.put(bytes(self._fetched(digest)))

    def read(self, digest: str) -> memoryview:
        """Return the content of a file, mapped into memory and compared with its name. Raises BadStoredFile."""
        with suppress(BadStoredFile, StorageFailed):
            self.cache.renew(digest)
            return self.cache.read(digest)
        data = self._fetched(digest)
        try:
            self.cache.put(data)
            read = self.cache.read(digest)
        except StorageFailed:  # the disk is full, and a cache is no place that must have room
            return memoryview(data)
        self._shrink_now_and_then()
        return read

    def put_before(self, moment: float) -> Iterator[str]:
        """Yield the digests of the files that were last put before a moment, in seconds since 1970."""
        for found in obstore.list(_bucket(self.url)):
            yield from (_name(each["path"]) for each in found if each["last_modified"].timestamp() < moment)

    def remove(self, digest: str, before: float) -> bool:
        """Remove a file unless it was put since, and say whether it is gone now."""
        self.cache.remove(digest, float("inf"))
        with suppress(FileNotFoundError), _locked_alone() as is_alone:  # where others put, the next sweep removes it
            if is_alone and obstore.head(_bucket(self.url), _path(digest))["last_modified"].timestamp() < before:
                obstore.delete(_bucket(self.url), _path(digest))
                return True
        return False

    def remove_unfinished(self, before: float) -> None:
        """Remove what was left unfinished in the cache: the bucket has whole files alone."""
        self.cache.remove_unfinished(before)
        self.cache.shrink(self.limit)

    def _shrink_now_and_then(self) -> None:
        """To look at every file of a cache takes long where it is full."""
        if time.monotonic() - _shrunk_at.get(self.url, -SHRINK_EVERY_S) >= SHRINK_EVERY_S:
            _shrunk_at[self.url] = time.monotonic()
            self.cache.shrink(self.limit)

    def _fetched(self, digest: str) -> bytes:
        name = f"{self.url}/{digest}"
        try:
            data = bytes(obstore.get(_bucket(self.url), _path(digest)).bytes())
        except FileNotFoundError:
            raise BadStoredFile(f"{name} is missing, which a row names. Copy it here from a back-up") from None
        except (BaseError, OSError) as error:
            raise StoreUnreadable(f"{name} cannot be read: {error}") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise BadStoredFile(f"{name} is damaged: its SHA-256 is not its name. Copy it here from a back-up")
        return data


def _path(digest: str) -> str:
    """Where a file is, as in a folder: so one can be copied to the other."""
    return f"{digest[:2]}/{digest}"


def _name(path: str) -> str:
    return path.rpartition("/")[2]


@lru_cache(maxsize=2)
def _bucket(url: str) -> S3Store:
    """The bucket's client with its connections, one for each process."""
    return S3Store.from_url(
        url,
        client_options={"allow_http": True, "timeout": f"{_WAIT_S}s"},
        retry_config={"max_retries": 3, "retry_timeout": dt.timedelta(seconds=_WAIT_S)},
    )


@contextmanager
def _locked_with_others() -> Iterator[None]:
    """Share the lock that a bucket itself does not have with all who put. Raises OperationalError after 2 s."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s)", [_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock_shared(%s)", [_LOCK])


@contextmanager
def _locked_alone() -> Iterator[bool]:
    """Hold that lock alone if nobody puts at this moment; yield whether it is held."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        is_held: bool = cursor.fetchone()[0]
        try:
            yield is_held
        finally:
            if is_held:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
