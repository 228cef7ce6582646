"""Zero-shot classification: an image belongs to the prompt that it is most similar to (paper, tables 1, 4 and 6).

Class prompts name the classes alone; group prompts also name the attribute, and the best group's class wins.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.array_checks import check_unit_rows, checked_ids
from modeling.arrays.common.modeling_errors import BadArray, BadTemplate
from modeling.arrays.embeddings.standardization import unit_rows

CLASS_TEMPLATES = ("This is a picture of a {class}.",)
GROUP_TEMPLATES = ("This is a picture of a {class}, {attribute}.",)

# The published prompts: class templates, then group templates. CelebA's classes are named "dark" and "blond" in them,
# its attributes "female" and "male".
PUBLISHED_TEMPLATES = {
    "waterbirds": (
        ("This is a picture of a {class}.",),
        ("This is a picture of a {class} with {attribute} background.",),
    ),
    "celeba": (
        ("A photo of a celebrity with {class} hair.",),
        ("A photo of a {attribute} celebrity with {class} hair.",),
    ),
}

_SLOT = re.compile(r"\{[^{}]*\}")

EncodeTexts = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True)
class Prompts:
    """P prompts, each written in one or more ways. texts: P tuples of texts; labels: the class of each prompt."""

    texts: tuple[tuple[str, ...], ...]
    labels: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.texts or not all(self.texts) or len(self.texts) != len(self.labels):
            raise BadTemplate("each prompt needs a class and at least one text, and there must be a prompt")


def class_prompts(class_names: Sequence[str], templates: Sequence[str] = CLASS_TEMPLATES) -> Prompts:
    """A prompt per class. Raises BadTemplate for a template that does not hold {class} exactly once, and no other slot.

    >>> class_prompts(["dog", "horse"]).texts
    (('This is a picture of a dog.',), ('This is a picture of a horse.',))
    """
    _check(templates, "{class}")
    texts = tuple(tuple(_filled(template, name) for template in templates) for name in class_names)
    return Prompts(texts, tuple(range(len(texts))))


def group_prompts(
    class_names: Sequence[str], attribute_names: Sequence[str], templates: Sequence[str] = GROUP_TEMPLATES
) -> Prompts:
    """A prompt per group, in the order of `groups.group_ids`. Raises BadTemplate for a template that does not hold
    {class} and {attribute} exactly once each, and no other slot.

    >>> group_prompts(["landbird"], ["land"], PUBLISHED_TEMPLATES["waterbirds"][1]).texts
    (('This is a picture of a landbird with land background.',),)
    """
    _check(templates, "{class}", "{attribute}")
    texts = tuple(
        tuple(_filled(template, name, attribute) for template in templates)
        for name in class_names
        for attribute in attribute_names
    )
    return Prompts(texts, tuple(label for label in range(len(class_names)) for _ in attribute_names))


@dataclass(frozen=True)
class ZeroShot:
    """A classifier made of texts. embeddings: float32[P, d], unit rows, one per prompt; labels: int64[P] ≥ 0.

    Raises BadArray for anything else.
    """

    embeddings: NDArray[np.float32]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.embeddings.ndim != 2 or self.labels.shape != self.embeddings.shape[:1] or not len(self.labels):
            raise BadArray(f"embeddings {self.embeddings.shape} and labels {self.labels.shape} must be [P, d] and [P]")
        check_unit_rows(self.embeddings, "prompt embedding")
        checked_ids(self.labels, "label", of="prompt")

    @classmethod
    def of(cls, prompts: Prompts, encode_texts: EncodeTexts) -> Self:
        """The classifier of the prompts, each embedded as `prompt_embedding` does. encode_texts: texts to [n, d]."""
        embeddings = [prompt_embedding(encode_texts(texts)) for texts in prompts.texts]
        return cls(np.stack(embeddings), np.array(prompts.labels, dtype=np.int64))

    def predict(self, images: NDArray[np.floating]) -> NDArray[np.int64]:
        """int64[n], the class of the prompt with the largest cosine, the first of tied ones; images: float[n, d].

        Raises BadArray for another d, or for a row that is zero or not finite.
        """
        if images.ndim != 2 or images.shape[1] != self.embeddings.shape[1]:
            raise BadArray(f"images {images.shape} do not have the prompts' {self.embeddings.shape[1]} dimensions")
        best: NDArray[np.int64] = self.labels[(unit_rows(images, "image") @ self.embeddings.T).argmax(axis=1)]
        return best


def prompt_embedding(of_templates: NDArray[np.floating]) -> NDArray[np.float32]:
    """float32[d], the unit mean of the unit embeddings [T, d] of one prompt in T templates. Raises BadArray."""
    embedding: NDArray[np.float32] = unit_rows(unit_rows(of_templates, "text embedding").mean(axis=0, keepdims=True))[0]
    return embedding


def _check(templates: Sequence[str], *slots: str) -> None:
    for template in templates:
        if sorted(_SLOT.findall(template)) != sorted(slots):
            raise BadTemplate(
                f"a prompt template must hold {' and '.join(slots)} exactly once and no other slot, and {template!r} "
                "does not"
            )


def _filled(template: str, name: str, attribute: str = "") -> str:
    """Braces in names stay as they are: each slot is cut out of the template, not looked for in what was put in."""
    before, after = template.split("{class}")
    return before.replace("{attribute}", attribute) + name + after.replace("{attribute}", attribute)
