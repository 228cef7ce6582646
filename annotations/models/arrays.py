"""Small arrays that live in a row: little-endian bytes in, a numpy array out, and queries that leave them out."""

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
from django.db.models import Model, QuerySet
from numpy.typing import NDArray

from annotations.base.data_store.stored_files import StoredFile

Row = TypeVar("Row", bound=Model)


def without_arrays(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Leave out the arrays of the rows, and of those that `select_related` has joined to them before.

    They are as long as a data set. Which columns they are a model says as `ARRAYS`; one that is looked at after all is
    read by a query of its own.
    """
    joined = rows.query.select_related
    return rows.defer(*_arrays(rows.model, joined if isinstance(joined, dict) else {}))


def _arrays(model: type[Model], joined: dict[str, Any], path: str = "") -> Iterator[str]:
    yield from (f"{path}{name}" for name in getattr(model, "ARRAYS", ()))
    for name, further in joined.items():
        related = model._meta.get_field(name).related_model
        assert isinstance(related, type), "a joined field leads to a model"
        yield from _arrays(related, further, f"{path}{name}__")


def pack_float32(values: NDArray[Any]) -> bytes:
    """Return the bytes of a 1-D array as little-endian float32."""
    return np.ascontiguousarray(values, dtype="<f4").tobytes()


def unpack_float32(data: bytes | memoryview) -> NDArray[np.float32]:
    """Return the read-only float32[n] array that `pack_float32` stored."""
    return np.frombuffer(data, dtype="<f4")


def pack_int32(values: NDArray[Any]) -> bytes:
    """Return the bytes of a 1-D array as little-endian int32."""
    return np.ascontiguousarray(values, dtype="<i4").tobytes()


def unpack_int32(data: bytes | memoryview | StoredFile) -> NDArray[np.int32]:
    """Return the read-only int32[n] array that `pack_int32` made, mapped where it is a file. Raises BadStoredFile."""
    return np.frombuffer(data.read() if isinstance(data, StoredFile) else data, dtype="<i4")


def pack_float64(values: NDArray[Any]) -> bytes:
    """Return the bytes of a 1-D array as little-endian float64."""
    return np.ascontiguousarray(values, dtype="<f8").tobytes()


def unpack_float64(data: bytes | memoryview) -> NDArray[np.float64]:
    """Return the read-only float64[n] array that `pack_float64` stored."""
    return np.frombuffer(data, dtype="<f8")
