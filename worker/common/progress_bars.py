"""Progress of long commands, drawn on the terminal."""

from typing import NoReturn, Self

from tqdm import tqdm


class ProgressBars:
    """Draws one bar a stage from calls `(stage, done, total)`; silent where stderr is no terminal."""

    def __init__(self, unit: str = "images") -> None:
        self._unit = unit
        self._stage = ""
        self._bar: tqdm[NoReturn] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that `done` of `total` images, or whatever the unit is, have passed `stage`."""
        bar = self._bar
        if bar is None or stage != self._stage:
            self._close()
            # A resumed stage starts where it was, so that the estimate of the time left counts only this run.
            bar = self._bar = tqdm(desc=stage, total=total, initial=done, unit=f" {self._unit}", disable=None)
            self._stage = stage
        bar.update(done - bar.n)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
