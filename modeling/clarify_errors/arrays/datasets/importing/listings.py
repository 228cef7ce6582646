"""Listed images, and the folders and names that list them. No image is opened here."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from clarify_errors.arrays.datasets.dataset_files import SPLIT_WORDS, Split
from clarify_errors.arrays.datasets.importing.import_errors import BadSource, OutsideRoot
from clarify_errors.arrays.datasets.importing.listed_images import ListedImage, ListedImages


@dataclass(frozen=True, eq=False)
class Source:
    """A folder's listing.

    Attributes
    ----------
    format : str
    root : pathlib.Path
    images : ListedImages
    class_names : tuple of str
        Indexed by labels.
    attribute_names : tuple of str
        Indexed by attributes; empty without groups.
    """

    format: str
    root: Path
    images: ListedImages
    class_names: tuple[str, ...]
    attribute_names: tuple[str, ...] = ()


def listed(root: Path, images: Iterable[ListedImage], table: Path | None = None) -> ListedImages:
    """List images, whose paths stay inside the root, with links resolved.

    Parameters
    ----------
    root : pathlib.Path
    images : iterable of ListedImage
    table : pathlib.Path, optional
        What lists them, for messages.

    Returns
    -------
    ListedImages

    Raises
    ------
    BadSource
        If a name is empty, cannot name a file, or is listed twice.
    OutsideRoot
        If a path leads out of the root.
    """
    found, inside = ListedImages(), root.resolve()
    for image in images:
        name, line = image.filename, image.place or None
        where, pure = table or root / name, PurePosixPath(name)
        if not name or "\0" in name:
            raise BadSource(where, "the file name is empty or contains a NUL", line)
        if pure.is_absolute() or ".." in pure.parts or not (root / pure).resolve().is_relative_to(inside):
            raise OutsideRoot(where, f"{name!r} leads out of {root}", line)
        if (first := found.add(image)) is not None:
            raise BadSource(where, f"{name} is already listed in line {first.place}", line)
    return found


def images_in_folder(root: Path, paths: Iterable[Path], split: Split, label: int) -> Iterator[ListedImage]:
    """Yield the images of files in the folder of a class.

    Parameters
    ----------
    root : pathlib.Path
    paths : iterable of pathlib.Path
    split : Split
    label : int

    Yields
    ------
    ListedImage

    Raises
    ------
    BadSource
        If a file is a folder.
    """
    for path in paths:
        if path.is_dir():
            raise BadSource(path, "the folder of a class must not contain folders")
        yield ListedImage(path.relative_to(root).as_posix(), split, label)


def split_folders(root: Path) -> Iterator[tuple[Split, Path]]:
    """Yield the folders of splits, the only ones there.

    Parameters
    ----------
    root : pathlib.Path

    Yields
    ------
    split : Split
    folder : pathlib.Path

    Raises
    ------
    BadSource
        If there is none, another folder, or two of a split.
    """
    taken: dict[Split, Path] = {}
    for part in visible(root):
        if not part.is_dir():
            continue
        if part.name not in SPLIT_WORDS:
            raise BadSource(part, f"this folder is not one of the splits {', '.join(SPLIT_WORDS)}")
        split = SPLIT_WORDS[part.name]
        if split in taken:
            raise BadSource(root, f"{taken[split].name} and {part.name} are the same split")
        taken[split] = part
        yield split, part
    if not taken:
        raise BadSource(root, "there is no folder train, validation (or val) or test")


def split_said(where: Path, words: Iterable[str], what: str) -> Split:
    """Return the split that words say.

    Parameters
    ----------
    where : pathlib.Path
        Named in the message.
    words : iterable of str
        Of which some may be others.
    what : str
        What has the words, for the message.

    Returns
    -------
    Split

    Raises
    ------
    BadSource
        If it is none, or several.
    """
    found = {SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS}
    if len(found) != 1:
        raise BadSource(where, f"{what} must have one of the words {', '.join(SPLIT_WORDS)}")
    return found.pop()


def class_folders(root: Path, part: Path) -> list[Path]:
    """List the folders of classes in the folder of a split.

    Parameters
    ----------
    root, part : pathlib.Path

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    BadSource
        If it has a file.
    OutsideRoot
        If a link leads out of the root.
    """
    folders = visible(part)
    for folder in folders:
        if not folder.is_dir():
            raise BadSource(folder, "the folder of a split must contain one folder per class and no files")
    return [within(root, folder) for folder in folders]


def within(root: Path, path: Path) -> Path:
    """Return a path that stays inside the root, with links resolved.

    Parameters
    ----------
    root, path : pathlib.Path

    Returns
    -------
    pathlib.Path
        The path as it is.

    Raises
    ------
    OutsideRoot
        If it is a link that leads out of the root.
    """
    if not path.resolve().is_relative_to(root.resolve()):
        raise OutsideRoot(path, f"this link leads out of {root}")
    return path


def visible(folder: Path) -> list[Path]:
    """List what is in a folder and not hidden, by name.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    BadSource
        If it cannot be read.
    """
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise BadSource(folder, str(error.strerror)) from error


def files_by_folder(root: Path) -> Iterator[list[Path]]:
    """Yield the files of each folder, at any depth.

    Hidden files and folders are passed over.

    Parameters
    ----------
    root : pathlib.Path

    Yields
    ------
    list of pathlib.Path
        By name.
    """
    for parent, folders, names in os.walk(root):  # `rglob` would keep all that it has found
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = (Path(parent, name) for name in sorted(names) if not name.startswith("."))
        if files := [path for path in paths if path.is_file()]:
            yield files


def numbered(names: Iterable[str]) -> dict[str, int]:
    """Number names from 0.

    Parameters
    ----------
    names : iterable of str

    Returns
    -------
    dict of str to int
    """
    return {name: number for number, name in enumerate(names)}


def in_order(ids: Iterable[str]) -> list[str]:
    """Sort ids: numbers by value, then others by letter.

    Parameters
    ----------
    ids : iterable of str

    Returns
    -------
    list of str

    Examples
    --------
    >>> in_order({"10", "9", "n01440764"})
    ['9', '10', 'n01440764']
    """
    return sorted(ids, key=lambda name: (not name.isdecimal(), int(name) if name.isdecimal() else 0, name))


def classes_said(
    where: Path, said: Iterable[str], class_names: Sequence[str]
) -> tuple[tuple[str, ...], dict[str, int]]:
    """Name the classes of images that say their class by name or by number.

    Parameters
    ----------
    where : pathlib.Path
        Named in the message.
    said : iterable of str
    class_names : sequence of str
        Numbers count from the first; if empty, what is said, sorted.

    Returns
    -------
    names : tuple of str
    label_of : dict of str to int
        By name and by number; a name that reads as a number wins.

    Raises
    ------
    BadSource
        If no names are given, and the numbers have gaps.
    """
    names = tuple(class_names) or tuple(in_order(set(said)))
    if not class_names and names[-1].isdecimal() and names != tuple(map(str, range(len(names)))):
        raise BadSource(where, f"its classes are the numbers {names[0]} to {names[-1]} with gaps: give the class names")
    return names, {**numbered(map(str, range(len(names)))), **numbered(names)}
