"""Files of Debian's packages that need not be installed: unpacked below var/cache, where they can be had."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from clarify_site.home import ROOT


def find_in_packages(pattern: str, packages: Sequence[str]) -> Path | None:
    """The machine's own file below /usr, else that of the packages; None where they cannot be had."""
    cache = ROOT / "var" / "cache" / packages[0]
    for place in (Path("/usr/lib"), Path("/usr/sbin"), Path("/usr/bin"), cache):
        if found := next(place.glob(f"**/{pattern}"), None):
            return found
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return None
    cache.mkdir(parents=True, exist_ok=True)
    for package in packages:
        subprocess.run(["apt-get", "download", package], cwd=cache, capture_output=True, timeout=120)
    for file in cache.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(file), str(cache)], capture_output=True)
    return next(cache.glob(f"**/{pattern}"), None)
