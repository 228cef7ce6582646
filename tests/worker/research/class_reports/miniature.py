"""A miniature ImageNet in its own layout, drawn here: four classes, of which two have a planted minority.

Squares are blue and ovals red in nearly all training images, so a model goes by colour: red squares and blue ovals are
hard. A second set is laid out as ImageNet-V2 is, by the numbers of the classes.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

WORDS = "n00000001 dark square, black box\nn00000002 light square\nn00000003 dark oval\nn00000004 light oval\n"
CLASSES = ("dark square", "light square", "dark oval", "light oval")
BLUE, RED = 0, 1
USUAL = (BLUE, BLUE, RED, RED)  # colour by class
N_TRAIN, N_RARE = 40, 6  # of a class, and of these in the other colour
N_VAL, N_SECOND = 24, 10  # half of them in the other colour


def write_imagenet(root: Path, second: Path) -> None:
    rng = np.random.default_rng(3)
    for label, line in enumerate(WORDS.splitlines()):
        wnid = line.partition(" ")[0]
        _write(root / "train" / wnid, f"{wnid}_", label, N_TRAIN, N_RARE, rng)
        _write(root / "val" / wnid, "ILSVRC2012_val_", label, N_VAL, N_VAL // 2, rng)
        _write(second / str(label), "", label, N_SECOND, N_SECOND // 2, rng)
    for folder in (root, second):
        (folder / "LOC_synset_mapping.txt").write_text(WORDS)


def is_rare(filename: str) -> bool:
    """Whether an image is in the other colour, as its name says."""
    return "rare" in filename


def _write(folder: Path, prefix: str, label: int, n: int, n_rare: int, rng: np.random.Generator) -> None:
    folder.mkdir(parents=True)
    for number in range(n):
        rare = number < n_rare
        colour = 1 - USUAL[label] if rare else USUAL[label]
        image = _drawn(label, colour, rng)
        image.save(folder / f"{prefix}{'rare' if rare else 'usual'}_{number:04}.JPEG", "PNG")


def _drawn(label: int, colour: int, rng: np.random.Generator) -> Image.Image:
    grey = int(rng.integers(40, 90)) if label % 2 == 0 else int(rng.integers(150, 200))
    main, rest = int(rng.integers(170, 256)), [int(value) for value in rng.integers(20, 80, 2)]
    fill = (main, *rest) if colour == RED else (*rest, main)
    image = Image.new("RGB", (16, 16), (grey, grey, grey))
    pen, edge = ImageDraw.Draw(image), int(rng.integers(1, 3))
    draw = pen.rectangle if label < 2 else pen.ellipse
    draw((edge, edge, 15 - edge, 15 - edge), fill=fill)
    return image
