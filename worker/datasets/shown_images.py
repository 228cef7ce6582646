"""The images of a pool: their originals, and thumbnails of those that somebody is to see."""

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from PIL import Image

from annotations.models import Dataset, Pool
from clarify_errors.arrays.datasets.dataset_files import POOL, DatasetFiles
from clarify_errors.arrays.datasets.importing.storage import put_file
from clarify_errors.arrays.images.image_decoding import read_image
from clarify_errors.arrays.images.image_files import ImageRejected, is_whole_thumbnail, thumbnail

SHARDS = "pool-shards"  # folder in DATA_ROOT, of what was unpacked


def unpacked_shards(pool: Pool) -> Path:
    """Return where the tar shards of a pool are unpacked."""
    return settings.DATA_ROOT / SHARDS / str(pool.pk)


def originals_of(pool: Pool) -> Path:
    """Return the folder to which the file names of a pool are relative."""
    unpacked = unpacked_shards(pool)
    return unpacked if unpacked.is_dir() else Path(pool.folder)


def read_original(pool: Pool, files: DatasetFiles, row: int) -> Image.Image:
    """Read an image of a pool. Raises ImageRejected where it is gone or damaged, or lies elsewhere."""
    root = originals_of(pool)
    path = root / files.filenames[row]
    if not path.resolve().is_relative_to(root.resolve()):
        raise ImageRejected("missing", "it lies outside the pool's folder")
    return read_image(path)


def show(dataset: Dataset, rows: Iterable[int]) -> set[int]:
    """Make the thumbnails of some images that have none, and return the rows of those that can be seen.

    Raises StorageFailed.
    """
    files, seen = dataset.files, set()
    pool = dataset.pool if files.manifest.source_format == POOL else None
    removed = pool.removed if pool else frozenset()
    for row in rows:
        if pool is None or (row not in removed and _has_thumbnail(pool, files, row)):
            seen.add(row)
    return seen


def _has_thumbnail(pool: Pool, files: DatasetFiles, row: int) -> bool:
    path = files.image_path(files.image_keys[row].decode())
    if is_whole_thumbnail(path):
        return True
    try:
        put_file(path, thumbnail(read_original(pool, files, row)))
    except ImageRejected:
        return False
    return True
