"""Listing of a folder of unlabelled images, with what is known of each: source, licence, and whether it is unsafe."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from modeling.arrays.datasets.dataset_files import POOL, Split
from modeling.arrays.datasets.importing.import_errors import BadSource, OutsideRoot
from modeling.arrays.datasets.importing.importer import Notes
from modeling.arrays.datasets.importing.listings import Source, SourceImage, csv_lines

CLASS = "unlabelled"  # the only class of a pool
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
METADATA = "metadata.csv"
_LICENCE, _SOURCE, _UNSAFE = ("licence", "license", "LICENSE"), ("source", "url", "URL"), ("nsfw", "NSFW")
NOTED = (*_LICENCE, *_SOURCE, *_UNSAFE)  # columns
_SAFE = ("", "unlikely", "false", "no", "0", "0.0")


def read_pool(root: Path) -> tuple[Source, Notes]:
    """List the images below a folder.

    Notes stand in `metadata.csv` (column filename), or beside each image in a JSON file of its name, as img2dataset
    writes them.

    Parameters
    ----------
    root : pathlib.Path

    Returns
    -------
    source : Source
        Of one class, all in train.
    notes : mapping of str to mapping
        By file name, from `note_of`.

    Raises
    ------
    BadSource
        If there is no image, or `metadata.csv` has no column filename.
    OutsideRoot
        If a link leads out of the folder.
    """
    if not root.is_dir():
        raise BadSource(root, "there is no such folder")
    table = root / METADATA
    listed = {line.cells["filename"]: line.cells for line in csv_lines(table, ("filename",))} if table.exists() else {}
    images, notes = [], {}
    for path in _images(root):
        name = path.relative_to(root).as_posix()
        if not path.resolve().is_relative_to(root.resolve()):
            raise OutsideRoot(path, f"this link leads out of {root}")
        images.append(SourceImage(path, name, Split.TRAIN, 0, None))
        notes[name] = note_of(listed.get(name) or _beside(path))
    if not images:
        raise BadSource(root, f"there is no image: files end in {', '.join(SUFFIXES)}")
    return Source(POOL, root, images, (CLASS,), ()), notes


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
    for path in sorted(root.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if path.suffix.lower() in SUFFIXES and not hidden and path.is_file():
            yield path


def _beside(path: Path) -> dict[str, Any]:
    try:
        fields = json.loads(path.with_suffix(".json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _text(fields: Mapping[str, Any], names: tuple[str, ...], length: int) -> str:
    value = next((str(fields[name]) for name in names if fields.get(name)), "")
    return "".join(character for character in value if character.isprintable()).strip()[:length]
