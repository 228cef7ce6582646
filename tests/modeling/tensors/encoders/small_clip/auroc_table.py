"""How well phrases separate sprites that the encoder never saw: area under the ROC curve, per phrase."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from sklearn.metrics import roc_auc_score

from clarify_errors.arrays.sprites.attributes import VALUES
from clarify_errors.arrays.sprites.drawing import Images, draw
from clarify_errors.tensors.encoders import Encoder
from tests.modeling.tensors.encoders.small_clip.grammar import Caption, satisfied
from tests.support.sprites import random_sprites

TEMPLATE = "an image of a {}"

_SAID: dict[str, dict[str, str]] = {
    "colour": {
        "colour=red": "crimson, scarlet, bright red, something red, red shapes, the color red, red objects",
        "colour=blue": "navy, dark blue, royal blue, blue things",
        "colour=cyan": "turquoise, light blue",
        "colour=yellow": "golden",
        "colour=purple": "violet",
        "colour=green": "a green shape",
    },
    "shape": {
        "shape=square": "a square, box, boxes, rectangle",
        "shape=oval": "ellipse, ball, circle, egg, round, round things, something round",
        "shape=triangle": "triangular",
        "shape=triangle|star": "pointy",
    },
    "size": {
        "size=small": "tiny, little, tiny objects",
        "size=large": "big, huge, big shapes, something large",
        "size=medium": "medium sized",
    },
    "tilt": {
        "tilt=tilted": "rotated, slanted, diagonal, tilted shapes, something rotated",
        "tilt=upright": "straight, not tilted",
    },
    "shade": {
        "shade=dark": "dark background, black background, on a dark background, dark images",
        "shade=light": "bright, light background, white background, bright backgrounds",
    },
    "texture": {
        "texture=striped": "stripes, lines, striped background",
        "texture=dotted": "dots, polka dots, spotted background",
        "texture=checkered": "checkerboard, checkered background",
        "texture=plain": "plain background",
        "texture=striped|dotted|checkered": "patterned background",
    },
    "composition": {
        "colour=red shape=square": "red squares, a red square",
        "colour=red shape=oval": "red ovals",
        "colour=blue shape=oval": "blue circles",
        "size=large colour=red shape=square": "big red squares",
        "size=small colour=blue shape=square": "a tiny blue box",
        "colour=red shape=square shade=dark": "red squares on a dark background",
        "tilt=tilted shape=square": "tilted squares",
        "tilt=tilted colour=red": "rotated red shapes",
        "colour=red shade=light": "red on white background",
        "shape=square colour=red": "squares that are red",
        "size=large colour=green shape=star texture=striped": "a large green star with stripes",
        "size=small colour=yellow shape=heart": "small yellow hearts",
        "tilt=upright shape=triangle": "upright triangles",
        "shade=dark texture=striped": "dark striped background",
    },
}
"""By group, what phrases say, as "attribute=value|value attribute=value", and the phrases that say it."""
_WORDS = {
    **{name: {word: f"{name}={word}" for word in words} for name, words in VALUES.items()},
    "composition": {},
}
PHRASES: dict[str, dict[str, str]] = {
    group: _WORDS[group] | {phrase: meaning for meaning, phrases in said.items() for phrase in phrases.split(", ")}
    for group, said in _SAID.items()
}
PHRASES["shape"] |= {f"{word}s": f"shape={word}" for word in VALUES["shape"]}
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
    attributes = random_sprites(n, rng)
    images = embed(encoder, draw(attributes, rng))
    groups, phrases = zip(*captions(), strict=True)
    truth = satisfied(phrases, attributes)
    bare = images @ encoder.encode_texts([phrase.text for phrase in phrases]).T
    framed = images @ encoder.encode_texts([TEMPLATE.format(_without_article(p.text)) for p in phrases]).T
    return [
        Row(group, phrase.text, *(round(float(roc_auc_score(truth[:, i], each[:, i])), 4) for each in (bare, framed)))
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
