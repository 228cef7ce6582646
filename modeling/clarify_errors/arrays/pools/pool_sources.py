"""Listing of a folder of unlabelled images, with what is known of each: source, licence, and whether it is unsafe."""

import json
from collections.abc import Container, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from clarify_errors.arrays.datasets.dataset_files import POOL, Split
from clarify_errors.arrays.datasets.importing.import_errors import BadSource
from clarify_errors.arrays.datasets.importing.listed_images import ListedImage
from clarify_errors.arrays.datasets.importing.listings import Source, files_by_folder, listed
from clarify_errors.arrays.datasets.importing.table_lines import csv_lines

CLASS = "unlabelled"  # the only class of a pool
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
METADATA = "metadata.csv"
_LICENCE, _SOURCE, _UNSAFE = ("licence", "license", "LICENSE"), ("source", "url", "URL"), ("nsfw", "NSFW")
NOTED = (*_LICENCE, *_SOURCE, *_UNSAFE)  # columns
_SAFE = ("", "unlikely", "false", "no", "0", "0.0")


def read_pool(root: Path, known: Container[str] = ()) -> Source:
    """List the images below a folder.

    Notes stand in `metadata.csv` (column filename), or beside each image in a JSON file of its name, as img2dataset
    writes them.

    Parameters
    ----------
    root : pathlib.Path
    known : container of str, optional
        File names that are passed over.

    Returns
    -------
    Source
        Of one class, all in train, maybe empty; notes are from `note_of`.

    Raises
    ------
    BadSource
        If there is no image, or `metadata.csv` has no column filename.
    OutsideRoot
        If a link leads out of the folder.
    """
    if not root.is_dir():
        raise BadSource(root, "there is no such folder")
    if next(_images(root), None) is None:
        raise BadSource(root, f"there is no image: files end in {', '.join(SUFFIXES)}")
    names = ((path, path.relative_to(root).as_posix()) for path in _images(root))
    new = ((path, name) for path, name in names if name not in known)
    images = listed(root, (unlabelled(name, _beside(path)) for path, name in new))
    if (table := root / METADATA).exists():
        images.note((line.cells["filename"], note_of(line.cells)) for line in csv_lines(table, ("filename",)))
    return Source(POOL, root, images, (CLASS,))


def unlabelled(filename: str, fields: Mapping[str, Any], place: int = 0) -> ListedImage:
    """Make an image of a pool.

    Parameters
    ----------
    filename : str
    fields : mapping
        For `note_of`.
    place : int, optional
        Its row among embeddings.

    Returns
    -------
    ListedImage
    """
    return ListedImage(filename, Split.TRAIN, 0, None, place, note_of(fields))


def note_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Take what matters from the fields that a table or a JSON file has of an image.

    Parameters
    ----------
    fields : mapping of str to value

    Returns
    -------
    dict
        `source` and `licence`, empty if unknown; `unsafe`, None if nobody has looked.

    Examples
    --------
    >>> note_of({"url": "https://example.org/a.jpg", "license": "CC0-1.0", "NSFW": "UNLIKELY"})
    {'source': 'https://example.org/a.jpg', 'licence': 'CC0-1.0', 'unsafe': False}
    >>> note_of({})
    {'source': '', 'licence': '', 'unsafe': None}
    """
    unsafe = next((fields[name] for name in _UNSAFE if fields.get(name) is not None), None)
    return {
        "source": _text(fields, _SOURCE, 500),
        "licence": _text(fields, _LICENCE, 80),
        "unsafe": None if unsafe is None else str(unsafe).strip().lower() not in _SAFE,
    }


def _images(root: Path) -> Iterator[Path]:
    files = chain.from_iterable(files_by_folder(root))
    return (path for path in files if path.suffix.lower() in SUFFIXES)


def _beside(path: Path) -> dict[str, Any]:
    try:
        fields = json.loads(path.with_suffix(".json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _text(fields: Mapping[str, Any], names: tuple[str, ...], length: int) -> str:
    value = next((str(fields[name]) for name in names if fields.get(name)), "")
    return "".join(character for character in value if character.isprintable()).strip()[:length]
