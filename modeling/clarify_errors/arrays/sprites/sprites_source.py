"""The sprites data set, on which a base model fails as in Figure 2 of the paper.

Only in train are squares rarer than ovals, mostly blue, and ovals mostly red: the numbers and shares below are those of
train. Validation and test have every combination equally often. Because the classes are of unequal size, retraining
with equal class weights alone mends some of the errors, as it does on CelebA: what a phrase adds is less than the gain
over the base model.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from clarify_errors.arrays.sprites.attributes import VALUES, Ints, SpriteAttributes
from clarify_errors.arrays.sprites.drawing import Images, draw
from clarify_errors.arrays.sprites.style import AMBIGUOUS

SPLITS = ("train", "validation", "test")
CLASSES = ("square", "oval")
ATTRIBUTES = ("blue", "red")
CAPTIONS = "captions.csv"

_N_TRAIN = {"square": 400, "oval": 1600}
_N_BALANCED = {"validation": 1600, "test": 3200}
_BLUE = {"square": 0.96, "oval": 0.2}
_DARK = {"square": 0.6, "oval": 0.4}


@dataclass(frozen=True)
class SpritesDataset:
    """n drawn sprites in random order.

    Attributes
    ----------
    splits, labels, attribute_ids : int8 ndarray of shape (n,)
        Positions in `SPLITS`, `CLASSES` and `ATTRIBUTES`.
    attributes : SpriteAttributes
    images : uint8 ndarray of shape (n, 64, 64, 3)
    """

    splits: Ints
    labels: Ints
    attribute_ids: Ints
    attributes: SpriteAttributes
    images: Images


def sprites_dataset(seed: int) -> SpritesDataset:
    """Draw the data set on which the base model fails.

    Squares and ovals have the `AMBIGUOUS` style. Train has 400 squares, 96% of them blue, and 1,600 ovals, 80% of them
    red. More weakly, 60% of the squares have a dark background and 60% of the ovals a light one. Validation (1,600) and
    test (3,200) are balanced over class, colour and background. Size (small or large), tilt and texture are independent
    of all that. The group attribute is the colour.

    Parameters
    ----------
    seed : int

    Returns
    -------
    SpritesDataset
    """
    rng = np.random.default_rng(seed)
    cells = [cell for split in range(len(SPLITS)) for cell in _cells(split)]
    columns = np.repeat([cell[:4] for cell in cells], [cell[4] for cell in cells], axis=0)
    splits, labels, attribute_ids, shades = rng.permutation(columns).astype(np.int8).T
    attributes = _attributes(rng, labels, attribute_ids, shades)
    return SpritesDataset(splits, labels, attribute_ids, attributes, draw(attributes, rng, AMBIGUOUS))


def _attributes(rng: np.random.Generator, labels: Ints, attribute_ids: Ints, shades: Ints) -> SpriteAttributes:
    return SpriteAttributes(
        shape=labels,
        colour=np.array([VALUES["colour"].index(name) for name in ATTRIBUTES], dtype=np.int8)[attribute_ids],
        size=rng.choice(np.array([0, 2], dtype=np.int8), len(labels)),
        tilt=rng.integers(len(VALUES["tilt"]), size=len(labels), dtype=np.int8),
        shade=shades,
        texture=rng.integers(len(VALUES["texture"]), size=len(labels), dtype=np.int8),
    )


def pool_labels(seed: int, n: int) -> Ints:
    """Return the labels of a pool of drawings, which no file says.

    Parameters
    ----------
    seed, n : int

    Returns
    -------
    int8 ndarray of shape (n,)
        Positions in `CLASSES`, by the number in the file's name.
    """
    return _pool(np.random.default_rng(seed), n)[0]


def write_sprites_pool(directory: Path, seed: int, n: int, progress: Callable[[int, int], None] | None = None) -> None:
    """Write unlabelled drawings with the skew of train: one in 125 is a red square.

    Parameters
    ----------
    directory : pathlib.Path
        Gets PNG files and a `metadata.csv` with the columns filename, licence and source.
    seed, n : int
    progress : callable, optional
        Called with (done, total) after each image.
    """
    rng = np.random.default_rng(seed)
    images = draw(_attributes(rng, *_pool(rng, n)), rng, AMBIGUOUS)
    rows = ((f"{i:05d}.png", "CC0-1.0", f"drawn by Clarify, seed {seed}") for i in range(n))
    _write(directory, images, ("filename", "licence", "source"), rows, progress)


def _write(
    directory: Path,
    images: Images,
    heading: Sequence[str],
    rows: Iterable[Sequence[str]],
    progress: Callable[[int, int], None] | None,
) -> None:
    """Write PNG files and the table of them: a row begins with the name of its image's file."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "metadata.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(heading)
        for i, (image, row) in enumerate(zip(images, rows, strict=True), start=1):
            Image.fromarray(image).save(directory / row[0], compress_level=1)
            writer.writerow(row)
            if progress:
                progress(i, len(images))


def _pool(rng: np.random.Generator, n: int) -> tuple[Ints, Ints, Ints]:
    """Labels, attribute ids and shades of n drawings, each with the shares of train."""
    share = _N_TRAIN["square"] / sum(_N_TRAIN.values())
    labels = (rng.random(n) >= share).astype(np.int8)
    by_class = [np.array([shares[name] for name in CLASSES])[labels] for shares in (_BLUE, _DARK)]
    colours, shades = ((rng.random(n) >= of).astype(np.int8) for of in by_class)
    return labels, colours, shades


def _cells(split: int) -> list[tuple[int, int, int, int, int]]:
    """Return (split, label, attribute id, shade, number of sprites) for each combination of a split."""
    combinations = [(label, colour, shade) for label in (0, 1) for colour in (0, 1) for shade in (0, 1)]
    if SPLITS[split] != "train":
        return [(split, *combination, _N_BALANCED[SPLITS[split]] // 8) for combination in combinations]
    cells = []
    for label, colour, shade in combinations:
        blue, dark = _BLUE[CLASSES[label]], _DARK[CLASSES[label]]
        share = (1 - blue if colour else blue) * (1 - dark if shade else dark)
        cells.append((split, label, colour, shade, round(_N_TRAIN[CLASSES[label]] * share)))
    return cells


def write_sprites_source(directory: Path, seed: int, progress: Callable[[int, int], None] | None = None) -> None:
    """Write `sprites_dataset(seed)` as a source folder for an import of format `csv`.

    It has PNG files, a `metadata.csv` with the columns filename, split, class and attribute, and a `captions.csv` with
    what was drawn in words. File names are running numbers, which say nothing about labels.

    Parameters
    ----------
    directory : pathlib.Path
    seed : int
    progress : callable, optional
        Called with (done, total) after each image.
    """
    dataset = sprites_dataset(seed)
    (directory / "images").mkdir(parents=True, exist_ok=True)
    names = [f"images/{i:05d}.png" for i in range(len(dataset.labels))]
    said = ((SPLITS, dataset.splits), (CLASSES, dataset.labels), (ATTRIBUTES, dataset.attribute_ids))
    columns = [[words[place] for place in places] for words, places in said]
    heading = ("filename", "split", "class", "attribute")
    _write(directory, dataset.images, heading, zip(names, *columns, strict=True), progress)
    with (directory / CAPTIONS).open("w", newline="", encoding="utf-8") as file:
        rows = zip(names, _captions(dataset.attributes), strict=True)
        csv.writer(file).writerows([("filename", "caption"), *rows])


def _captions(attributes: SpriteAttributes) -> Iterator[str]:
    """Say what was drawn; no model has looked at it."""
    for i in range(len(attributes)):
        said = {name: values[getattr(attributes, name)[i]] for name, values in VALUES.items()}
        yield "a {size} {tilt} {colour} {shape} on a {shade} {texture} background".format(**said)
