"""Captions as they are kept with a data set: beside its arrays, where they change nothing of a version.

A file is JSON Lines: a header, then `[row, caption]` a line, so that a captioner can be killed and go on.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.datasets.dataset_files import DatasetFiles
from clarify_errors.arrays.datasets.importing.storage import (
    json_bytes,
    only_import,
    replace_durably,
    storing,
    sync_folder,
)

FOLDER = "captions"  # in a data set's directory
FORMAT = 1


class BadCaptions(ModelingError):
    """A data set has no such captions, or their file is damaged."""


@dataclass(frozen=True)
class StoredCaptions:
    """Captions of some of the n images of a data set.

    Attributes
    ----------
    name : str
    source : mapping
        Where they come from: a file's digest, or what a captioner says of itself.
    captions : tuple of n str
        Empty where an image has none.
    digest : str
        SHA-256 of the file.
    """

    name: str
    source: Mapping[str, Any]
    captions: tuple[str, ...]
    digest: str

    @property
    def n_captions(self) -> int:
        """Return the number of images that have one."""
        return sum(map(bool, self.captions))

    @property
    def record(self) -> dict[str, Any]:
        """Return what a ranking keeps of them, as JSON values."""
        return {"name": self.name, "sha256": self.digest, "n": self.n_captions, "source": dict(self.source)}


def store_captions(files: DatasetFiles, name: str, source: Mapping[str, Any], captions: Mapping[int, str]) -> None:
    """Keep captions with a data set, in place of earlier ones of this name.

    Parameters
    ----------
    files : DatasetFiles
    name : str
        What they are called; letters that no file name has become a hyphen.
    source : mapping
        JSON-like: where they come from.
    captions : mapping of int to str
        By row.

    Raises
    ------
    StorageFailed
        If they cannot be written.
    """
    path = _path(files, name)
    with storing(path):
        path.parent.mkdir(exist_ok=True)
    lines = [_header(name, source), *(json_bytes([row, captions[row]]) for row in sorted(captions))]
    replace_durably(path, b"".join(lines))


def open_captions(files: DatasetFiles, name: str | None = None) -> StoredCaptions:
    """Open captions of a data set.

    Parameters
    ----------
    files : DatasetFiles
    name : str, optional
        Default: the newest.

    Returns
    -------
    StoredCaptions

    Raises
    ------
    BadCaptions
        If there are none, or the file is damaged.
    """
    stored = sorted((files.directory / FOLDER).glob("[!.]*.jsonl"), key=lambda path: path.stat().st_mtime)
    if name is not None:
        stored = [path for path in stored if path == _path(files, name)]
    if not stored:
        which = "no captions" if name is None else f"no captions {name!r}"
        raise BadCaptions(
            f"the data set has {which}. Bring them with `manage.py import_captions DATASET captions.csv`, or write "
            "them with `manage.py caption DATASET --captioner transformers:…`"
        )
    data = stored[-1].read_bytes()
    header, captions = _parsed(stored[-1], data)
    if captions and max(captions) >= files.n_rows:
        raise BadCaptions(f"{stored[-1]} has captions of other images. Bring them again")
    every = tuple(captions.get(row, "") for row in range(files.n_rows))
    return StoredCaptions(header["name"], header["source"], every, hashlib.sha256(data).hexdigest())


@dataclass
class GrowingCaptions:
    """Captions that are being written; what is there survives the process.

    Attributes
    ----------
    path : pathlib.Path
    captions : dict of int to str
        By row: those that are written.
    """

    path: Path
    captions: dict[int, str] = field(default_factory=dict)

    def add(self, captions: Mapping[int, str]) -> None:
        """Write some more; they are on the disk when this returns.

        Parameters
        ----------
        captions : mapping of int to str
            By row.

        Raises
        ------
        StorageFailed
            If they cannot be written.
        """
        with storing(self.path, again="run the same command again"), self.path.open("ab") as file:
            file.writelines(json_bytes([row, caption]) for row, caption in captions.items())
            file.flush()
            os.fsync(file.fileno())
        self.captions.update(captions)


@contextmanager
def growing_captions(files: DatasetFiles, name: str, source: Mapping[str, Any]) -> Iterator[GrowingCaptions]:
    """Write captions in steps, and keep them once the block is through.

    Parameters
    ----------
    files : DatasetFiles
    name : str
    source : mapping
        What a process that was killed began with another source is begun anew.

    Yields
    ------
    GrowingCaptions
        With what an earlier process wrote.

    Raises
    ------
    ImportRunning
        If another process writes captions of this data set.
    StorageFailed
        If they cannot be written.
    """
    folder = files.directory / FOLDER
    with only_import(folder, "writing of captions"):
        path = _path(files, name)
        growing = GrowingCaptions(path.with_name(f".partial-{path.name}"))
        with storing(growing.path):
            growing.captions = _left(growing.path, path, source)
        lines = (json_bytes([row, caption]) for row, caption in growing.captions.items())
        replace_durably(growing.path, b"".join([_header(name, source), *lines]))
        yield growing
        with storing(path):
            growing.path.replace(path)
        sync_folder(folder)


def _left(partial: Path, finished: Path, source: Mapping[str, Any]) -> dict[int, str]:
    """What an earlier process of the same source wrote, finished or not."""
    for path in (partial, finished):
        if path.exists():
            try:
                header, captions = _parsed(path, path.read_bytes())
            except BadCaptions:
                continue
            if header["source"] == source:
                return captions
    return {}


def _path(files: DatasetFiles, name: str) -> Path:
    return files.directory / FOLDER / (re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[-100:] + ".jsonl")


def _header(name: str, source: Mapping[str, Any]) -> bytes:
    return json_bytes({"format": FORMAT, "name": name, "source": dict(source)})


def _parsed(path: Path, data: bytes) -> tuple[dict[str, Any], dict[int, str]]:
    """The header and the captions by row; a last line that was not written to its end is left out."""
    lines = data.split(b"\n")[:-1]
    try:
        header, *rows = map(json.loads, lines)
        if header["format"] != FORMAT or not isinstance(header["source"], dict):
            raise ValueError(header["format"])
        return header, {int(row): str(caption) for row, caption in rows}
    except (ValueError, KeyError, TypeError) as error:
        raise BadCaptions(f"{path} is damaged. Bring these captions again") from error
