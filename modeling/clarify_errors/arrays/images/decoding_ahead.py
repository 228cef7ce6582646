"""Work on images beside the encoder: by several threads, in order, and only so far ahead that memory stays bounded."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from typing import TypeVar

from clarify_errors.arrays.common.steps import step_done

Item = TypeVar("Item")
Result = TypeVar("Result")


def worked_ahead(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    pixels_of: Callable[[Result], int],
    n_threads: int,
    n_ahead: int,
    most_pixels: int,
) -> Generator[Result, None, None]:
    """Yield what is made of each item, in order, while threads work on the next ones.

    Parameters
    ----------
    work : callable
        Makes a result of an item; several threads call it at the same time. What it raises is raised here.
    items : iterable
        Asked for the next item by whoever iterates over the results, and by no thread.
    pixels_of : callable
        The size of a result.
    n_threads : int
    n_ahead : int
        Items that are begun before their turn.
    most_pixels : int
        Of results before their turn; above it, no further item is begun.

    Yields
    ------
    Result
    """
    gate = _Gate(most_pixels)

    def at(index: int, item: Item) -> Result:
        gate.enter(index)
        result = work(item)
        gate.hold(pixels_of(result))
        return result

    with ThreadPoolExecutor(max(1, n_threads)) as threads, closing(gate):
        try:
            futures = (threads.submit(at, index, item) for index, item in enumerate(items))
            coming: deque[Future[Result]] = deque(islice(futures, n_ahead))
            while coming:
                result = coming.popleft().result()
                gate.pass_on(pixels_of(result))
                step_done()
                coming.extend(islice(futures, 1))
                yield result
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


class _Gate:
    """Keeps threads from beginning an item while too many pixels are held, but for the one that is waited for."""

    def __init__(self, most_pixels: int) -> None:
        self._changed = threading.Condition()
        self._most_pixels = most_pixels
        self._pixels = 0
        self._turn = 0
        self._is_open = False

    def enter(self, index: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_open or self._pixels < self._most_pixels or index == self._turn)

    def hold(self, pixels: int) -> None:
        with self._changed:
            self._pixels += pixels

    def pass_on(self, pixels: int) -> None:
        with self._changed:
            self._pixels -= pixels
            self._turn += 1
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._is_open = True
            self._changed.notify_all()
