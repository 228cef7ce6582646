"""How much memory of Python's a call takes at its most."""

import gc
import tracemalloc
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_PYTHONS_OWN = 700, 10, 10  # thresholds; tests collect less often, and what waits for it would count


def peak_of(call: Callable[[], T]) -> tuple[int, T]:
    """The bytes at the most, and what the call returns."""
    thresholds = gc.get_threshold()
    gc.collect()
    gc.set_threshold(*_PYTHONS_OWN)
    tracemalloc.start()
    try:
        returned = call()
        return tracemalloc.get_traced_memory()[1], returned
    finally:
        tracemalloc.stop()
        gc.set_threshold(*thresholds)
