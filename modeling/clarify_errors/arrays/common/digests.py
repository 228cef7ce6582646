"""SHA-256 of files."""

import hashlib
from pathlib import Path


def file_sha256(path: Path) -> str:
    """Compute the SHA-256 of a file, block by block.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    str
        64 hex digits.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
