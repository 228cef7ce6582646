"""What callers pass, as arrays: NumPy, torch, pandas, Hugging Face data sets, folders of images."""

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from clarify_errors.arrays.common.batches import batched
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.standardization import unit_rows
from clarify_errors.arrays.images import image_files
from clarify_errors.arrays.images.image_files import ImageRejected, as_rgb, read_bytes

if TYPE_CHECKING:
    from clarify_errors.tensors.encoders import Encoder

SPLITS = ("train", "validation", "test")
_SHARES = (0.5, 0.25)  # of train and validation where splits are drawn; the rest is test
_BATCH = 64  # images that are open at once


@dataclass(frozen=True, eq=False)
class Classes:
    """Labels and predictions as positions among class names.

    Attributes
    ----------
    names : tuple of C str
        Sorted.
    labels, predictions : int64 ndarray of shape (n,)
    """

    names: tuple[str, ...]
    labels: NDArray[np.int64]
    predictions: NDArray[np.int64]


def as_array(values: Any) -> NDArray[Any]:
    """Return what NumPy, torch, pandas or a list holds as an array.

    Parameters
    ----------
    values : array_like
        A tensor may need gradients or lie on a GPU.

    Returns
    -------
    ndarray
    """
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    return np.asarray(values)


def column_of(images: Any, values: Any) -> Any:
    """Return a data set's column by its name, and anything else as it is.

    Parameters
    ----------
    images : object
        The data set, where `values` names one of its columns.
    values : str or array_like

    Returns
    -------
    array_like
    """
    return images[values] if isinstance(values, str) and is_table(images) else values


def is_table(images: Any) -> bool:
    """Tell a Hugging Face data set from other images.

    Parameters
    ----------
    images : object

    Returns
    -------
    bool
    """
    return hasattr(images, "column_names") and hasattr(images, "features")


def as_classes(labels: Any, predictions: Any) -> Classes:
    """Number classes by their sorted names.

    Parameters
    ----------
    labels, predictions : array_like of shape (n,)
        Names or numbers.

    Returns
    -------
    Classes

    Raises
    ------
    BadArray
        If lengths differ, or fewer than two classes occur.

    Examples
    --------
    >>> as_classes(["oval", "square", "oval"], ["square", "square", "oval"]).labels.tolist()
    [0, 1, 0]
    """
    of_labels, of_predictions = as_array(labels), as_array(predictions)
    if of_labels.ndim != 1 or of_labels.shape != of_predictions.shape:
        raise BadArray(f"labels {of_labels.shape} and predictions {of_predictions.shape} must be one for each image")
    both, positions = np.unique(np.concatenate([of_labels, of_predictions]), return_inverse=True)
    if len(both) < 2:
        raise BadArray(f"labels and predictions name only one class, {both.tolist()}; two or more are needed")
    numbers = positions.astype(np.int64)
    return Classes(tuple(map(str, both.tolist())), numbers[: len(of_labels)], numbers[len(of_labels) :])


def as_splits(splits: Any, labels: NDArray[np.integer], seed: int) -> NDArray[np.int64]:
    """Return the split of each image, drawn within each class where none are given.

    Parameters
    ----------
    splits : array_like of shape (n,), or None
        Words of `SPLITS`; None draws half of each class for train, a quarter each for validation and test.
    labels : int ndarray of shape (n,)
    seed : int
        Of the draw.

    Returns
    -------
    int64 ndarray of shape (n,)
        Positions in `SPLITS`.

    Raises
    ------
    BadArray
        If a word is unknown or the length is wrong.
    """
    if splits is not None:
        words = as_array(splits)
        unknown = sorted(set(words.tolist()) - set(SPLITS))
        if unknown or words.shape != labels.shape:
            raise BadArray(
                f"splits must be one of {', '.join(SPLITS)} for each image; found {unknown[:3]} {words.shape}"
            )
        return np.array([SPLITS.index(word) for word in words.tolist()], np.int64)
    drawn = np.empty(len(labels), np.int64)
    rng = np.random.default_rng(seed)
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        bounds = np.round(np.cumsum(_SHARES) * len(rows)).astype(int)
        for split, part in enumerate(np.split(rows, bounds)):
            drawn[part] = split
    return drawn


def embeddings_of(images: Any, encoder: "Encoder | None") -> NDArray[np.float32]:
    """Return images as unit rows: embeddings as they are, pictures by the encoder.

    Parameters
    ----------
    images : array_like of shape (n, d), sequence of n PIL images or paths, or a Hugging Face data set
        A data set has its pictures in the column `image`.
    encoder : Encoder or None

    Returns
    -------
    float32 ndarray of shape (n, d)

    Raises
    ------
    BadArray
        If embeddings are not a matrix of finite rows, or pictures come without an encoder.
    """
    if not has_pictures(images):
        matrix = as_array(images)
        return unit_rows(matrix.astype(np.float32) if matrix.dtype.kind in "iu" else matrix, "image")
    if encoder is None:
        raise BadArray("pictures need an encoder: name one, such as encoder='open_clip:ViT-L-14:openai'")
    pictures = images["image"] if is_table(images) else images
    told = tqdm(map(picture, pictures), total=len(pictures), unit=" images", disable=None)  # None: but on a terminal
    rows = [encoder.encode_images(batch) for batch in batched(told, _BATCH)]
    return unit_rows(np.concatenate(rows), "image")


def picture(image: Any) -> Image.Image:
    """Read a picture, passed as itself or by its path, as the server does.

    Parameters
    ----------
    image : PIL image, str or path

    Returns
    -------
    PIL image
        Upright and in RGB, with levels of 16 bits scaled to 8.

    Raises
    ------
    BadArray
        If it cannot be read; the message names the file.
    """
    try:
        return (
            as_rgb(image)
            if isinstance(image, Image.Image)
            else image_files.decode(read_bytes(Path(image)), formats=None)
        )
    except ImageRejected as error:
        raise BadArray(f"{'a picture' if isinstance(image, Image.Image) else image}: {error}") from error


def as_groups(groups: Any, classes: Classes) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Number groups: class by attribute, or the classes.

    Parameters
    ----------
    groups : array_like of shape (n,), or None
        Values of an attribute.
    classes : Classes

    Returns
    -------
    groups : int64 ndarray of shape (n,)
    names : tuple of str

    Raises
    ------
    BadArray
        If the length is wrong.
    """
    if groups is None:
        return classes.labels, classes.names
    values = as_array(groups)
    if values.shape != classes.labels.shape:
        raise BadArray(f"groups {values.shape} must be one for each of {len(classes.labels)} images")
    attributes, positions = np.unique(values, return_inverse=True)
    names = tuple(f"{name}, {attribute}" for name in classes.names for attribute in attributes.tolist())
    return classes.labels * len(attributes) + positions, names


def has_pictures(images: Any) -> bool:
    """Tell pictures, or a data set of them, from embeddings.

    Parameters
    ----------
    images : object

    Returns
    -------
    bool
    """
    if is_table(images):
        return True
    is_listed = isinstance(images, Sequence) or getattr(getattr(images, "dtype", None), "kind", "") in ("O", "U")
    first = next(iter(images), None) if is_listed else None
    return isinstance(first, (Image.Image, str, PathLike))
