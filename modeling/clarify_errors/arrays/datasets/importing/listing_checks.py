"""Checks of listed images by bytes alone: a digest per image, duplicates, and images in two splits."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

from clarify_errors.arrays.common.batches import batched
from clarify_errors.arrays.common.digests import file_sha256
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.datasets.importing.import_errors import ImageInTwoSplits
from clarify_errors.arrays.datasets.importing.listed_images import BY_BYTES, PICTURED, REPEATED, LeftOut, ListedImage
from clarify_errors.arrays.datasets.importing.listings import Source
from clarify_errors.arrays.images.image_decoding import read_image
from clarify_errors.arrays.images.image_files import ImageRejected

_SUBMITTED = 256  # files that threads are given at once


def hash_images(source: Source, progress: Progress, n_threads: int = 1) -> None:
    """Store the digest of every listed image's bytes with it.

    Parameters
    ----------
    source : Source
    progress : Progress
        Counts images in the stage `reading`.
    n_threads : int, default 1
        How many files are read at the same time.
    """
    source.images.begin()
    done, total = 0, source.images.count(PICTURED)
    with ThreadPoolExecutor(n_threads) as threads:
        for some in batched(source.images.select(PICTURED), _SUBMITTED):
            digests = []
            for sha256 in threads.map(_sha256, (source.root / image.filename for image in some)):
                digests.append(sha256)
                progress("reading", done + len(digests), total)
            source.images.store_digests(zip(some, digests, strict=True))
            done += len(some)


def leave_out_duplicates(source: Source) -> None:
    """Leave out images whose bytes another one has.

    Within a split, the first of several files with the same bytes is kept. If their labels or attributes differ, none
    is kept.

    Parameters
    ----------
    source : Source
        Whose images are hashed.

    Raises
    ------
    ImageInTwoSplits
        If a readable image is in two splits; the message names both files.
    """
    leaks = []
    for _, group in groupby(source.images.select(REPEATED, BY_BYTES), lambda image: image.sha256):
        copies = list(group)
        first = copies[0]
        other = next((image for image in copies if image.split != first.split), None)
        # Two damaged files with the same bytes, such as empty ones, are not an image in two splits.
        if other is not None and _is_readable(source.root / first.filename):
            named = f"{first.filename} ({first.split.word}) and {other.filename} ({other.split.word})"
            leaks.append((first.label, first.split, first.filename, named))
        source.images.leave_out(_duplicates(copies))
    if leaks:
        more = f"; {len(leaks) - 1} more as well" if len(leaks) > 1 else ""
        raise ImageInTwoSplits(f"the same image is in two splits: {min(leaks)[-1]}{more}")


def _sha256(path: Path) -> str | None:
    # Open regular files only: a named pipe would block the import forever.
    if not path.is_file():
        return None
    try:
        return file_sha256(path)
    except OSError:  # reported as missing when the image is decoded
        return None


def _is_readable(path: Path) -> bool:
    try:
        read_image(path)
    except ImageRejected:
        return False
    return True


def _duplicates(copies: Iterable[ListedImage]) -> Iterator[LeftOut]:
    by_split: dict[int, list[ListedImage]] = defaultdict(list)
    for image in copies:
        by_split[image.split].append(image)
    for same in by_split.values():
        first, *rest = same
        other = next((image for image in rest if _truth(image) != _truth(first)), None)
        if other is None:
            yield from (image.left_out("duplicate", f"the same image as {first.filename}") for image in rest)
        else:
            names = f"{first.filename} and {other.filename}"
            detail = f"{names} are the same image with different classes or groups"
            yield from (image.left_out("conflicting", detail) for image in same)


def _truth(image: ListedImage) -> tuple[int, int | None]:
    return image.label, image.attribute
