"""Circuit breaker: after a service fails to answer, skip it for a while, so that not every request waits for it."""

import time


class CircuitBreaker:
    """The breaker of one service in this process: `open` it after a failure, skip the service while it `is_open`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._until = 0.0

    def open(self) -> None:
        self._until = time.monotonic() + self.seconds

    def close(self) -> None:
        """Use the service again at once."""
        self._until = 0.0

    def is_open(self) -> bool:
        return time.monotonic() < self._until
