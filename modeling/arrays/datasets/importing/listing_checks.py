"""Checks of a listing by bytes alone: a digest per image, duplicates, and images in two splits."""

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from modeling.arrays.common.digests import file_sha256
from modeling.arrays.common.progress import Progress
from modeling.arrays.datasets.importing.import_errors import ImageInTwoSplits
from modeling.arrays.datasets.importing.listings import Source, SourceImage
from modeling.arrays.images.image_decoding import read_image
from modeling.arrays.images.image_files import ImageRejected

_SUBMITTED = 256  # files that threads are given at once


class LeftOut(NamedTuple):
    """A line of the report: an image that is not in the data set, and why.

    Attributes
    ----------
    filename, split, reason, detail : str
    """

    filename: str
    split: str
    reason: str
    detail: str


@dataclass(frozen=True)
class HashedImage:
    """A listed image and the digest of its bytes.

    Attributes
    ----------
    image : SourceImage
    sha256 : str or None
        64 hex digits; None if the file cannot be read.
    """

    image: SourceImage
    sha256: str | None

    def left_out(self, reason: str, detail: str) -> LeftOut:
        """Make the report's line for this image.

        Parameters
        ----------
        reason, detail : str

        Returns
        -------
        LeftOut
        """
        return LeftOut(self.image.filename, self.image.split.word, reason, detail)


def hash_images(source: Source, progress: Progress, n_threads: int = 1) -> list[HashedImage]:
    """Hash every listed image.

    Parameters
    ----------
    source : Source
    progress : Progress
        Counts images in the stage `reading`.
    n_threads : int, default 1
        How many files are read at the same time.

    Returns
    -------
    list of HashedImage
        In row order: by label, split and filename.
    """
    ordered = sorted(source.images, key=lambda image: (image.label, image.split, image.filename))
    hashed: list[HashedImage] = []
    with ThreadPoolExecutor(n_threads) as threads:
        for start in range(0, len(ordered), _SUBMITTED):
            some = ordered[start : start + _SUBMITTED]
            for image, sha256 in zip(some, threads.map(_sha256, some), strict=True):
                hashed.append(HashedImage(image, sha256))
                progress("reading", len(hashed), len(ordered))
    return hashed


def without_duplicates(hashed: Sequence[HashedImage]) -> tuple[list[HashedImage], list[LeftOut]]:
    """Separate the images to embed from duplicates.

    Within a split, the first of several files with the same bytes is kept. If their labels or attributes differ, none
    is kept.

    Parameters
    ----------
    hashed : sequence of HashedImage

    Returns
    -------
    kept : list of HashedImage
        In the same order.
    left_out : list of LeftOut

    Raises
    ------
    ImageInTwoSplits
        If a readable image is in two splits; the message names both files.
    """
    copies: dict[str, list[HashedImage]] = defaultdict(list)
    for entry in hashed:
        if entry.sha256 is not None:
            copies[entry.sha256].append(entry)
    repeated = [entries for entries in copies.values() if len(entries) > 1]
    _refuse_leaks(repeated)
    left_out = {line.filename: line for entries in repeated for line in _duplicates(entries)}
    kept = [entry for entry in hashed if entry.image.filename not in left_out]
    return kept, [left_out[entry.image.filename] for entry in hashed if entry.image.filename in left_out]


def _sha256(image: SourceImage) -> str | None:
    # Open regular files only: a named pipe would block the import forever.
    if not image.path.is_file():
        return None
    try:
        return file_sha256(image.path)
    except OSError:  # reported as missing when the image is decoded
        return None


def _refuse_leaks(repeated: Sequence[Sequence[HashedImage]]) -> None:
    leaks = []
    for entries in repeated:
        first = entries[0].image
        other = next((entry.image for entry in entries if entry.image.split != first.split), None)
        # Two damaged files with the same bytes, such as empty ones, are not an image in two splits.
        if other is not None and _is_readable(first):
            leaks.append(f"{first.filename} ({first.split.word}) and {other.filename} ({other.split.word})")
    if leaks:
        more = f"; {len(leaks) - 1} more as well" if len(leaks) > 1 else ""
        raise ImageInTwoSplits(f"the same image is in two splits: {leaks[0]}{more}")


def _is_readable(image: SourceImage) -> bool:
    try:
        read_image(image.path)
    except ImageRejected:
        return False
    return True


def _duplicates(entries: Sequence[HashedImage]) -> list[LeftOut]:
    by_split: dict[int, list[HashedImage]] = defaultdict(list)
    for entry in entries:
        by_split[entry.image.split].append(entry)
    lines: list[LeftOut] = []
    for copies in by_split.values():
        first, *rest = copies
        other = next((entry for entry in rest if _truth(entry) != _truth(first)), None)
        if other is None:
            lines += [entry.left_out("duplicate", f"the same image as {first.image.filename}") for entry in rest]
        else:
            names = f"{first.image.filename} and {other.image.filename}"
            detail = f"{names} are the same image with different classes or groups"
            lines += [entry.left_out("conflicting", detail) for entry in copies]
    return lines


def _truth(entry: HashedImage) -> tuple[int, int | None]:
    return entry.image.label, entry.image.attribute
