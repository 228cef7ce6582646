"""Versions of what a worker computes with, as trained heads record them."""

import platform
from importlib.metadata import version

from annotations.version import CODE_VERSION


def library_versions() -> dict[str, str]:
    """Versions of the code, Python and the libraries that a head's numbers depend on."""
    return {
        "clarify": CODE_VERSION,
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "torch": version("torch"),
    }
