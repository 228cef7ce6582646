"""A Chromium for tests of staff pages, which fails the test on anything that the content policy blocks."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page


@contextmanager
def page_without_complaints(chromium: Browser, origin: str) -> Iterator[Page]:
    """Yield a page; when the block ends, no violation, script error or request elsewhere may have happened."""
    complaints: list[str] = []
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: _note_elsewhere(request.url, origin, complaints))
    try:
        yield page
    finally:
        page.context.close()
    assert not complaints, complaints


def _note_elsewhere(url: str, origin: str, complaints: list[str]) -> None:
    if not url.startswith((origin, "data:", "blob:")):
        complaints.append(f"request to {url}")
