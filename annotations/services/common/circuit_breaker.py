"""Quiet spells: what did not answer is left alone for a while, so that not everybody waits for it in turn."""

import time


class QuietSpell:
    """Of one thing outside, in this process: `begin` where it did not answer, and do without it while it `lasts`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._until = 0.0

    def begin(self) -> None:
        self._until = time.monotonic() + self.seconds

    def lasts(self) -> bool:
        return time.monotonic() < self._until
