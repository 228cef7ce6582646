"""Makes sure that the tests have a browser: one on the PATH, else Playwright's own, else Debian's package."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from playwright.sync_api import sync_playwright

# Chromium's headless shell is the same engine without windows, which cost more than most of the tests' pages.
ON_PATH = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium-headless-shell", "chromium")  # Debian's; the first is newer than some of its releases
ADVICE = (
    "These tests need a browser, but none could be installed. Install Chromium so that `chromium` is on the PATH "
    "(on Debian: apt-get install chromium). `make test` needs none."
)


def on_path() -> str | None:
    """A Chromium on the PATH. None leaves the choice to Playwright, which then takes the one it downloaded."""
    return next((found for name in ON_PATH if (found := shutil.which(name))), None)


def is_there() -> bool:
    """Whether the tests have a browser to drive."""
    if on_path():
        return True
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()


def main() -> int:
    """Install a browser where there is none; 1, with a sentence, where that did not work either."""
    attempts: list[Callable[[], None]] = [_download, *(partial(_install, package) for package in PACKAGES)]
    for attempt in attempts:
        if is_there():
            return 0
        attempt()
    if is_there():
        return 0
    print(ADVICE, file=sys.stderr)
    return 1


def _download() -> None:
    print("No browser on the PATH: asking Playwright for its own …")
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def _install(package: str) -> None:
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing Debian's package {package} …")
        subprocess.run(["apt-get", "update"], check=False)
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", package], check=False)


if __name__ == "__main__":
    sys.exit(main())
