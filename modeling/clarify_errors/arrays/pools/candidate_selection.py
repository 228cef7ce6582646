"""Which pool images are candidates: of a class by their zero-shot probability, and none nearly the same as another."""

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.common.softmax import softmax
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.embeddings.zero_shot import ZeroShot

LOGIT_SCALE = 100.0  # of CLIP: cosines are multiplied by it before the softmax


def class_probabilities(zero_shot: ZeroShot, images: NDArray[np.float32], target_class: int) -> NDArray[np.float32]:
    """Compute the zero-shot probability of a class.

    Parameters
    ----------
    zero_shot : ZeroShot
        A prompt for each class.
    images : float32 ndarray of shape (n, d)
        Unit rows.
    target_class : int

    Returns
    -------
    float32 ndarray of shape (n,)
        In [0, 1]: softmax over the prompts of LOGIT_SCALE × cosine, the class's prompts summed.

    Raises
    ------
    BadArray
        If no prompt is of the class, or images do not fit.
    """
    if target_class not in zero_shot.labels:
        raise BadArray(f"no prompt is of the class {target_class}")
    cosines = np.stack([similarities(images, prompt) for prompt in zero_shot.embeddings], axis=1)
    of_prompts = softmax(np.float32(LOGIT_SCALE) * cosines)
    share: NDArray[np.float32] = of_prompts[:, zero_shot.labels == target_class].sum(axis=1)
    return share


def first_of_near_duplicates(
    images: NDArray[np.float32], threshold: float
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.float32]]:
    """Keep images that are not nearly the same as one that was kept before.

    Parameters
    ----------
    images : float32 ndarray of shape (m, d)
        Unit rows, the most wanted first.
    threshold : float
        Similarity above which two are near-duplicates.

    Returns
    -------
    kept : bool ndarray of shape (m,)
    like : int64 ndarray of shape (m,)
        The kept image that is most like each image which is not kept; -1 for kept ones.
    values : float32 ndarray of shape (m,)
        Their similarity; NaN for kept ones.

    Examples
    --------
    >>> images = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    >>> kept, like, _ = first_of_near_duplicates(images, 0.98)
    >>> kept.tolist(), like.tolist()
    ([True, False, True], [-1, 0, -1])
    """
    kept = np.zeros(len(images), np.bool_)
    like, values = np.full(len(images), -1, np.int64), np.full(len(images), np.nan, np.float32)
    chosen: list[int] = []
    for place, image in enumerate(images):
        if chosen:
            to_kept = similarities(images[chosen], image)
            nearest = int(to_kept.argmax())
            if to_kept[nearest] > np.float32(threshold):
                like[place], values[place] = chosen[nearest], to_kept[nearest]
                continue
        kept[place] = True
        chosen.append(place)
    return kept, like, values


def hidden_places(n: int, hidden: int, seed: int) -> NDArray[np.int64]:
    """Choose where in a list other images stand, so that places tell nothing.

    Parameters
    ----------
    n, hidden : int
        Images of the list, and those to hide among them.
    seed : int

    Returns
    -------
    int64 ndarray of shape (n + hidden,)
        At each place the position in the list, or n and more for the hidden ones, in their order.
    """
    places = np.sort(np.random.default_rng(seed).permutation(n + hidden)[:hidden])
    before = places - np.arange(hidden)  # images of the list before each hidden one
    return np.insert(np.arange(n), before, n + np.arange(hidden))
