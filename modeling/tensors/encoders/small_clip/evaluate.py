"""How well phrases separate sprites that the encoder never saw: area under the ROC curve, per phrase.

python -m modeling.tensors.encoders.small_clip.evaluate --seed 1
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from modeling.arrays.common.modeling_errors import BadArray
from modeling.arrays.sprites.attributes import VALUES, SpriteAttributes
from modeling.arrays.sprites.drawing import Images, draw
from modeling.tensors.encoders import Encoder
from modeling.tensors.encoders.clip import load_bundled
from modeling.tensors.encoders.small_clip import WEIGHTS_FILE
from modeling.tensors.encoders.small_clip.grammar import Caption, satisfied

TEMPLATE = "an image of a {}"

PHRASES: dict[str, dict[str, str]] = {
    "colour": {
        **{word: f"colour={word}" for word in VALUES["colour"]},
        "crimson": "colour=red",
        "scarlet": "colour=red",
        "bright red": "colour=red",
        "navy": "colour=blue",
        "dark blue": "colour=blue",
        "royal blue": "colour=blue",
        "turquoise": "colour=cyan",
        "light blue": "colour=cyan",
        "golden": "colour=yellow",
        "violet": "colour=purple",
        "something red": "colour=red",
        "red shapes": "colour=red",
        "the color red": "colour=red",
        "red objects": "colour=red",
        "blue things": "colour=blue",
        "a green shape": "colour=green",
    },
    "shape": {
        **{word: f"shape={word}" for word in VALUES["shape"]},
        **{f"{word}s": f"shape={word}" for word in VALUES["shape"]},
        "a square": "shape=square",
        "box": "shape=square",
        "boxes": "shape=square",
        "rectangle": "shape=square",
        "ellipse": "shape=oval",
        "ball": "shape=oval",
        "circle": "shape=oval",
        "egg": "shape=oval",
        "round": "shape=oval",
        "round things": "shape=oval",
        "triangular": "shape=triangle",
        "something round": "shape=oval",
        "pointy": "shape=triangle|star",
    },
    "size": {
        **{word: f"size={word}" for word in VALUES["size"]},
        "tiny": "size=small",
        "little": "size=small",
        "tiny objects": "size=small",
        "big": "size=large",
        "huge": "size=large",
        "big shapes": "size=large",
        "something large": "size=large",
        "medium sized": "size=medium",
    },
    "tilt": {
        **{word: f"tilt={word}" for word in VALUES["tilt"]},
        "rotated": "tilt=tilted",
        "slanted": "tilt=tilted",
        "diagonal": "tilt=tilted",
        "tilted shapes": "tilt=tilted",
        "something rotated": "tilt=tilted",
        "straight": "tilt=upright",
        "not tilted": "tilt=upright",
    },
    "shade": {
        **{word: f"shade={word}" for word in VALUES["shade"]},
        "dark background": "shade=dark",
        "black background": "shade=dark",
        "on a dark background": "shade=dark",
        "dark images": "shade=dark",
        "bright": "shade=light",
        "light background": "shade=light",
        "white background": "shade=light",
        "bright backgrounds": "shade=light",
    },
    "texture": {
        **{word: f"texture={word}" for word in VALUES["texture"]},
        "stripes": "texture=striped",
        "lines": "texture=striped",
        "striped background": "texture=striped",
        "dots": "texture=dotted",
        "polka dots": "texture=dotted",
        "spotted background": "texture=dotted",
        "checkerboard": "texture=checkered",
        "checkered background": "texture=checkered",
        "plain background": "texture=plain",
        "patterned background": "texture=striped|dotted|checkered",
    },
    "composition": {
        "red squares": "colour=red shape=square",
        "a red square": "colour=red shape=square",
        "red ovals": "colour=red shape=oval",
        "blue circles": "colour=blue shape=oval",
        "big red squares": "size=large colour=red shape=square",
        "a tiny blue box": "size=small colour=blue shape=square",
        "red squares on a dark background": "colour=red shape=square shade=dark",
        "tilted squares": "tilt=tilted shape=square",
        "rotated red shapes": "tilt=tilted colour=red",
        "red on white background": "colour=red shade=light",
        "squares that are red": "shape=square colour=red",
        "a large green star with stripes": "size=large colour=green shape=star texture=striped",
        "small yellow hearts": "size=small colour=yellow shape=heart",
        "upright triangles": "tilt=upright shape=triangle",
        "dark striped background": "shade=dark texture=striped",
    },
}
"""By group, each phrase with what it says, as "attribute=value|value attribute=value"."""


@dataclass(frozen=True)
class Row:
    """AUROC of one phrase.

    Attributes
    ----------
    group, phrase : str
    bare, in_template : float
        Without a template, and in `TEMPLATE`; in [0, 1].
    """

    group: str
    phrase: str
    bare: float
    in_template: float


def auroc(scores: npt.NDArray[np.floating], positive: npt.NDArray[np.bool_]) -> float:
    """Compute the area under the ROC curve.

    Parameters
    ----------
    scores : float ndarray of shape (n,)
    positive : bool ndarray of shape (n,)

    Returns
    -------
    float
        Share of (positive, negative) pairs that the scores order correctly, in [0, 1]; a tie counts half.

    Raises
    ------
    BadArray
        If there are no positives or no negatives.
    """
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        raise BadArray("an AUROC needs positives and negatives")
    negatives = np.sort(scores[~positive])
    below = np.searchsorted(negatives, scores[positive], side="left")
    not_above = np.searchsorted(negatives, scores[positive], side="right")
    return float((below + not_above).sum() / 2 / n_positive / n_negative)


def captions() -> Iterator[tuple[str, Caption]]:
    """Yield the (group, caption) pairs of `PHRASES`."""
    for group, phrases in PHRASES.items():
        for phrase, meaning in phrases.items():
            allows = {name: frozenset(values.split("|")) for name, values in (s.split("=") for s in meaning.split())}
            yield group, Caption(phrase, allows)


def auroc_table(encoder: Encoder, rng: np.random.Generator, n: int = 4000) -> list[Row]:
    """Compute the AUROC of each phrase on new random sprites.

    Parameters
    ----------
    encoder : Encoder
    rng : numpy.random.Generator
    n : int, default 4000
        Number of sprites.

    Returns
    -------
    list of Row
    """
    attributes = SpriteAttributes.random(n, rng)
    images = embed(encoder, draw(attributes, rng))
    groups, phrases = zip(*captions(), strict=True)
    truth = satisfied(phrases, attributes)
    bare = images @ encoder.encode_texts([phrase.text for phrase in phrases]).T
    framed = images @ encoder.encode_texts([TEMPLATE.format(_without_article(p.text)) for p in phrases]).T
    return [
        Row(group, phrase.text, round(auroc(bare[:, i], truth[:, i]), 4), round(auroc(framed[:, i], truth[:, i]), 4))
        for i, (group, phrase) in enumerate(zip(groups, phrases, strict=True))
    ]


def embed(encoder: Encoder, images: Images, batch: int = 256) -> npt.NDArray[np.float32]:
    """Embed images in batches.

    Parameters
    ----------
    encoder : Encoder
    images : uint8 ndarray of shape (n, height, width, 3)
    batch : int, default 256

    Returns
    -------
    float32 ndarray of shape (n, d)
        Unit rows.
    """
    chunks = (images[start : start + batch] for start in range(0, len(images), batch))
    return np.concatenate([encoder.encode_images([Image.fromarray(image) for image in chunk]) for chunk in chunks])


def _without_article(phrase: str) -> str:
    return phrase.removeprefix("a ").removeprefix("the ")


def format_table(rows: list[Row]) -> str:
    """Format the table as text, ending with the least value of each column.

    Parameters
    ----------
    rows : list of Row

    Returns
    -------
    str
    """
    lines = [f"{'group':<12} {'phrase':<36} {'bare':>6} {'in template':>12}"]
    lines += [f"{row.group:<12} {row.phrase:<36} {row.bare:>6.3f} {row.in_template:>12.3f}" for row in rows]
    least = min(row.bare for row in rows), min(row.in_template for row in rows)
    return "\n".join([*lines, f"{'least':<49} {least[0]:>6.3f} {least[1]:>12.3f}"])


def main() -> None:
    """Print the table for new sprites."""
    parser = argparse.ArgumentParser(description="AUROC of phrases on sprites that the encoder never saw.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sprites", type=int, default=4000)
    parser.add_argument("--weights", type=Path, default=WEIGHTS_FILE)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    print(format_table(auroc_table(load_bundled(arguments.weights), rng, arguments.sprites)))


if __name__ == "__main__":
    main()
