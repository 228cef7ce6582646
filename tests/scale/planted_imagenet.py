"""Embeddings like those of ImageNet's images, drawn from published numbers: which images are hard, and why, is known.

An image is the mean of its class plus noise. Some classes are planted: a share of their images has an attribute that
nearly all images of another class have, its partner, and is a little like the partner. So a classifier takes the
attribute for the partner, and gets most of these images wrong. The phrase "attribute k" points nearly to attribute k.

`python:tests.scale.planted_imagenet` is the encoder of its texts.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

DIM, SEED = 768, 17
TEXT, NEAR = 0.9, 0.5  # cosine of an attribute with the phrase that names it, and with a keyword near it
GROUPS = ("usual", "planted")  # the true groups: whether an image of a planted class has the attribute
ENCODER = f"python:{__name__}"


@dataclass(frozen=True)
class Planting:
    """The numbers. Lengths are relative to that of a class's mean, which is 1.

    train, validation, test, second: images of a class; noise: its length; minority: share of a planted class's images
    that have the attribute; in_partner: of the partner's; attribute: its length; towards_partner: share of the
    partner's mean in the mean of such images.
    """

    classes: int = 1_000
    planted: int = 31
    train: int = 1_281
    validation: int = 50
    test: int = 50
    second: int = 10
    noise: float = 6.5
    minority: float = 0.35
    in_partner: float = 0.9
    attribute: float = 1.0
    towards_partner: float = 0.4

    @classmethod
    def of_share(cls, share: float) -> "Planting":
        """A share of the classes, each as large as in the whole; of few classes more images to measure on."""
        classes = max(round(cls.classes * share), 10)
        more = min(max(cls.classes // classes, 1), 20)
        planted = max(round(cls.planted * share), min(8, classes // 2))
        return cls(classes=classes, planted=planted, test=cls.test * more, second=cls.second * more)

    @property
    def digest(self) -> str:
        numbers = {**asdict(self), "seed": SEED, "text": TEXT, "dim": DIM}
        return hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()

    @property
    def l2(self) -> float:
        """λ, in the same proportion to the weight of a class's images as in the whole."""
        return 0.01 * Planting.classes / self.classes

    @property
    def n_images(self) -> int:
        return self.classes * (self.train + self.validation + self.test + self.second)

    def planted_class(self, k: int) -> int:
        """The class that attribute k makes hard; its partner is the next one."""
        return k * (self.classes // self.planted)

    def images(self, label: int, n: int, part: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """n images of a class, float32[n, DIM] unit rows, and their groups, int32[n]. part: numbers sets of images."""
        rng = np.random.default_rng([SEED, 1, part, label])
        rows = rng.standard_normal((n, DIM), np.float32) * np.float32(self.noise / np.sqrt(DIM))
        k, place = divmod(label, self.classes // self.planted)
        is_planted, is_partner = k < self.planted and place == 0, k < self.planted and place == 1
        share = self.minority * is_planted + self.in_partner * is_partner
        has_attribute = rng.random(n) < share
        rows += self._means[label]
        rows[has_attribute] += np.float32(self.attribute) * attribute(k)
        if is_planted:
            rows[has_attribute] += np.float32(self.towards_partner) * (self._means[label + 1] - self._means[label])
        return _unit(rows), (has_attribute & is_planted).astype(np.int32)

    def keywords(self) -> Iterator[str]:
        """A list of keywords: some near the attributes, others that say nothing."""
        yield from (f"near attribute {k}" for k in range(self.planted))
        yield from (f"word {number}" for number in range(2 * self.planted))

    @cached_property
    def _means(self) -> NDArray[np.float32]:
        return _unit(np.random.default_rng([SEED, 0]).standard_normal((self.classes, DIM), np.float32))


class PlantedTexts:
    """Texts of the space that the images are planted in."""

    name, dim = "planted-texts", DIM

    def encode_images(self, images: Sequence[Image]) -> NDArray[np.float32]:
        raise NotImplementedError("planted images are embeddings from the start")

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[n, DIM] unit rows."""
        return np.stack([_of_text(text) for text in texts])


def load() -> PlantedTexts:
    return PlantedTexts()


def attribute(k: int) -> NDArray[np.float32]:
    """The direction of attribute k, float32[DIM], of length 1."""
    return _unit(np.random.default_rng([SEED, 2, k]).standard_normal((1, DIM), np.float32)).reshape(DIM)


def _of_text(text: str) -> NDArray[np.float32]:
    own = np.random.default_rng(list(hashlib.sha256(text.encode()).digest()))
    direction = _unit(own.standard_normal((1, DIM), np.float32))
    if named := re.search(r"(near )?attribute (\d+)", text):
        cosine = NEAR if named[1] else TEXT
        direction = cosine * attribute(int(named[2])) + np.sqrt(1 - cosine**2) * direction
    return _unit(direction.astype(np.float32)).reshape(DIM)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit
