"""What is called after each step of long computations: for leases, watchdogs, cancelling.

A step takes well under a second. Unlike `Progress`, which a caller hands down to be told how far work has come, this
reaches every loop without a parameter in each signature between.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_callbacks: ContextVar[tuple[Callable[[], None], ...]] = ContextVar("callbacks", default=())


@contextmanager
def after_each_step(callback: Callable[[], None]) -> Iterator[None]:
    """Call something after each step of the computations within the block.

    Parameters
    ----------
    callback : callable
        It has to be quick; what it raises breaks the computation off. Those of blocks around this one are called too.

    Examples
    --------
    >>> with after_each_step(lambda: print("a step")):
    ...     step_done()
    a step
    """
    token = _callbacks.set((*_callbacks.get(), callback))
    try:
        yield
    finally:
        _callbacks.reset(token)


def step_done() -> None:
    """Say that a step is done."""
    for callback in _callbacks.get():
        callback()
