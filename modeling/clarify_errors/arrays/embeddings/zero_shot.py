"""Zero-shot classification: an image belongs to its most similar prompt (paper, tables 1, 4 and 6).

Class prompts name only the classes. Group prompts also name the attribute, and the best group's class wins.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_unit_rows, checked_ids
from clarify_errors.arrays.common.modeling_errors import BadArray, BadTemplate
from clarify_errors.arrays.embeddings.standardization import unit_rows

CLASS_TEMPLATES = ("This is a picture of a {class}.",)
GROUP_TEMPLATES = ("This is a picture of a {class}, {attribute}.",)

# The published prompts: class templates, then group templates. They name CelebA's classes "dark" and "blond", and its
# attributes "female" and "male".
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
    """P prompts, each with one or more texts.

    Attributes
    ----------
    texts : tuple of P tuples of str
    labels : tuple of P int
        Class of each prompt.

    Raises
    ------
    BadTemplate
        If there is no prompt, or a prompt lacks a class or a text.
    """

    texts: tuple[tuple[str, ...], ...]
    labels: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.texts or not all(self.texts) or len(self.texts) != len(self.labels):
            raise BadTemplate("there must be at least one prompt, each with a class and at least one text")


def class_prompts(class_names: Sequence[str], templates: Sequence[str] = CLASS_TEMPLATES) -> Prompts:
    """Make a prompt per class.

    Parameters
    ----------
    class_names : sequence of C str
    templates : sequence of str, default CLASS_TEMPLATES
        Each contains {class} exactly once, and no other slot.

    Returns
    -------
    Prompts
        C prompts, each with a text per template.

    Raises
    ------
    BadTemplate
        If a template lacks or repeats {class} or has another slot, or if there are no classes or templates.

    Examples
    --------
    >>> class_prompts(["dog", "horse"]).texts
    (('This is a picture of a dog.',), ('This is a picture of a horse.',))
    """
    _check(templates, "{class}")
    texts = tuple(tuple(_filled(template, name) for template in templates) for name in class_names)
    return Prompts(texts, tuple(range(len(texts))))


def group_prompts(
    class_names: Sequence[str], attribute_names: Sequence[str], templates: Sequence[str] = GROUP_TEMPLATES
) -> Prompts:
    """Make a prompt per group, in the order of `groups.group_ids`.

    Parameters
    ----------
    class_names : sequence of C str
    attribute_names : sequence of A str
    templates : sequence of str, default GROUP_TEMPLATES
        Each contains {class} and {attribute} exactly once, and no other slot.

    Returns
    -------
    Prompts
        C × A prompts, each with a text per template.

    Raises
    ------
    BadTemplate
        If a template lacks or repeats a slot or has another one, or if there are no groups or templates.

    Examples
    --------
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
    """Classifier made of texts.

    Attributes
    ----------
    embeddings : float32 ndarray of shape (P, d)
        Unit rows, one per prompt, P ≥ 1.
    labels : int64 ndarray of shape (P,)
        Class ≥ 0 of each prompt.

    Raises
    ------
    BadArray
        If shapes, types or values are invalid.
    """

    embeddings: NDArray[np.float32]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.embeddings.ndim != 2 or self.labels.shape != self.embeddings.shape[:1] or not len(self.labels):
            raise BadArray(
                f"embeddings {self.embeddings.shape} and labels {self.labels.shape} must have shapes (P, d) and (P,)"
            )
        check_unit_rows(self.embeddings, "prompt embedding")
        checked_ids(self.labels, "label", of="prompt")

    @classmethod
    def of(cls, prompts: Prompts, encode_texts: EncodeTexts) -> Self:
        """Embed prompts, each as the unit mean over its texts.

        Parameters
        ----------
        prompts : Prompts
        encode_texts : callable
            Maps T texts to a float32 ndarray of shape (T, d).

        Returns
        -------
        ZeroShot

        Raises
        ------
        BadArray
            If an embedding is zero or not finite.
        """
        embeddings = [prompt_embedding(encode_texts(texts)) for texts in prompts.texts]
        return cls(np.stack(embeddings), np.array(prompts.labels, dtype=np.int64))

    def predict(self, images: NDArray[np.floating]) -> NDArray[np.int64]:
        """Predict the class of the prompt with the largest cosine.

        Parameters
        ----------
        images : float ndarray of shape (n, d)
            Scaled to unit rows here.

        Returns
        -------
        int64 ndarray of shape (n,)
            The first of tied prompts wins.

        Raises
        ------
        BadArray
            If d differs, or a row is zero or not finite.
        """
        if images.ndim != 2 or images.shape[1] != self.embeddings.shape[1]:
            raise BadArray(f"images {images.shape} do not have the prompts' {self.embeddings.shape[1]} dimensions")
        best: NDArray[np.int64] = self.labels[(unit_rows(images, "image") @ self.embeddings.T).argmax(axis=1)]
        return best


def prompt_embedding(of_templates: NDArray[np.floating]) -> NDArray[np.float32]:
    """Compute the unit mean of a prompt's embeddings.

    Parameters
    ----------
    of_templates : float ndarray of shape (T, d)
        Embeddings of the prompt in T templates, scaled to unit rows here.

    Returns
    -------
    float32 ndarray of shape (d,)

    Raises
    ------
    BadArray
        If a row, or the mean, is zero or not finite.
    """
    embedding: NDArray[np.float32] = unit_rows(unit_rows(of_templates, "text embedding").mean(axis=0, keepdims=True))[0]
    return embedding


def _check(templates: Sequence[str], *slots: str) -> None:
    for template in templates:
        if sorted(_SLOT.findall(template)) != sorted(slots):
            raise BadTemplate(
                f"a prompt template must contain {' and '.join(slots)} exactly once and no other slot, "
                f"but {template!r} does not"
            )


def _filled(template: str, name: str, attribute: str = "") -> str:
    """Fill the slots; braces in names stay, since a slot is cut out of the template, not searched for in the result."""
    before, after = template.split("{class}")
    return before.replace("{attribute}", attribute) + name + after.replace("{attribute}", attribute)
