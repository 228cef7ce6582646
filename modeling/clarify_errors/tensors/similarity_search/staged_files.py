"""The files of an index that is being built, with a record of those that are finished."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss

from clarify_errors.arrays.common.digests import file_sha256
from clarify_errors.arrays.datasets.importing.storage import json_bytes, replace_durably, storing

RECORD = "done.json"
_AGAIN = "build the index again"


class StagedFiles:
    """A staging folder. A file enters the record when it is on the disk.

    Parameters
    ----------
    folder : pathlib.Path
        It exists; what it records as finished is kept if it is whole.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            recorded = json.loads((folder / RECORD).read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            recorded = {}
        self._done: dict[str, dict[str, Any]] = {
            name: facts for name, facts in recorded.items() if _is_whole(folder / name, facts["sha256"])
        }

    @property
    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of each finished file."""
        return {name: facts["sha256"] for name, facts in self._done.items()}

    def facts(self, name: str) -> dict[str, Any] | None:
        """Return what was recorded of a file.

        Parameters
        ----------
        name : str

        Returns
        -------
        dict or None
            The facts and the file's `sha256`, as `store` returned them; None if the file is not finished.
        """
        return self._done.get(name)

    def store(self, name: str, write: Callable[[Path], None], **facts: Any) -> dict[str, Any]:
        """Write a file and record it, with facts about it.

        Parameters
        ----------
        name : str
        write : callable
            Takes the path to write to.
        **facts : Any
            JSON values.

        Returns
        -------
        dict
            The facts and the file's `sha256`.

        Raises
        ------
        StorageFailed
            If it cannot be written.
        """
        path = self.folder / name
        new = path.with_name(name + ".new")
        with storing(path, again=_AGAIN):
            write(new)
            new.replace(path)
            self._done[name] = {**facts, "sha256": file_sha256(path)}
        replace_durably(self.folder / RECORD, json_bytes(self._done))
        return self._done[name]


def write_index(index: Any, path: Path) -> None:
    """Write a FAISS index; it is on the disk when this returns.

    FAISS reports a full disk as an error of its own, and loses one that shows only when a file is closed.

    Parameters
    ----------
    index : faiss.Index
    path : pathlib.Path

    Raises
    ------
    OSError
        If it cannot be written.
    """
    failures: list[OSError] = []
    with path.open("wb") as file:

        def write(data: bytes) -> int:
            try:
                return file.write(data)
            except OSError as error:
                failures.append(error)
                return 0  # FAISS gives up

        try:
            faiss.write_index(index, faiss.PyCallbackIOWriter(write, 2**20))
        except RuntimeError:
            if failures:
                raise failures[0] from None
            raise
        file.flush()
        os.fsync(file.fileno())


def _is_whole(path: Path, digest: str) -> bool:
    return path.is_file() and file_sha256(path) == digest
