"""A Chromium for tests of staff pages, which fails the test on anything that the content policy blocks."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

_FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def page_without_complaints(origin: str) -> Iterator[Page]:
    """Yield a page; when the block ends, no violation, script error or request elsewhere may have happened."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: _note_elsewhere(request.url, origin, complaints))
        try:
            yield page
        finally:
            browser.close()
    assert not complaints, complaints


def _note_elsewhere(url: str, origin: str, complaints: list[str]) -> None:
    if not url.startswith((origin, "data:", "blob:")):
        complaints.append(f"request to {url}")
