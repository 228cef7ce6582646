"""Items in batches, as `itertools.batched` of Python 3.12 has them."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

_Item = TypeVar("_Item")


def batched(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    """Take items batch by batch.

    Parameters
    ----------
    items : iterable
    size : int
        Of each batch but the last.

    Yields
    ------
    list
    """
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
