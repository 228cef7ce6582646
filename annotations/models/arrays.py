"""Small arrays that live in a row: little-endian bytes in, a numpy array out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def pack_float32(values: NDArray[Any]) -> bytes:
    """Return the bytes of a 1-D array as little-endian float32."""
    return np.ascontiguousarray(values, dtype="<f4").tobytes()


def unpack_float32(data: bytes | memoryview) -> NDArray[np.float32]:
    """Return the read-only float32[n] array that `pack_float32` stored."""
    return np.frombuffer(data, dtype="<f4")


def pack_int32(values: NDArray[Any]) -> bytes:
    """Return the bytes of a 1-D array as little-endian int32."""
    return np.ascontiguousarray(values, dtype="<i4").tobytes()


def unpack_int32(data: bytes | memoryview) -> NDArray[np.int32]:
    """Return the read-only int32[n] array that `pack_int32` stored."""
    return np.frombuffer(data, dtype="<i4")
