"""ImageNet and data sets like it: folders that are named by ids, such as n01440764, and words for these."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import compress
from pathlib import Path

import numpy as np

from clarify_errors.arrays.datasets.dataset_files import SPLIT_WORDS, Split
from clarify_errors.arrays.datasets.importing.import_errors import BadSource, reading
from clarify_errors.arrays.datasets.importing.listed_images import ListedImage
from clarify_errors.arrays.datasets.importing.listings import (
    Source,
    class_folders,
    images_in_folder,
    in_order,
    listed,
    numbered,
    split_folders,
    visible,
    within,
)
from clarify_errors.arrays.datasets.importing.table_lines import csv_lines

HALVES_SEED = 0  # of the halves of ImageNet's validation images
SOLUTIONS, KAGGLE = "LOC_val_solution.csv", "ILSVRC/Data/CLS-LOC"
Classes = Mapping[str, Path | list[Path]]
CLASS_WORDS = ("LOC_synset_mapping.txt", "class_names.txt")


def read_imagenet(root: Path, class_names: tuple[str, ...]) -> Source:
    """Read `root/{train,val}/ID/FILE`, or `root/ID/FILE` of a second test set.

    The latter is such as ImageNet-V2. Half of the images of each class in `val` are the validation split, the others
    the test split, drawn with HALVES_SEED; with class folders in `test`, these are the test split. An ID is a wnid, or
    the number of the class. As on Kaggle, the folders may lie in KAGGLE, and `val` may be flat if SOLUTIONS has its
    classes.

    Parameters
    ----------
    root : pathlib.Path
        May have one of the files CLASS_WORDS, and SOLUTIONS.
    class_names : tuple of str
        In the order of ids; if empty, the words of that file, else the ids.

    Returns
    -------
    Source

    Raises
    ------
    BadSource
        If the folders do not have this layout, a split lacks a class, or the class of an image is not known.
    OutsideRoot
        If a link leads out of the folder.
    """
    words = read_class_words(root)
    parts = _parts(root)
    ids = list(words) or in_order({name for _, _, classes in parts for name in classes})
    names = class_names or short_names(words or {each: each for each in ids})
    if len(names) != len(ids):
        raise BadSource(root, f"{len(names)} names are given for {len(ids)} classes")
    label_of = {**numbered(map(str, range(len(ids))) if words else ()), **numbered(ids)}
    halved = not any(split == Split.TEST for split, _, _ in parts)

    def images() -> Iterator[ListedImage]:
        for split, where, classes in parts:
            missing = dict(enumerate(ids))
            for name, found in classes.items():
                label = label_of.get(name)
                if label is None:
                    raise BadSource(where, f"{name} is not one of the {len(ids)} classes that are named")
                if missing.pop(label, None) is None:
                    raise BadSource(where, f"another folder than {name} is of the class {ids[label]} too")
                paths = visible(found) if isinstance(found, Path) else found
                if not (halved and split == Split.VALIDATION):
                    yield from images_in_folder(root, paths, split, label)
                    continue
                order = np.random.default_rng([HALVES_SEED, label]).permutation(len(paths))
                for half, is_test in ((Split.VALIDATION, False), (Split.TEST, True)):
                    some = compress(paths, (order >= (len(paths) + 1) // 2) == is_test)
                    yield from images_in_folder(root, some, half, label)
            if missing:
                lacking = next(iter(missing.values()))
                raise BadSource(
                    where, f"the class {lacking} has no images. Add them, or leave it out of {CLASS_WORDS[1]}"
                )

    return Source("imagenet", root, listed(root, images()), names)


def read_class_words(root: Path) -> dict[str, str]:
    """Read which words stand for which folder, from the first file that there is.

    Parameters
    ----------
    root : pathlib.Path

    Returns
    -------
    dict of str to str
        By id, in the order of ids (numbers by value); empty if there is no such file.

    Raises
    ------
    BadSource
        If the file cannot be read, names an id twice, or has no words for one.
    """
    file = next((root / name for name in CLASS_WORDS if (root / name).exists()), None)
    if file is None:
        return {}
    with reading(file):
        lines = [line.strip().partition(" ") for line in file.read_text("utf-8-sig").splitlines() if line.strip()]
    words: dict[str, str] = {}
    for number, (name, _, said) in enumerate(lines, 1):
        if not said or name in words:
            raise BadSource(file, f"{name} {'is named twice' if said else 'has no words'}", number)
        words[name] = said.strip()
    return {name: words[name] for name in in_order(words)}


def short_names(words: Mapping[str, str]) -> tuple[str, ...]:
    """Shorten words to the first synonym, where no other class has the same one.

    Parameters
    ----------
    words : mapping of str to str
        Synonyms, separated by commas, by id.

    Returns
    -------
    tuple of str
        All different.

    Examples
    --------
    >>> short_names({"n1": "tench, Tinca tinca", "n2": "crane", "n3": "crane", "n4": "maillot", "n5": "maillot, suit"})
    ('tench', 'crane (n2)', 'crane (n3)', 'maillot', 'maillot, suit')
    """
    first = {name: said.partition(",")[0].strip() for name, said in words.items()}
    shared = Counter(map(str.casefold, first.values()))
    names = {name: said if shared[said.casefold()] == 1 else words[name] for name, said in first.items()}
    taken = Counter(map(str.casefold, names.values()))
    return tuple(said if taken[said.casefold()] == 1 else f"{said} ({name})" for name, said in names.items())


def _parts(root: Path) -> list[tuple[Split, Path, Classes]]:
    """Return each split, its folder, and by id the folder of each class or its files.

    `test` is passed over if it has no class folders: its labels are not published.
    """
    data = root / KAGGLE if (root / KAGGLE).is_dir() else root
    inside = [path for path in visible(data) if path.is_dir()]
    if not any(path.name in SPLIT_WORDS for path in inside):
        if inside and all(path.name.isdecimal() for path in inside) and not read_class_words(root):
            raise BadSource(
                root, f"its folders are numbers: add {' or '.join(CLASS_WORDS)} of the data set it belongs to"
            )
        return [(Split.TEST, root, {path.name: within(root, path) for path in inside})] if inside else []
    parts: list[tuple[Split, Path, Classes]] = []
    for split, part in split_folders(data):
        is_flat = not any(path.is_dir() for path in visible(part))
        if is_flat and split == Split.VALIDATION and (root / SOLUTIONS).exists():
            parts.append((split, part, _solved(root, part)))
        elif not is_flat or split != Split.TEST:
            parts.append((split, part, {folder.name: folder for folder in class_folders(root, part)}))
    return parts


def _solved(root: Path, part: Path) -> dict[str, list[Path]]:
    """Return the files of a flat folder by the class that SOLUTIONS says, in front of the boxes of objects."""
    lines = {line.cells["ImageId"]: line for line in csv_lines(root / SOLUTIONS, ("ImageId", "PredictionString"))}
    classes: dict[str, list[Path]] = {}
    for path in visible(part):
        if path.stem not in lines:
            raise BadSource(path, f"the class of this image does not stand in {SOLUTIONS}")
        if not (said := lines[path.stem].cells["PredictionString"].split()):
            raise lines[path.stem].wrong("it names no class")
        classes.setdefault(said[0], []).append(path)
    return classes
