"""Progress callbacks for long-running work."""

from typing import Protocol


class Progress(Protocol):
    """Callback for long-running work.

    It is called as `progress(stage, done, total)`: `done` of `total` images, or whatever is counted, have passed the
    stage.
    """

    def __call__(self, stage: str, done: int, total: int, /) -> None: ...


def silent(stage: str, done: int, total: int, /) -> None:
    """Ignore all progress.

    Parameters
    ----------
    stage : str
        One or two words.
    done, total : int
    """
