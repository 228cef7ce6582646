"""What a person's browser would report of the time at a task, for visitors that have none."""

import json
import time
import uuid
from dataclasses import dataclass, field


@dataclass
class Attention:
    """How long a task was in view, and how long the visitor waited for scores in it, by the monotonic clock."""

    _opening: str = field(default_factory=lambda: str(uuid.uuid4()))
    _began: float | None = None
    _waits: list[tuple[float, float]] = field(default_factory=list)

    def begin(self) -> None:
        """Note that a task's page is in view, if none was."""
        if self._began is None:
            self._began = time.monotonic()

    def waited(self, since: float) -> None:
        """Note a wait for a score that ends now."""
        self._waits.append((since, time.monotonic()))

    def report(self, assignment: str) -> str:
        """Return all spans of the task as the page's script sends them, and forget them."""
        now = time.monotonic()
        seen = [] if self._began is None else [("visible", self._began, now)]
        spans = [*seen, *(("waiting", *wait) for wait in self._waits)]
        self._began, self._waits = None, []
        return json.dumps(
            [
                {
                    "uuid": str(uuid.uuid4()),
                    "opening": self._opening,
                    "kind": kind,
                    "began_ago_ms": round(1000 * (now - began)),
                    "ended_ago_ms": round(1000 * (now - ended)),
                    "assignment": assignment,
                }
                for kind, began, ended in spans
            ]
        )
