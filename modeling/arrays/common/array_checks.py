"""What is asked of arrays in many places; each error says which array is meant, what is wrong with it, and where."""

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.modeling_errors import BadArray, BadEmbedding

_LARGEST_ID = 2**62 - 1  # the ids of a class's slices, twice its own, are ids too
_UNIT_TOLERANCE = 1e-3  # an encoder may have rounded its unit rows to half precision


def check_one_length(least: int = 0, /, **vectors: NDArray[Any]) -> int:
    """The length that vectors share, at least `least`; they go by the names they are given as. Raises BadArray."""
    length = next(iter(vectors.values())).size
    if length < least or any(vector.shape != (length,) for vector in vectors.values()):
        named = " and ".join(f"{name} {list(vector.shape)}" for name, vector in vectors.items())
        raise BadArray(f"{named} must be vectors of one length{f' ≥ {least}' if least else ''}")
    return length


def checked_ids(
    ids: NDArray[Any], what: str, *, least: int = 0, below: int | None = None, of: str = "image"
) -> NDArray[np.int64]:
    """A vector of integers in [least, below), or in [least, 2^62), as int64. Raises BadArray for anything else.

    what: the word for one of them; of: the word for what has one.
    """
    if ids.ndim != 1 or ids.dtype.kind not in "iu":
        raise BadArray(f"{what}s must be a vector of integers, not {ids.dtype}{list(ids.shape)}")
    if ids.size and ids.max() > _LARGEST_ID:
        at = int(np.argmax(ids))
        raise BadArray(f"{what} {ids[at]} of {of} {at} is too large: ids must be below 2^62")
    ids = ids.astype(np.int64)
    outside = (ids < least) if below is None else (ids < least) | (ids >= below)
    if outside.any():
        at = int(np.argmax(outside))
        asked, is_not = (f"be ≥ {least}", "is not") if below is None else (f"lie in [{least}, {below})", "does not")
        raise BadArray(f"{what}s must {asked}, and {what} {ids[at]} of {of} {at} {is_not}")
    return ids


def check_two_classes(labels: NDArray[np.integer]) -> None:
    """Raise BadArray where all labels, int[n], n ≥ 1, are the same; a class that is absent beside two others may be."""
    if labels.min() == labels.max():
        raise BadArray(f"all labels are of one class ({labels[0]}), and a classifier tells two classes or more apart")


def check_booleans(values: NDArray[Any], what: str) -> None:
    """Raise BadArray unless values are boolean: integers would be taken for positions. what: their name."""
    if values.dtype != np.bool_:
        raise BadArray(f"{what} must be boolean, not {values.dtype}")


def check_members(members: NDArray[np.bool_]) -> None:
    """Raise BadArray unless members are a matrix: bool[K, n], the images that each of K phrases selects."""
    if members.ndim != 2 or members.dtype != np.bool_:
        raise BadArray(f"members must be a matrix of booleans, not {members.dtype}{list(members.shape)}")


def check_finite_rows(rows: NDArray[Any], what: str) -> None:
    """Raise BadArray unless rows [n, d] are finite floating-point numbers. what: their name."""
    if not np.issubdtype(rows.dtype, np.floating):
        raise BadArray(f"{what} must be floats, not {rows.dtype}")
    finite = np.isfinite(rows).all(axis=1)
    if not finite.all():
        raise BadArray(f"row {int(np.argmin(finite))} of {what} is not finite")


def check_unit_rows(rows: NDArray[Any], what: str) -> None:
    """Raise BadArray unless each row of float[n, d] has length 1, to rounding. what: the word for one of them."""
    check_finite_rows(rows, f"{what}s")
    unit = _are_unit(rows)
    if not unit.all():
        raise BadArray(f"{what}s must be unit rows, and {what} {int(np.argmin(unit))} does not have length 1")


def checked_embeddings(returned: object, n: int, dim: int, encoder: str) -> NDArray[np.float32]:
    """What an encoder returned for n images or texts. encoder: its name.

    Raises BadEmbedding unless it is float32[n, dim] of finite unit rows.
    """
    promise = f"the encoder {encoder} must return a float32 array of {n} unit rows with {dim} columns"
    if not isinstance(returned, np.ndarray):
        raise BadEmbedding(f"{promise}, not a {type(returned).__name__}")
    if returned.shape != (n, dim) or returned.dtype != np.float32:
        raise BadEmbedding(f"{promise}, not {returned.dtype} of shape {returned.shape}")
    unit = _are_unit(returned)
    if not unit.all():
        row = int(np.argmin(unit))
        length = np.linalg.norm(returned[row].astype(np.float64))
        raise BadEmbedding(f"{promise}: row {row} has length {length:.6g}")
    return returned


def _are_unit(rows: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Whether each row of float[n, d] has length 1, to rounding: bool[n]. One that is not finite has not."""
    squares = np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
    unit: NDArray[np.bool_] = np.abs(squares - 1) <= 2 * _UNIT_TOLERANCE
    return unit


def finite_float32(similarities: NDArray[Any]) -> NDArray[np.float32]:
    """Similarities, float[n] or float[K, n] of K phrases, as float32, in which they are compared; -0.0 becomes +0.0.

    Raises BadArray for other types, and for one that is not finite in float32.
    """
    if not np.issubdtype(similarities.dtype, np.floating):
        raise BadArray(f"similarities must be floating-point numbers, not {similarities.dtype}")
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused below
        values: NDArray[np.float32] = similarities.astype(np.float32) + np.float32(0)
    finite = np.isfinite(values)
    if not finite.all():
        *phrase, image = np.argwhere(~finite)[0].tolist()
        of_phrase = f" of phrase {phrase[0]}" if phrase and len(values) > 1 else ""
        raise BadArray(f"similarity {image}{of_phrase} is not a finite float32 number")
    return values


def float32_threshold(threshold: float) -> np.float32:
    """A similarity threshold in the precision of similarities. Raises BadArray where it is not finite there."""
    with np.errstate(over="ignore"):
        value = np.float32(threshold)
    if not np.isfinite(value):
        raise BadArray(f"the threshold {threshold} is not finite in float32")
    return value


def check_choice(given: str, options: Collection[str], what: str) -> None:
    """Raise BadArray for an option that is not one of those there are. what: the word for them."""
    if given not in options:
        raise BadArray(f"unknown {what} {given!r}: use one of {', '.join(options)}")


def check_count(given: int, what: str, least: int = 1) -> None:
    """Raise BadArray unless a number is whole and at least `least`: NaN is neither. what: its name."""
    if not isinstance(given, int | np.integer) or given < least:
        raise BadArray(f"{what} must be a whole number ≥ {least}, not {given}")
