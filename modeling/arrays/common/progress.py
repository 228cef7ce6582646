"""How far long work is: what it calls to tell somebody."""

from typing import Protocol


class Progress(Protocol):
    """Told that `done` of `total` images, or whatever is counted, have passed a stage, named in a word or two."""

    def __call__(self, stage: str, done: int, total: int, /) -> None: ...


def silent(stage: str, done: int, total: int, /) -> None:
    """Tells nobody."""
