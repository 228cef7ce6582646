"""How an array can be bad, by what it holds, and how it can lie awkwardly in memory, which is no error."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Bad = tuple[Callable[[Array], Array], str]  # what makes an array bad, and how the error says where or in what way

N = 24  # images
AT = 2  # where one value is bad


def value(bad: float) -> Callable[[Array], Array]:
    """One value of a vector, of the last phrase, or of a row of features."""

    def spoil(array: Array) -> Array:
        spoilt = array.copy()
        spoilt[(AT, 0) if array.shape[0] == N and array.ndim == 2 else (..., AT)] = bad
        return spoilt

    return spoil


def row(bad: float) -> Callable[[Array], Array]:
    def spoil(array: Array) -> Array:
        spoilt = array.copy()
        spoilt[AT] = bad
        return spoilt

    return spoil


def column(bad: float) -> Callable[[Array], Array]:
    """The weights of the last head; of NaN and negative numbers one is enough."""

    def spoil(array: Array) -> Array:
        spoilt = array.copy()
        spoilt[AT if bad else slice(None), 1] = bad
        return spoilt

    return spoil


def one_short(array: Array) -> Array:
    return array[:-1] if array.shape[0] == N else array[:, :-1]


def as_type(dtype: type) -> Callable[[Array], Array]:
    return lambda array: array.astype(dtype)


SHAPE: dict[str, Bad] = {
    "one short": (one_short, str(N - 1)),
    "one dimension more": (lambda array: array[..., None], r", 1[\])]"),
}
FLAGS: dict[str, Bad] = {**SHAPE, "integers": (as_type(np.int64), "int64")}
BOTH_KINDS: dict[str, Bad] = {
    **FLAGS,
    "all true": (np.ones_like, f"0 images are classified correctly and {N} wrongly"),
    "all false": (np.zeros_like, f"{N} images are classified correctly and 0 wrongly"),
}
FLOATS: dict[str, Bad] = {
    **SHAPE,
    "NaN": (value(np.nan), rf"\b{AT}\b"),
    "infinite": (value(-np.inf), rf"\b{AT}\b"),
    "integers": (as_type(np.int64), "int64"),
}
SIMILARITIES: dict[str, Bad] = {**FLOATS, "too large for float32": (value(1e300), rf"\b{AT}\b")}
UNIT_ROWS: dict[str, Bad] = {**FLOATS, "zero row": (row(0), rf"\b{AT}\b")}
IDS: dict[str, Bad] = {
    **SHAPE,
    "negative": (value(-7), rf"-7\b.*\b{AT}\b"),
    "floats": (as_type(np.float64), "float64"),
    "NaN": (lambda array: value(np.nan)(array.astype(np.float64)), "float64"),
    "booleans": (as_type(np.bool_), "bool"),
}
IDS_BELOW: dict[str, Bad] = {**IDS, "out of range": (value(9), rf"\b9\b.*\b{AT}\b")}
TRAINED_LABELS: dict[str, Bad] = {
    **IDS,
    "one class": (np.ones_like, r"one class \(1\)"),
    "one class, the first": (np.zeros_like, r"one class \(0\)"),
}
WEIGHTS: dict[str, Bad] = {
    **SHAPE,
    "NaN": (column(np.nan), r"weights\[:, 1\]"),
    "negative": (column(-1), r"weights\[:, 1\]"),
    "sum 0": (column(0), r"weights\[:, 1\]"),
    "integers": (as_type(np.int64), "int64"),
}


def without(kinds: Mapping[str, Bad], kind: str) -> dict[str, Bad]:
    """All kinds but one, which is no error there."""
    return {name: bad for name, bad in kinds.items() if name != kind}


def every_second(array: Array) -> Array:
    """Every second row of a larger array, which is read-only."""
    view = np.repeat(array, 2, axis=0)[::2]
    view.flags.writeable = False
    return view


def transposed(array: Array) -> Array:
    return np.asfortranarray(array)


def other_byte_order(array: Array) -> Array:
    return array.astype(array.dtype.newbyteorder(">"))


def narrow(array: Array) -> Array:
    """Labels of one byte, features in float32."""
    return array.astype({"i": np.int8, "f": np.float32}.get(array.dtype.kind, array.dtype))
