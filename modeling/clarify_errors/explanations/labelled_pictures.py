"""Pictures with their classes, from what people have: folders, tables, torch and Hugging Face data sets, lists."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.explanations.inputs import SPLITS, has_pictures, is_table

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"}
_SPLITS = {name: name for name in SPLITS} | {"val": "validation", "valid": "validation", "training": "train"}
_RANDOM = re.compile(r"\b(Random\w*|RandAugment|AutoAugment|TrivialAugment\w*|AugMix|ColorJitter)\b")
_READ_AGAIN = 8  # times: a flip of every second picture is then missed in 1 of 128 cases


class Selected(Sequence[Any]):
    """Some items of a sequence, each read when it is asked for.

    Parameters
    ----------
    items : sequence
    positions : sequence of int
    part : str or int, optional
        What of each item is meant, if not all of it.
    """

    def __init__(self, items: Any, positions: Sequence[int], part: str | int | None = None) -> None:
        self._items, self._positions, self._part = items, positions, part

    def __len__(self) -> int:
        return len(self._positions)

    def __getitem__(self, place: Any) -> Any:
        item = self._items[int(self._positions[place])]
        return item if self._part is None else item[self._part]


@dataclass(frozen=True, eq=False)
class LabelledPictures:
    """Pictures and what is known of each.

    Attributes
    ----------
    pictures : sequence of n paths or PIL images
    labels : sequence of n str or int, or None
        Numbers are positions among `names`, where these are known.
    names : tuple of str
        Of the classes in the order of a network's outputs; empty if the data do not tell.
    predictions, splits, groups : sequence of n str, or None
    tensors : sequence, or None
        Its items begin with what a network takes.
    """

    pictures: Sequence[Any]
    labels: Sequence[Any] | None = None
    names: tuple[str, ...] = ()
    predictions: Sequence[Any] | None = None
    splits: Sequence[str] | None = None
    groups: Sequence[Any] | None = None
    tensors: Any = None


def labelled_pictures(data: Any, pictures: Any = None) -> LabelledPictures:
    """Read what somebody has, without opening a picture.

    Parameters
    ----------
    data : path, DataFrame, torch Dataset or DataLoader, Hugging Face data set, or sequence of paths or PIL images
        A folder has a folder for each class, maybe within `train`, `validation` (or `val`) and `test`. A table (CSV or
        DataFrame) has the columns `path` and `label`, maybe `prediction`, `split` and `group`; paths in a file are
        relative to its folder.
    pictures : sequence of paths or PIL images, optional
        Of a data set that yields tensors.

    Returns
    -------
    LabelledPictures

    Raises
    ------
    BadArray
        If it is something else, is shuffled or changes at random, or lacks a column.
    """
    if isinstance(data, str | PathLike):
        read = _of_path(Path(data))
    elif isinstance(data, pd.DataFrame):
        read = _of_table(data, Path())
    elif is_table(data):
        read = _of_hugging_face(data)
    elif isinstance(data, dict):
        raise BadArray(f"pass one data set, such as data[{next(iter(data), 'validation')!r}], not a mapping of several")
    elif isinstance(data, Iterator) or (not hasattr(data, "__getitem__") and not hasattr(data, "batch_sampler")):
        raise BadArray(f"a {type(data).__name__} cannot be read twice in the same order: pass a list or a data set")
    elif has_pictures(data):
        read = LabelledPictures(list(data))
    elif isinstance(data, list | tuple | np.ndarray):
        raise BadArray("data must be pictures: paths or PIL images. For embeddings, call explain")
    else:
        read = _of_torch(data, pictures)
    if not len(read.pictures):
        raise BadArray(f"there is no picture in {data if isinstance(data, str | PathLike) else 'the data'}")
    if read.splits is not None:
        read = replace(read, splits=[_SPLITS.get(str(each), str(each)) for each in read.splits])
    return read


def _of_path(path: Path) -> LabelledPictures:
    if path.is_dir():
        return _of_folder(path)
    if not path.is_file():
        raise BadArray(f"there is no folder or table {path}")
    return _of_table(pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig"), path.parent)


def _of_folder(folder: Path) -> LabelledPictures:
    inner = sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
    divided = bool(inner) and all(each.name in _SPLITS for each in inner)
    classes = [(each, split) for split in inner for each in sorted(split.iterdir())] if divided else [
        (each, None) for each in inner
    ]  # fmt: skip
    found = [
        (path, of.name, split.name if split else "")
        for of, split in classes
        if of.is_dir()
        for path in sorted(of.rglob("*"))
        if path.suffix.lower() in _SUFFIXES
    ]
    if not found:
        raise BadArray(f"{folder} has no pictures in folders of classes, such as {folder}/dog/1.jpg")
    paths, labels, splits = map(list, zip(*found, strict=True))
    return LabelledPictures(paths, labels, tuple(sorted(set(labels))), splits=splits if divided else None)


def _of_table(table: pd.DataFrame, folder: Path) -> LabelledPictures:
    if missing := [column for column in ("path", "label") if column not in table]:
        has = ", ".join(map(str, table.columns))
        raise BadArray(f"the table has no column {' and none '.join(missing)}; it has {has}")
    more = {f"{name}s": table[name].tolist() for name in ("prediction", "split", "group") if name in table}
    return LabelledPictures([folder / str(each) for each in table["path"]], table["label"].tolist(), **more)


def _of_hugging_face(data: Any) -> LabelledPictures:
    if not hasattr(data, "__len__"):
        raise BadArray("a streaming data set cannot be read twice in the same order: load it without streaming=True")
    if isinstance(data, dict):
        raise BadArray(f"pass one of its sets, such as data[{next(iter(data))!r}]")
    if missing := [column for column in ("image", "label") if column not in data.column_names]:
        raise BadArray(f"the data set has no column {missing[0]}; it has {', '.join(data.column_names)}")
    names = tuple(getattr(data.features["label"], "names", None) or ())
    more = {f"{name}s": list(data[name]) for name in ("prediction", "split", "group") if name in data.column_names}
    return LabelledPictures(Selected(data, range(len(data)), "image"), list(data["label"]), names, **more)


def _of_torch(data: Any, pictures: Any) -> LabelledPictures:
    if hasattr(data, "batch_sampler"):  # a DataLoader
        if "Random" in type(data.sampler).__name__:
            raise BadArray("the DataLoader shuffles, so its rows do not correspond to pictures: pass shuffle=False")
        data = data.dataset
    if not hasattr(data, "__len__") or not hasattr(data, "__getitem__"):
        raise BadArray(f"a {type(data).__name__} cannot be read twice in the same order: it needs items by position")
    if not len(data):
        return LabelledPictures([])
    _check_not_random(data)
    item = data[0]
    first = item[0] if isinstance(item, tuple | list) else item
    base, positions = data, np.arange(len(data))
    while hasattr(base, "indices") and hasattr(base, "dataset"):  # a Subset
        base, positions = base.dataset, np.asarray(base.indices)[positions]
    labels: list[Any] = getattr(base, "targets", None) or []
    labels = [labels[i] for i in positions] if labels else [data[i][1] for i in range(len(data))]
    names = tuple(map(str, getattr(base, "classes", ())))
    if pictures is None and hasattr(base, "samples"):
        pictures = [base.samples[i][0] for i in positions]
    elif pictures is None and isinstance(first, Image.Image):
        pictures = Selected(data, range(len(data)), 0)
    elif pictures is None:
        raise BadArray("the data set yields tensors: pass pictures=, their paths or PIL images in the same order")
    if len(pictures) != len(data):
        raise BadArray(f"pictures= has {len(pictures)} pictures, and the data set {len(data)} items")
    return LabelledPictures(
        pictures, [int(each) for each in labels], names, tensors=None if isinstance(first, Image.Image) else data
    )


def _check_not_random(data: Any) -> None:
    base = data
    while hasattr(base, "indices") and hasattr(base, "dataset"):
        base = base.dataset
    random = _RANDOM.search(repr(getattr(base, "transform", "")))
    readings = {np.asarray(data[0][0]).tobytes() for _ in range(_READ_AGAIN)}
    if random or len(readings) > 1:
        what = f"({random.group()}) " if random else ""
        raise BadArray(f"the data set changes its pictures at random {what}: pass it with the transform of evaluation")
