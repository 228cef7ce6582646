"""What a worker computes with, as trained heads and benchmarks record it."""

import platform
from importlib.metadata import version
from pathlib import Path

from annotations.base.version import CODE_VERSION

_CPUINFO = Path("/proc/cpuinfo")


def library_versions() -> dict[str, str]:
    """Versions of the code, Python and the libraries that a head's numbers depend on."""
    return {
        "clarify": CODE_VERSION,
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "torch": version("torch"),
    }


def processor(cpuinfo: Path = _CPUINFO) -> str:
    """The processor's name, `unknown` where the system does not say. cpuinfo: the file of Linux."""
    lines = cpuinfo.read_text("utf-8").splitlines() if cpuinfo.is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor()) or "unknown"
