"""Checks of arguments that many modules need. Each error says which array is wrong, how, and where."""

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import BadArray, BadEmbedding

_LARGEST_ID = 2**62 - 1  # a class's slice ids are twice its own id, and must be ids too
_UNIT_TOLERANCE = 1e-3  # an encoder may round its unit rows to half precision


def check_one_length(least: int = 0, /, **vectors: NDArray[Any]) -> int:
    """Check that vectors have the same length, and return it.

    Parameters
    ----------
    least : int, default 0
        Smallest accepted length.
    **vectors : ndarray of shape (n,)
        Messages use the names under which they are given.

    Returns
    -------
    int
        n.

    Raises
    ------
    BadArray
        If one is not a vector, lengths differ, or n < least.
    """
    length = next(iter(vectors.values())).size
    if length < least or any(vector.shape != (length,) for vector in vectors.values()):
        named = " and ".join(f"{name} {list(vector.shape)}" for name, vector in vectors.items())
        raise BadArray(f"{named} must be vectors of the same length{f' ≥ {least}' if least else ''}")
    return length


def checked_ids(
    ids: NDArray[Any], what: str, *, least: int = 0, below: int | None = None, of: str = "image"
) -> NDArray[np.int64]:
    """Check a vector of integers, and return it as int64.

    Parameters
    ----------
    ids : int ndarray of shape (n,)
    what : str
        Word for one id in error messages.
    least : int, default 0
        Smallest accepted id.
    below : int, optional
        Ids must be smaller. Default: 2^62.
    of : str, default "image"
        Word for what has an id in error messages.

    Returns
    -------
    int64 ndarray of shape (n,)

    Raises
    ------
    BadArray
        If `ids` is not a vector of integers in [least, below).
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
        allowed = f"≥ {least}" if below is None else f"in [{least}, {below})"
        raise BadArray(f"{what}s must be {allowed}, but {what} {ids[at]} of {of} {at} is not")
    return ids


def check_two_classes(labels: NDArray[np.integer]) -> None:
    """Check that at least two classes occur; a further class may be absent.

    Parameters
    ----------
    labels : int ndarray of shape (n,)
        n ≥ 1.

    Raises
    ------
    BadArray
        If all labels are equal.
    """
    if labels.min() == labels.max():
        raise BadArray(f"all labels are of one class ({labels[0]}), but a classifier needs two classes or more")


def check_booleans(values: NDArray[Any], what: str) -> None:
    """Check that values are boolean: integers would index by position.

    Parameters
    ----------
    values : ndarray
    what : str
        Name of the array in error messages.

    Raises
    ------
    BadArray
        If the type is not bool.
    """
    if values.dtype != np.bool_:
        raise BadArray(f"{what} must be boolean, not {values.dtype}")


def check_members(members: NDArray[np.bool_]) -> None:
    """Check a matrix of the images that each of K phrases selects.

    Parameters
    ----------
    members : bool ndarray of shape (K, n)

    Raises
    ------
    BadArray
        If it is not a boolean matrix.
    """
    if members.ndim != 2 or members.dtype != np.bool_:
        raise BadArray(f"members must be a matrix of booleans, not {members.dtype}{list(members.shape)}")


def check_finite_rows(rows: NDArray[Any], what: str) -> None:
    """Check that rows are finite floats.

    Parameters
    ----------
    rows : float ndarray of shape (n, d)
    what : str
        Name of the array in error messages.

    Raises
    ------
    BadArray
        If the type is not float, or a row is not finite.
    """
    if not np.issubdtype(rows.dtype, np.floating):
        raise BadArray(f"{what} must be floats, not {rows.dtype}")
    finite = np.isfinite(rows).all(axis=1)
    if not finite.all():
        raise BadArray(f"row {int(np.argmin(finite))} of {what} is not finite")


def check_unit_rows(rows: NDArray[Any], what: str) -> None:
    """Check that each row has length 1, to within the rounding of half precision.

    Parameters
    ----------
    rows : float ndarray of shape (n, d)
    what : str
        Word for one row in error messages.

    Raises
    ------
    BadArray
        If the type is not float, or a row is not finite or has another length.
    """
    check_finite_rows(rows, f"{what}s")
    unit = _are_unit(rows)
    if not unit.all():
        raise BadArray(f"{what}s must be unit rows, but {what} {int(np.argmin(unit))} does not have length 1")


def checked_embeddings(returned: object, n: int, dim: int, encoder: str) -> NDArray[np.float32]:
    """Check what an encoder returned for n images or texts, and return it.

    Parameters
    ----------
    returned : object
    n, dim : int
        Expected shape.
    encoder : str
        Name of the encoder in error messages.

    Returns
    -------
    float32 ndarray of shape (n, dim)
        Finite unit rows.

    Raises
    ------
    BadEmbedding
        If it is anything else.
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
    """Return whether each row of float[n, d] has length 1, up to rounding: bool[n], False if it is not finite."""
    squares = np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
    unit: NDArray[np.bool_] = np.abs(squares - 1) <= 2 * _UNIT_TOLERANCE
    return unit


def finite_float32(similarities: NDArray[Any]) -> NDArray[np.float32]:
    """Convert similarities to float32, the precision in which they are compared.

    Parameters
    ----------
    similarities : float ndarray of shape (n,) or (K, n)

    Returns
    -------
    float32 ndarray of the same shape
        -0.0 becomes +0.0.

    Raises
    ------
    BadArray
        If the type is not float, or a value is not finite in float32.
    """
    if not np.issubdtype(similarities.dtype, np.floating):
        raise BadArray(f"similarities must be floating-point numbers, not {similarities.dtype}")
    with np.errstate(over="ignore"):  # values too large for float32 become infinite and are rejected below
        values: NDArray[np.float32] = similarities.astype(np.float32) + np.float32(0)
    finite = np.isfinite(values)
    if not finite.all():
        *phrase, image = np.argwhere(~finite)[0].tolist()
        of_phrase = f" of phrase {phrase[0]}" if phrase and len(values) > 1 else ""
        raise BadArray(f"similarity {image}{of_phrase} is not a finite float32 number")
    return values


def float32_threshold(threshold: float) -> np.float32:
    """Convert a similarity threshold to the precision of similarities.

    Parameters
    ----------
    threshold : float

    Returns
    -------
    numpy.float32

    Raises
    ------
    BadArray
        If it is not finite in float32.
    """
    with np.errstate(over="ignore"):
        value = np.float32(threshold)
    if not np.isfinite(value):
        raise BadArray(f"the threshold {threshold} is not finite in float32")
    return value


def check_choice(given: str, options: Collection[str], what: str) -> None:
    """Check that an option is one of those available.

    Parameters
    ----------
    given : str
    options : collection of str
    what : str
        Word for an option in error messages.

    Raises
    ------
    BadArray
        If `given` is not among the options.
    """
    if given not in options:
        raise BadArray(f"unknown {what} {given!r}: use one of {', '.join(options)}")


def check_count(given: int, what: str, least: int = 1) -> None:
    """Check that a number is whole and large enough.

    Parameters
    ----------
    given : int
    what : str
        Name of the number in error messages.
    least : int, default 1
        Smallest accepted value.

    Raises
    ------
    BadArray
        If it is not a whole number, or is below `least`.
    """
    if not isinstance(given, int | np.integer) or given < least:
        raise BadArray(f"{what} must be a whole number ≥ {least}, not {given}")
