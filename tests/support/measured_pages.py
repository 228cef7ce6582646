"""The page of a measurement: what it was measured on, and its results below a mark."""

import os
import shlex
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from clarify_errors import __version__
from tests.benchmarks.make_bench import machine, versions

MARK = "<!-- What follows is written by a command. -->\n"


def about_run(target: str, packages: Iterable[str]) -> dict[str, str]:
    """What stands above the results of a `make` target: command, day, machine, versions, what else ran."""
    return {
        "command": f"make {target} ARGS='{shlex.join(sys.argv[1:])}'",
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": machine(),
        "load average before": ", ".join(f"{average:.1f}" for average in os.getloadavg()),
        "versions": f"Clarify {__version__}, {versions(packages)}",
    }


def write_below(page: Path, text: str, mark: str = MARK) -> None:
    """Replace what a page has below a mark, up to the next mark."""
    above, _, below = page.read_text("utf-8").partition(mark)
    _, another, rest = below.partition("\n<!-- ")
    page.write_text(f"{above}{mark}\n{text}{another}{rest}", "utf-8")
