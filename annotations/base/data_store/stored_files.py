"""A file of the data store as a row names it, and the column that names it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol, Self

from django.conf import settings
from django.db import models

from annotations.base.data_store.folder_store import FolderStore
from clarify_errors.arrays.common.foreign_modules import plugged_in

_NEW_S = 60.0  # far less than a sweep waits


class Store(Protocol):
    """What a data store does: `FolderStore` says how."""

    def put(self, data: bytes) -> str: ...
    def renew(self, digest: str) -> None: ...
    def read(self, digest: str) -> memoryview: ...
    def put_before(self, moment: float) -> Iterator[str]: ...
    def remove(self, digest: str, before: float) -> bool: ...
    def remove_unfinished(self, before: float) -> None: ...


def data_store() -> Store:
    """Return the site's data store: a folder, or the bucket before which that folder is a cache."""
    folder = FolderStore(settings.DATA_STORE)
    return _bucket_store(settings.DATA_BUCKET, folder, settings.DATA_CACHE_MB << 20) if settings.DATA_BUCKET else folder


@lru_cache(maxsize=2)
def _bucket_store(url: str, cache: FolderStore, limit: int) -> Store:
    """The bucket's module, which an extra of the site's brings, is looked for once."""
    store: Store = plugged_in("annotations.base.data_store.bucket_store", "BucketStore", ("put",), url, cache, limit)
    return store


@dataclass(frozen=True)
class StoredFile:
    """A file, of which only the name is known until somebody reads it.

    digest: the SHA-256 of its content. put_at: when this process put it, by its monotonic clock; None where others did.
    """

    digest: str
    put_at: float | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Put some bytes into the data store. Raises StorageFailed."""
        return cls(data_store().put(data), time.monotonic())

    @property
    def is_new(self) -> bool:
        """Whether it was put a moment ago, so that no sweep can have removed it."""
        return self.put_at is not None and time.monotonic() - self.put_at < _NEW_S

    def read(self) -> memoryview:
        """Return the content, mapped and checked. Raises BadStoredFile."""
        return data_store().read(self.digest)

    def __bytes__(self) -> bytes:
        return bytes(self.read())


class StoredFileField(models.Field):  # type: ignore[type-arg]  # which Django's own class has not
    """A column with the digest of a file. Bytes that it is given are on the disk before the row is written.

    So a process that is killed in between leaves a file that no row names, which is swept away, and never a row
    without its file.
    """

    _pyi_private_set_type: StoredFile | bytes
    _pyi_private_get_type: StoredFile

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 64, "editable": False} | options)

    def deconstruct(self) -> Any:
        """For a migration it is a column of text."""
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.CharField", args, options

    def get_internal_type(self) -> str:
        return "CharField"

    def from_db_value(self, value: str | None, *_: Any) -> StoredFile | None:
        return None if value is None else StoredFile(value)

    def get_prep_value(self, value: Any) -> Any:
        return value.digest if isinstance(value, StoredFile) else super().get_prep_value(value)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Write the file, or have one that was put a while ago count as new; then say what the row holds."""
        if isinstance(value, bytes):
            value = StoredFile.of(value)
        elif isinstance(value, StoredFile) and not value.is_new:
            data_store().renew(value.digest)
        return super().get_db_prep_save(value, connection)
