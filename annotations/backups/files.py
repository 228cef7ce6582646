"""The files of a back-up, each with its digest: `SHA256SUMS`, as `sha256sum --check` reads it too."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from django.conf import settings

from annotations.backups.backup_manifest import CONTENTS, DIGESTS
from annotations.base.data_store.folder_store import BadStoredFile, StoreUnreadable
from annotations.base.data_store.stored_files import data_store
from annotations.base.service_errors import NotPossible
from annotations.datasets.import_requests import UPLOADS
from clarify_errors.arrays.common.digests import file_sha256

_UNFINISHED = "."  # what a worker has not finished, and locks, have names that begin so
_UNPACKED = "import-"  # below UPLOADS: what an archive held. It is unpacked again


def kept(root: Path) -> Iterator[Path]:
    """Yield the files below DATA_ROOT that a back-up keeps, relative to it, in order; those of the data store apart."""
    for place, folders, files in os.walk(root, followlinks=True):
        here = Path(place).relative_to(root)
        is_uploads = here == Path(UPLOADS)
        folders[:] = sorted(
            name
            for name in folders
            if not (name.startswith(_UNFINISHED) or (is_uploads and name.startswith(_UNPACKED)))
            and Path(place, name) != settings.DATA_STORE
        )
        yield from (here / name for name in sorted(files) if not name.startswith(_UNFINISHED))


def copy_all(source: Path, target: Path) -> dict[str, str]:
    """Copy what `kept` yields; returns the SHA-256 of each copy by its path. A file that goes meanwhile is left out.

    Raises NotPossible for a name that no line of `SHA256SUMS` can hold.
    """
    names = list(kept(source))
    refuse(
        [repr(str(name)) for name in names if not str(name).isprintable()],
        f"of the files in {source} have unprintable characters in their names. Rename or remove them",
    )
    digests = {}
    for name in names:
        try:
            digests[name.as_posix()] = copy(source / name, target / name)
        except FileNotFoundError:
            continue
    return digests


def copy_stored(digests: Iterable[str], target: Path) -> list[str]:
    """Copy files of the data store, each compared with its name; returns the digests of those that are whole.

    Raises StoreUnreadable.
    """
    store, copied = data_store(), []
    (target / CONTENTS).mkdir()
    for digest in sorted(digests):
        try:
            (target / CONTENTS / digest).write_bytes(store.read(digest))
        except StoreUnreadable:  # then there is no back-up, rather than one without heads
            raise
        except BadStoredFile:
            continue
        copied.append(digest)
    return copied


def copy(source: Path, target: Path) -> str:
    """Copy a file to its whole name once it is whole; returns the SHA-256 of what was copied."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{_UNFINISHED}{target.name}.part")
    shutil.copyfile(source, part)
    part.replace(target)
    return file_sha256(target)


def write_digests(folder: Path, digests: Mapping[str, str]) -> None:
    (folder / DIGESTS).write_text("".join(f"{digest}  {name}\n" for name, digest in digests.items()), "utf-8")


def checked_digests(folder: Path) -> dict[str, str]:
    """Return the digests by path, each compared with its file. Raises NotPossible where one differs."""
    try:
        lines = (folder / DIGESTS).read_text("utf-8").splitlines()
    except FileNotFoundError:
        raise NotPossible(f"{folder} has no {DIGESTS}, so it is not a complete back-up.") from None
    digests = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    refuse(
        [name for name, digest in digests.items() if not _is(folder / name, digest)],
        f"of the files of {folder} differ from what was backed up. Use another copy of this back-up",
    )
    return digests


def refuse(names: Iterable[str], what: str) -> None:
    """Raise NotPossible where there are any names: how many, what of them, and the first of them."""
    found = list(names)
    if found:
        first = ", ".join(found[:5]) + (", …" if len(found) > 5 else "")
        raise NotPossible(f"{len(found):,} {what}: {first}.")


def _is(file: Path, digest: str) -> bool:
    return file.is_file() and file_sha256(file) == digest
