"""Listings of image folders: the images, and the split, class and group of each.

No image is opened here. The formats are those of FORMATS (docs/engineers/datasets.md).
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, groupby
from pathlib import Path, PurePosixPath

from clarify_errors.arrays.datasets.dataset_files import SPLIT_WORDS, Split
from clarify_errors.arrays.datasets.importing.imagenet_folders import read_imagenet
from clarify_errors.arrays.datasets.importing.import_errors import BadSource
from clarify_errors.arrays.datasets.importing.listed_images import ListedImage
from clarify_errors.arrays.datasets.importing.listings import (
    Source,
    class_folders,
    classes_said,
    files_by_folder,
    images_in_folder,
    listed,
    numbered,
    split_folders,
    split_said,
    visible,
)
from clarify_errors.arrays.datasets.importing.table_lines import Line, csv_lines, line_of, require_columns, word_lines

SPLIT_NUMBERS = {str(int(split)): split for split in Split}
SHARDS = "shards"  # the format of which `read_source` takes what is unpacked
EMBEDDINGS, HUGGINGFACE = "embeddings", "huggingface"  # what workers alone can read
SHARD_IMAGES = ("jpg", "jpeg", "png", "webp", "bmp")
SHARD_LABELS = ("cls", "label", "class")  # fields of a sample's JSON that may name its class
CELEBA_FOLDERS = ("img_align_celeba", "img_align_celeba/img_align_celeba", "Img/img_align_celeba")

TABLES = {  # formats of a metadata.csv: what they are called where one is chosen, and the columns they need
    "csv": ("Images with a table", ("filename", "split", "class")),
    "waterbirds": ("Images with a table as Waterbirds has it", ("img_filename", "y", "split", "place")),
}
_CUB_SPECIES = re.compile(r"\d{3}\.[^/]+/")  # the folders of the birds, such as 001.Black_footed_Albatross

Names = tuple[str, ...]


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
        Default: from the data (`imagefolder`, `imagenet`, `shards`, `csv`) or the benchmark (`waterbirds`, `celeba`);
        numbers where the images are not those of Waterbirds.

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
    if attribute_names and source_format in _WITHOUT_GROUPS:
        raise BadSource(path, f"the format {source_format} has no attributes: use the format csv for groups")
    source = reader(path, tuple(class_names), tuple(attribute_names))
    if not len(source.images):
        raise BadSource(path, "it lists no images")
    return source


def _imagefolder(root: Path, class_names: Names, _: Names) -> Source:
    """Read `root/{train,validation|val,test}/CLASS/FILE`.

    Hidden files are skipped. Other files are listed even if they are not images, so that the report names them.
    """
    found = [(split, folder) for split, part in split_folders(root) for folder in class_folders(root, part)]
    names = class_names or tuple(sorted({folder.name for _, folder in found}))
    label_of = numbered(names)
    if unknown := [folder for _, folder in found if folder.name not in label_of]:
        raise BadSource(unknown[0], f"this folder is not one of the classes {', '.join(names)}")
    images = (images_in_folder(root, visible(folder), split, label_of[folder.name]) for split, folder in found)
    return Source("imagefolder", root, listed(root, chain.from_iterable(images)), names)


def _imagenet(root: Path, class_names: Names, _: Names) -> Source:
    return read_imagenet(root, class_names)


def _shards(root: Path, class_names: Names, _: Names) -> Source:
    """Read unpacked samples of WebDataset: `KEY.jpg` beside `KEY.cls` or `KEY.json`, in a folder for each shard.

    The split is a folder's name, or a part of a shard's: `train/0000/KEY.jpg`, `imagenet-train-0000/KEY.jpg`.
    """
    if next(_samples(root), None) is None:
        raise BadSource(root, "there is no shard (*.tar) with samples, here or in a folder of a split")
    said_ones = {_class_of_sample(*sample) for sample in (() if class_names else _samples(root))}
    names, label_of = classes_said(root, said_ones, class_names)

    def images() -> Iterator[ListedImage]:
        for key, files in _samples(root):
            pictures = [files[ending] for ending in SHARD_IMAGES if ending in files]
            if len(pictures) != 1:
                raise BadSource(key, f"this sample has {len(pictures)} images ({', '.join(SHARD_IMAGES)}), not one")
            if (said := _class_of_sample(key, files)) not in label_of:
                raise BadSource(key, f"its class {said!r} is not one of the {len(names)} classes")
            filename = pictures[0].relative_to(root).as_posix()
            yield ListedImage(filename, _split_of_shard(root, filename), label_of[said])

    return Source(SHARDS, root, listed(root, images()), names)


def _samples(root: Path) -> Iterator[tuple[Path, Mapping[str, Path]]]:
    """Yield each sample and its files by their endings, folder by folder; hidden ones are skipped."""
    for paths in files_by_folder(root):
        parts = sorted((*path.name.partition("."), path) for path in paths)
        for key, some in groupby(parts, lambda part: part[0]):
            yield paths[0].with_name(key), {ending.lower(): path for _, _, ending, path in some}


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
    return split_said(root / first, words, "the shard's name")


def _csv(path: Path, class_names: Names, attribute_names: Names) -> Source:
    """Read a CSV file, or the `metadata.csv` of a folder: filename, split, class and maybe attribute."""
    table = path / "metadata.csv" if path.is_dir() else path
    said: dict[str, set[str]] = {"class": set()}
    for line in _table_lines(table, "csv"):
        for column in ("class", "attribute") if "attribute" in line.cells else ("class",):
            if not line.cells[column]:
                raise line.wrong(f"the {column} is empty")
            said.setdefault(column, set()).add(line.cells[column])
    grouped = "attribute" in said
    if attribute_names and not grouped:
        raise BadSource(table, "attribute names are given, but there is no column attribute")
    class_names = class_names or tuple(sorted(said["class"]))
    attribute_names = attribute_names or tuple(sorted(said.get("attribute", ())))
    of_class, of_group = ("class", numbered(class_names)), ("attribute", numbered(attribute_names))
    lines = _table_lines(table, "csv")
    images = _images(lines, "filename", ("split", SPLIT_WORDS), of_class, of_group if grouped else None)
    return Source("csv", table.parent, listed(table.parent, images, table), class_names, attribute_names)


def _waterbirds(root: Path, class_names: Names, attribute_names: Names) -> Source:
    """Read a `metadata.csv` as Waterbirds has it: img_filename, y, split (0, 1, 2) and place.

    Names of its own have the images of Waterbirds alone: those of others are numbers.
    """
    table = root / "metadata.csv"
    lines = partial(_table_lines, table, "waterbirds")
    is_waterbirds = all(_CUB_SPECIES.match(line.cells["img_filename"]) for line in lines())
    class_names = class_names or (("landbird", "waterbird") if is_waterbirds else _neutral(lines(), "y", "class"))
    attribute_names = attribute_names or (("land", "water") if is_waterbirds else _neutral(lines(), "place", "place"))
    labels = numbered(map(str, range(len(class_names))))
    places = numbered(map(str, range(len(attribute_names))))
    images = _images(lines(), "img_filename", ("split", SPLIT_NUMBERS), ("y", labels), ("place", places))
    return Source("waterbirds", root, listed(root, images, table), class_names, attribute_names)


def _celeba(root: Path, class_names: Names, attribute_names: Names) -> Source:
    """Read CelebA as published (`.txt`) or as on Kaggle (`.csv`): the class is Blond_Hair, the attribute Male."""
    class_names = class_names or ("not blond", "blond")
    attribute_names = attribute_names or ("female", "male")
    for names in (class_names, attribute_names):
        if len(names) != 2:
            raise BadSource(root, f"celeba has two classes and two attributes, but {len(names)} names are given")
    folder = next((name for name in CELEBA_FOLDERS if (root / name).is_dir()), None)
    if folder is None:
        raise BadSource(root, f"there is no folder {' or '.join(CELEBA_FOLDERS)}")
    table, partition, attributes = _celeba_lines(root)
    splits = {line.cells["image_id"]: line.one_of("partition", SPLIT_NUMBERS) for line in partition}
    binary = {"-1": 0, "0": 0, "1": 1}

    def images() -> Iterator[ListedImage]:
        for line in attributes:
            name = line.cells["image_id"]
            if name not in splits:
                raise line.wrong(f"{name} is not listed in list_eval_partition")
            label, attribute = line.one_of("Blond_Hair", binary), line.one_of("Male", binary)
            yield ListedImage(f"{folder}/{name}", splits[name], label, attribute, line.number)

    return Source("celeba", root, listed(root, images(), table), class_names, attribute_names)


FORMATS: dict[str, Callable[[Path, Names, Names], Source]] = {
    "imagefolder": _imagefolder,
    "imagenet": _imagenet,
    SHARDS: _shards,
    "csv": _csv,
    "waterbirds": _waterbirds,
    "celeba": _celeba,
}
ALL_FORMATS = (*FORMATS, HUGGINGFACE, EMBEDDINGS)
_WITHOUT_GROUPS = ("imagefolder", "imagenet", SHARDS)


def _neutral(lines: Iterable[Line], column: str, kind: str) -> Names:
    """Name what the numbers of a column stand for, of which there are at least two."""
    said = {line.cells[column] for line in lines if line.cells[column].isdecimal()}
    return tuple(f"{kind} {number}" for number in range(max(2, len(said))))


def _table_lines(table: Path, source_format: str) -> Iterator[Line]:
    """Read a table of TABLES; one with the columns of another format is refused with that format's name."""
    others = {
        f"choose “{title}” (--format {name})": columns
        for name, (title, columns) in TABLES.items()
        if name != source_format
    }
    return csv_lines(table, TABLES[source_format][1], others)


def _images(
    lines: Iterable[Line],
    name: str,
    split: tuple[str, Mapping[str, Split]],
    label: tuple[str, Mapping[str, int]],
    attribute: tuple[str, Mapping[str, int]] | None,
) -> Iterator[ListedImage]:
    """Yield what lines say in four columns; those of split, label and attribute with what their words stand for."""
    for line in lines:
        group = None if attribute is None else line.one_of(*attribute)
        yield ListedImage(line.cells[name], line.one_of(*split), line.one_of(*label), group, line.number)


def _celeba_lines(root: Path) -> tuple[Path, Iterable[Line], Iterable[Line]]:
    """Return list_attr_celeba, and the lines of list_eval_partition and of it, with the columns that are needed."""
    wanted = ("image_id", "Blond_Hair", "Male")
    table = root / "list_attr_celeba.csv"
    if table.exists():
        partition = csv_lines(root / "list_eval_partition.csv", ("image_id", "partition"))
        return table, partition, csv_lines(table, wanted)
    table, splits = root / "list_attr_celeba.txt", root / "list_eval_partition.txt"
    if not table.exists():
        raise BadSource(root, "there is no list_attr_celeba.txt or list_attr_celeba.csv")
    names = next((cells for number, cells in word_lines(table) if number == 2), [])  # line 1 counts the images
    header = ["image_id", *names]
    require_columns(table, header, wanted)
    return (
        table,
        (line_of(splits, number, ["image_id", "partition"], cells) for number, cells in word_lines(splits)),
        (line_of(table, number, header, cells) for number, cells in word_lines(table) if number > 2),
    )
