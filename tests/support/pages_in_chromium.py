"""A Chromium for tests of staff pages, which fails the test on anything that the content policy blocks."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page

from tests.support.chromium import Chromium


@contextmanager
def page_without_complaints(chromium: Chromium, origin: str) -> Iterator[Page]:
    """Yield a page; when the block ends, no violation, script error or request elsewhere may have happened."""
    problems: list[str] = []
    with chromium.context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("requestfailed", lambda request: _note_elsewhere(request.url, origin, problems))
        yield page
    assert not problems, problems


def _note_elsewhere(url: str, origin: str, problems: list[str]) -> None:
    if not url.startswith((origin, "data:", "blob:")):
        problems.append(f"request to {url}")
