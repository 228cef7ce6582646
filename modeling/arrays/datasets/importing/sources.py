"""Listings of image folders: the images, and the split, class and group of each.

No image is opened here. The formats are those of FORMATS (docs/datasets.md).
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple, TypeVar

import numpy as np

from modeling.arrays.datasets.dataset_files import SPLIT_WORDS, Split
from modeling.arrays.datasets.importing.class_words import CLASS_WORDS, in_order, read_class_words, short_names
from modeling.arrays.datasets.importing.import_errors import BadSource, OutsideRoot

Value = TypeVar("Value")


class Line(NamedTuple):
    """One row of a listing.

    Attributes
    ----------
    file : pathlib.Path
    number : int
        Line number in the file.
    cells : mapping of str to str
        By column.
    """

    file: Path
    number: int
    cells: Mapping[str, str]

    def wrong(self, what: str) -> BadSource:
        """Make the error for this line.

        Parameters
        ----------
        what : str

        Returns
        -------
        BadSource
        """
        return BadSource(self.file, what, self.number)

    def one_of(self, column: str, known: Mapping[str, Value]) -> Value:
        """Look up what a cell stands for.

        Parameters
        ----------
        column : str
        known : mapping of str to any value

        Returns
        -------
        value of `known`

        Raises
        ------
        BadSource
            If the cell is not among the known ones.
        """
        value = self.cells[column]
        if value not in known:
            raise self.wrong(f"{column} is {value!r}, not one of {', '.join(known)}")
        return known[value]


def csv_lines(file: Path, columns: Sequence[str]) -> Iterator[Line]:
    """Yield the rows of a CSV file; blank lines are skipped.

    Parameters
    ----------
    file : pathlib.Path
    columns : sequence of str
        That the header must have.

    Yields
    ------
    Line

    Raises
    ------
    BadSource
        If the file cannot be read, is not a CSV file in UTF-8, lacks a column, or has a row of another length.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = next(reader, [])
            require_columns(file, header, columns)
            for cells in filter(None, reader):
                yield line_of(file, reader.line_num, header, cells)
    except OSError as error:
        raise BadSource(file, str(error.strerror)) from error
    except UnicodeDecodeError as error:
        raise BadSource(file, f"it is not UTF-8: {error.reason}") from error
    except csv.Error as error:
        raise BadSource(file, f"it is not a CSV file: {error}", reader.line_num) from error


def word_lines(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the words of each line that is not blank.

    Parameters
    ----------
    file : pathlib.Path

    Yields
    ------
    number : int
        Line number.
    words : list of str

    Raises
    ------
    BadSource
        If the file cannot be read or is not UTF-8.
    """
    try:
        with file.open(encoding="utf-8") as stream:
            for number, text in enumerate(stream, 1):
                if cells := text.split():
                    yield number, cells
    except OSError as error:
        raise BadSource(file, str(error.strerror)) from error
    except UnicodeDecodeError as error:
        raise BadSource(file, f"it is not UTF-8: {error.reason}") from error


def line_of(file: Path, number: int, header: Sequence[str], cells: Sequence[str]) -> Line:
    """Make a line from its cells.

    Parameters
    ----------
    file : pathlib.Path
    number : int
    header, cells : sequence of str

    Returns
    -------
    Line

    Raises
    ------
    BadSource
        If the numbers of cells differ.
    """
    if len(cells) != len(header):
        raise BadSource(file, f"it has {len(cells)} cells, but the header has {len(header)}", number)
    return Line(file, number, dict(zip(header, cells, strict=True)))


def require_columns(file: Path, header: Sequence[str], columns: Sequence[str]) -> None:
    """Check that a header has certain columns.

    Parameters
    ----------
    file : pathlib.Path
    header, columns : sequence of str

    Raises
    ------
    BadSource
        If a column is missing.
    """
    missing = [column for column in columns if column not in header]
    if missing:
        raise BadSource(file, f"the header lacks {', '.join(missing)}", 1)


SPLIT_NUMBERS = {str(int(split)): split for split in Split}
SHARDS = "shards"  # the format of which `read_source` takes what is unpacked
SHARD_IMAGES = ("jpg", "jpeg", "png", "webp", "bmp")
SHARD_LABELS = ("cls", "label", "class")  # fields of a sample's JSON that may name its class
HALVES_SEED = 0  # of the halves of ImageNet's validation images
CELEBA_FOLDERS = ("img_align_celeba", "img_align_celeba/img_align_celeba", "Img/img_align_celeba")


class Listed(NamedTuple):
    """What a listing says about an image.

    Attributes
    ----------
    filename : str
        Relative to the source's root, with "/".
    split : Split
    label : int
    attribute : int or None
        None without groups.
    """

    filename: str
    split: Split
    label: int
    attribute: int | None


@dataclass(frozen=True)
class SourceImage:
    """One listed image.

    Attributes
    ----------
    path : pathlib.Path
    filename : str
        Relative to the source's root, with "/".
    split : Split
    label : int
    attribute : int or None
        None without groups.
    """

    path: Path
    filename: str
    split: Split
    label: int
    attribute: int | None


@dataclass(frozen=True)
class Source:
    """A folder's listing.

    Attributes
    ----------
    format : str
    root : pathlib.Path
    images : sequence of SourceImage
    class_names : tuple of str
        Indexed by labels.
    attribute_names : tuple of str
        Indexed by attributes; empty without groups.
    """

    format: str
    root: Path
    images: Sequence[SourceImage]
    class_names: tuple[str, ...]
    attribute_names: tuple[str, ...]


def read_source(
    source_format: str,
    path: Path,
    class_names: Sequence[str] = (),
    attribute_names: Sequence[str] = (),
) -> Source:
    """Read the listing of a folder.

    Parameters
    ----------
    source_format : {"imagefolder", "imagenet", "shards", "csv", "waterbirds", "celeba"}
    path : pathlib.Path
        A folder; for `csv` also a file.
    class_names, attribute_names : sequence of str, optional
        Default: from the data (`imagefolder`, `imagenet`, `csv`) or the benchmark (`waterbirds`, `celeba`).

    Returns
    -------
    Source
        With at least one image.

    Raises
    ------
    BadSource
        If anything is unknown, missing or listed twice; the message names file and line.
    OutsideRoot
        If a path leads out of the folder.
    """
    reader = FORMATS.get(source_format)
    if reader is None:
        raise BadSource(path, f"the format {source_format!r} is not one of {', '.join(FORMATS)}")
    if not path.exists():
        raise BadSource(path, "there is no such file or folder")
    for names in (class_names, attribute_names):
        if len(set(names)) < len(names) or not all(names):
            raise BadSource(path, f"the names {', '.join(names)!r} must be different and not empty")
    source = reader(path, tuple(class_names), tuple(attribute_names))
    if not source.images:
        raise BadSource(path, "it lists no images")
    return source


def read_imagefolder(root: Path, class_names: tuple[str, ...], attribute_names: tuple[str, ...]) -> Source:
    """Read `root/{train,validation|val,test}/CLASS/FILE`.

    Hidden files are skipped. Other files are listed even if they are not images, so that the report names them.

    Parameters
    ----------
    root : pathlib.Path
    class_names : tuple of str
        If empty, the sorted names of the folders.
    attribute_names : tuple of str
        Must be empty.

    Returns
    -------
    Source

    Raises
    ------
    BadSource
        If the folders do not have this layout, or attribute names are given.
    OutsideRoot
        If a link leads out of the folder.
    """
    if attribute_names:
        raise BadSource(root, "the format imagefolder has no attributes: use the format csv for groups")
    found = [(split, folder) for split, part in _split_folders(root) for folder in _folders(root, part)]
    names = class_names or tuple(sorted({folder.name for _, folder in found}))
    label_of = {name: label for label, name in enumerate(names)}
    images = []
    for split, folder in found:
        if folder.name not in label_of:
            raise BadSource(folder, f"this folder is not one of the classes {', '.join(names)}")
        images += [_in_folder(root, path, split, label_of[folder.name]) for path in _visible(folder)]
    return Source("imagefolder", root, images, names, ())


def read_imagenet(root: Path, class_names: tuple[str, ...], attribute_names: tuple[str, ...]) -> Source:
    """Read `root/{train,val}/ID/FILE`, or `root/ID/FILE` of a second test set.

    The latter is such as ImageNet-V2. Half of the images of each class in `val` are the validation split, the others
    the test split, drawn with HALVES_SEED; with class folders in `test`, these are the test split. An ID is a wnid, or
    the number of the class.

    Parameters
    ----------
    root : pathlib.Path
        May have one of the files CLASS_WORDS.
    class_names : tuple of str
        In the order of ids; if empty, the words of that file, else the ids.
    attribute_names : tuple of str
        Must be empty.

    Returns
    -------
    Source

    Raises
    ------
    BadSource
        If the folders do not have this layout, a split lacks a class, or attribute names are given.
    OutsideRoot
        If a link leads out of the folder.
    """
    if attribute_names:
        raise BadSource(root, "the format imagenet has no attributes: use the format csv for groups")
    words = read_class_words(root)
    parts = _imagenet_parts(root)
    ids = list(words) or in_order({folder.name for _, folders in parts for folder in folders})
    names = class_names or short_names(words or {each: each for each in ids})
    if len(names) != len(ids):
        raise BadSource(root, f"{len(names)} names are given for {len(ids)} classes")
    label_of = {**_numbered([str(number) for number in range(len(ids))] if words else []), **_numbered(ids)}
    halved = not any(split == Split.TEST for split, _ in parts)
    images: list[SourceImage] = []
    for split, folders in parts:
        missing = dict(enumerate(ids))
        for folder in folders:
            label = label_of.get(folder.name)
            if label is None:
                raise BadSource(folder, f"this folder is not one of the {len(ids)} classes that are named")
            if missing.pop(label, None) is None:
                raise BadSource(folder, f"another folder is of the class {ids[label]} too")
            paths = _visible(folder)
            order = np.random.default_rng([HALVES_SEED, label]).permutation(len(paths))
            for place, path in zip(order, paths, strict=True):
                is_test = halved and split == Split.VALIDATION and place >= (len(paths) + 1) // 2
                images.append(_in_folder(root, path, Split.TEST if is_test else split, label))
        if missing:
            lacking, where = next(iter(missing.values())), folders[0].parent if folders else root
            raise BadSource(where, f"the class {lacking} has no folder. Add it, or leave it out of {CLASS_WORDS[1]}")
    return Source("imagenet", root, images, names, ())


def _imagenet_parts(root: Path) -> list[tuple[Split, list[Path]]]:
    """Return the class folders of each split; `test` is passed over if it has none: its labels are not published."""
    inside = [path for path in _visible(root) if path.is_dir()]
    if not any(path.name in SPLIT_WORDS for path in inside):
        if inside and all(path.name.isdecimal() for path in inside) and not read_class_words(root):
            raise BadSource(
                root, f"its folders are numbers: add {' or '.join(CLASS_WORDS)} of the data set it belongs to"
            )
        return [(Split.TEST, [_inside(root, path) for path in inside])] if inside else []
    return [
        (split, _folders(root, part))
        for split, part in _split_folders(root)
        if split != Split.TEST or any(path.is_dir() for path in _visible(part))
    ]


def read_shards(root: Path, class_names: tuple[str, ...], attribute_names: tuple[str, ...]) -> Source:
    """Read unpacked samples of WebDataset: `KEY.jpg` beside `KEY.cls` or `KEY.json`.

    The split is a folder's name, or a part of a shard's: `train/0000/KEY.jpg`, `imagenet-train-0000/KEY.jpg`.

    Parameters
    ----------
    root : pathlib.Path
        Has a folder for each shard, as `archives.unpack_shards` makes them.
    class_names : tuple of str
        Numbers in the samples count from the first; if empty, what the samples say, sorted.
    attribute_names : tuple of str
        Must be empty.

    Returns
    -------
    Source

    Raises
    ------
    BadSource
        If a sample has no image, class or split, or a class that is not known.
    OutsideRoot
        If a link leads out of the folder.
    """
    if attribute_names:
        raise BadSource(root, "the format shards has no attributes: use the format csv for groups")
    samples: dict[str, dict[str, Path]] = {}
    for path in sorted(root.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if path.is_file() and not hidden:
            name, _, ending = path.name.partition(".")
            samples.setdefault((path.parent / name).relative_to(root).as_posix(), {})[ending.lower()] = path
    if not samples:
        raise BadSource(root, "there is no shard (*.tar) with samples, here or in a folder of a split")
    said = {key: _class_of_sample(root / key, files) for key, files in samples.items()}
    names = class_names or tuple(in_order(set(said.values())))
    if not class_names and names[-1].isdecimal() and names != tuple(map(str, range(len(names)))):
        raise BadSource(root, f"its classes are the numbers {names[0]} to {names[-1]} with gaps: give the class names")
    label_of = {**_numbered([str(number) for number in range(len(names))]), **_numbered(names)}
    images = []
    for key, files in samples.items():
        pictures = [files[ending] for ending in SHARD_IMAGES if ending in files]
        if len(pictures) != 1:
            raise BadSource(root / key, f"this sample has {len(pictures)} images ({', '.join(SHARD_IMAGES)}), not one")
        if said[key] not in label_of:
            raise BadSource(root / key, f"its class {said[key]!r} is not one of the {len(names)} classes")
        filename = pictures[0].relative_to(root).as_posix()
        listed = Listed(filename, _split_of_shard(root, filename), label_of[said[key]], None)
        images.append(_image(root, listed, pictures[0]))
    return Source(SHARDS, root, images, names, ())


def _class_of_sample(key: Path, files: Mapping[str, Path]) -> str:
    """Return the name or number of a sample's class."""
    given: object = None
    try:
        if "cls" in files:
            given = files["cls"].read_text("utf-8").strip()
        elif "json" in files:
            fields = json.loads(files["json"].read_text("utf-8"))
            given = next((fields[name] for name in SHARD_LABELS if name in fields), None)
    except (OSError, ValueError, TypeError) as error:
        raise BadSource(key, f"the class of this sample cannot be read: {error}") from error
    if isinstance(given, bool) or not isinstance(given, str | int) or given == "":
        raise BadSource(key, f"this sample has no class: it needs KEY.cls, or {', '.join(SHARD_LABELS)} in KEY.json")
    return str(given)


def _split_of_shard(root: Path, filename: str) -> Split:
    first, *rest = PurePosixPath(filename).parts
    words = [first] if first in SPLIT_WORDS and len(rest) > 1 else re.split(r"[-_.]", first)
    found = {SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS}
    if len(found) != 1:
        raise BadSource(root / first, f"the shard's name must have one of the words {', '.join(SPLIT_WORDS)}")
    return found.pop()


def read_csv(path: Path, class_names: tuple[str, ...], attribute_names: tuple[str, ...]) -> Source:
    """Read a CSV file with the columns filename, split, class and maybe attribute.

    Parameters
    ----------
    path : pathlib.Path
        The file, or a folder with a `metadata.csv`.
    class_names, attribute_names : tuple of str
        If empty, the sorted values of the column.

    Returns
    -------
    Source

    Raises
    ------
    BadSource
        If the file cannot be read, or a cell is empty, unknown or listed twice.
    OutsideRoot
        If a path leads out of the folder.
    """
    table = path / "metadata.csv" if path.is_dir() else path
    lines = list(csv_lines(table, ("filename", "split", "class")))
    grouped = bool(lines) and "attribute" in lines[0].cells
    if attribute_names and not grouped:
        raise BadSource(table, "attribute names are given, but there is no column attribute")
    columns = ("class", "attribute") if grouped else ("class",)
    for line in lines:
        for column in columns:
            if not line.cells[column]:
                raise line.wrong(f"the {column} is empty")
    class_names = class_names or _distinct(lines, "class")
    attribute_names = attribute_names or (_distinct(lines, "attribute") if grouped else ())
    return _listed(
        "csv",
        table.parent,
        lines,
        class_names,
        attribute_names,
        lambda line: Listed(
            line.cells["filename"],
            line.one_of("split", SPLIT_WORDS),
            line.one_of("class", _numbered(class_names)),
            line.one_of("attribute", _numbered(attribute_names)) if grouped else None,
        ),
    )


def read_waterbirds(root: Path, class_names: tuple[str, ...], attribute_names: tuple[str, ...]) -> Source:
    """Read a `metadata.csv` with the columns of Waterbirds.

    These are img_filename, y, split (0, 1, 2) and place.

    Parameters
    ----------
    root : pathlib.Path
    class_names, attribute_names : tuple of str
        If empty, those of the benchmark.

    Returns
    -------
    Source

    Raises
    ------
    BadSource
        If the file cannot be read, or a cell is unknown or listed twice.
    OutsideRoot
        If a path leads out of the folder.
    """
    class_names = class_names or ("landbird", "waterbird")
    attribute_names = attribute_names or ("land", "water")
    labels = {str(label): label for label in range(len(class_names))}
    places = {str(place): place for place in range(len(attribute_names))}
    return _listed(
        "waterbirds",
        root,
        csv_lines(root / "metadata.csv", ("img_filename", "y", "split", "place")),
        class_names,
        attribute_names,
        lambda line: Listed(
            line.cells["img_filename"],
            line.one_of("split", SPLIT_NUMBERS),
            line.one_of("y", labels),
            line.one_of("place", places),
        ),
    )


def read_celeba(root: Path, class_names: tuple[str, ...], attribute_names: tuple[str, ...]) -> Source:
    """Read CelebA as published (`.txt`) or as on Kaggle (`.csv`).

    The class is Blond_Hair, the attribute Male.

    Parameters
    ----------
    root : pathlib.Path
    class_names, attribute_names : tuple of str
        Two names each; if empty, those of the benchmark.

    Returns
    -------
    Source

    Raises
    ------
    BadSource
        If files or columns are missing, or a cell is unknown or listed twice.
    OutsideRoot
        If a path leads out of the folder.
    """
    class_names = class_names or ("not blond", "blond")
    attribute_names = attribute_names or ("female", "male")
    for names in (class_names, attribute_names):
        if len(names) != 2:
            raise BadSource(root, f"celeba has two classes and two attributes, but {len(names)} names are given")
    folder = next((name for name in CELEBA_FOLDERS if (root / name).is_dir()), None)
    if folder is None:
        raise BadSource(root, f"there is no folder {' or '.join(CELEBA_FOLDERS)}")
    partition, attributes = _celeba_lines(root)
    splits = {line.cells["image_id"]: line.one_of("partition", SPLIT_NUMBERS) for line in partition}
    binary = {"-1": 0, "0": 0, "1": 1}

    def read(line: Line) -> Listed:
        name = line.cells["image_id"]
        if name not in splits:
            raise line.wrong(f"{name} is not listed in list_eval_partition")
        label, attribute = line.one_of("Blond_Hair", binary), line.one_of("Male", binary)
        return Listed(f"{folder}/{name}", splits[name], label, attribute)

    return _listed("celeba", root, attributes, class_names, attribute_names, read)


FORMATS: dict[str, Callable[[Path, tuple[str, ...], tuple[str, ...]], Source]] = {
    "imagefolder": read_imagefolder,
    "imagenet": read_imagenet,
    SHARDS: read_shards,
    "csv": read_csv,
    "waterbirds": read_waterbirds,
    "celeba": read_celeba,
}


def _listed(
    source_format: str,
    root: Path,
    lines: Iterable[Line],
    class_names: tuple[str, ...],
    attribute_names: tuple[str, ...],
    read: Callable[[Line], Listed],
) -> Source:
    """Make a source from a table: `read` gives what a line says of its image."""
    images: list[SourceImage] = []
    first: dict[str, int] = {}
    for line in lines:
        listed = read(line)
        if listed.filename in first:
            raise line.wrong(f"{listed.filename} is already listed in line {first[listed.filename]}")
        first[listed.filename] = line.number
        images.append(_image(root, listed, line.file, line.number))
    return Source(source_format, root, images, class_names, attribute_names)


def _image(root: Path, listed: Listed, where: Path, line: int | None = None) -> SourceImage:
    """Make a listed image whose path must stay inside the root, with links resolved."""
    filename = listed.filename
    if not filename or "\0" in filename:
        raise BadSource(where, "the file name is empty or contains a NUL", line)
    pure = PurePosixPath(filename)
    path = root / pure
    inside = not pure.is_absolute() and ".." not in pure.parts and path.resolve().is_relative_to(root.resolve())
    if not inside:
        raise OutsideRoot(where, f"{filename!r} leads out of {root}", line)
    return SourceImage(path, *listed)


def _split_folders(root: Path) -> Iterator[tuple[Split, Path]]:
    present = [part for part in _visible(root) if part.is_dir()]
    taken: dict[Split, Path] = {}
    for part in present:
        if part.name not in SPLIT_WORDS:
            raise BadSource(part, f"this folder is not one of the splits {', '.join(SPLIT_WORDS)}")
        split = SPLIT_WORDS[part.name]
        if split in taken:
            raise BadSource(root, f"{taken[split].name} and {part.name} are the same split")
        taken[split] = part
        yield split, part
    if not taken:
        raise BadSource(root, "there is no folder train, validation (or val) or test")


def _folders(root: Path, part: Path) -> list[Path]:
    folders = []
    for path in _visible(part):
        if not path.is_dir():
            raise BadSource(path, "the folder of a split must contain one folder per class and no files")
        folders.append(_inside(root, path))
    return folders


def _inside(root: Path, folder: Path) -> Path:
    if not folder.resolve().is_relative_to(root.resolve()):
        raise OutsideRoot(folder, f"this link leads out of {root}")
    return folder


def _in_folder(root: Path, path: Path, split: Split, label: int) -> SourceImage:
    if path.is_dir():
        raise BadSource(path, "the folder of a class must not contain folders")
    return _image(root, Listed(path.relative_to(root).as_posix(), split, label, None), path)


def _visible(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise BadSource(folder, str(error.strerror)) from error


def _celeba_lines(root: Path) -> tuple[Iterable[Line], Iterable[Line]]:
    """Return the lines of list_eval_partition and list_attr_celeba, with the columns that are needed."""
    wanted = ("image_id", "Blond_Hair", "Male")
    if (root / "list_attr_celeba.csv").exists():
        return (
            csv_lines(root / "list_eval_partition.csv", ("image_id", "partition")),
            csv_lines(root / "list_attr_celeba.csv", wanted),
        )
    attributes, partition = root / "list_attr_celeba.txt", root / "list_eval_partition.txt"
    if not attributes.exists():
        raise BadSource(root, "there is no list_attr_celeba.txt or list_attr_celeba.csv")
    names = next((cells for number, cells in word_lines(attributes) if number == 2), [])  # line 1 counts the images
    header = ["image_id", *names]
    require_columns(attributes, header, wanted)
    return (
        (line_of(partition, number, ["image_id", "partition"], cells) for number, cells in word_lines(partition)),
        (line_of(attributes, number, header, cells) for number, cells in word_lines(attributes) if number > 2),
    )


def _distinct(lines: Sequence[Line], column: str) -> tuple[str, ...]:
    return tuple(sorted({line.cells[column] for line in lines}))


def _numbered(names: Sequence[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}
