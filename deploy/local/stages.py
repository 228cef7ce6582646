"""The stages of a long job: each is announced, timed, and named where it fails."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class StageFailed(Exception):
    """A stage did not end well: its name, and the error as its cause."""

    def __init__(self, stage: str, reason: str) -> None:
        super().__init__(f"The stage “{stage}” failed: {reason}")
        self.stage = stage


@dataclass
class Stages:
    """Announces stages on the console and keeps how long each took."""

    console: Console
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block. An error in it becomes StageFailed with the stage's name; Ctrl-C stays what it is."""
        self.console.print(f"[bold]{name}[/bold] …")
        began = time.monotonic()
        try:
            yield
        except Exception as error:
            raise StageFailed(name, str(error) or type(error).__name__) from error
        self.seconds[name] = time.monotonic() - began
        self.console.print(f"   {self.seconds[name]:.1f} s")

    @contextmanager
    def bar(self, unit: str, total: int) -> Iterator[Callable[..., None]]:
        """A progress bar within a stage, moved by `advance=1`, or by what is `completed` of the `total`."""
        columns = (TextColumn("   {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.console, transient=True) as progress:
            yield partial(progress.update, progress.add_task(unit, total=total))

    def follow(self, name: str, unit: str, steps: Iterable[tuple[int, int]]) -> None:
        """A stage with a bar of (done, all), step by step."""
        with self.stage(name), self.bar(unit, 1) as bar:
            for done, total in steps:
                bar(completed=done, total=total)

    def print_times(self) -> None:
        self.console.print("[bold]Time of each stage[/bold]")
        for name, seconds in self.seconds.items():
            self.console.print(f"   {name:<44}{seconds:6.1f} s")
        self.console.print(f"   {'in all':<44}{sum(self.seconds.values()):6.1f} s")
