"""What something was measured on, as lines that stand beside it."""

import os
import platform
import shlex
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from modeling import __version__

MARK = "<!-- What follows is written by a command. -->\n"


def machine() -> str:
    """The processor, how many cores there are, and the system."""
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def versions(packages: Iterable[str]) -> str:
    """Python's version and those of the packages."""
    return ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in packages)])


def about_run(target: str, packages: Iterable[str]) -> dict[str, str]:
    """What stands above the results of a `make` target: command, day, machine, versions, what else ran."""
    return {
        "command": f"make {target} ARGS='{shlex.join(sys.argv[1:])}'",
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": machine(),
        "load average before": ", ".join(f"{average:.1f}" for average in os.getloadavg()),
        "versions": f"Clarify {__version__}, {versions(packages)}",
    }


def write_below(page: Path, text: str) -> None:
    """Replace what a page has below its mark."""
    above = page.read_text("utf-8").partition(MARK)[0]
    page.write_text(f"{above}{MARK}\n{text}", "utf-8")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown processor")
