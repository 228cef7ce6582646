"""The browser of a run, and the contexts that its tests have in turn."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.support.installed_browser import on_path

PATIENCE_MS = 60_000  # for what a page shows on a busy machine; Playwright's own patience ends after 5 s
MAX_FREE = 12  # contexts that wait for a test with the same options; without pages each takes little memory
CHROMIUM_FLAGS = [
    "--no-sandbox",  # a test run by root in a container has no sandbox
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",  # it would find an address for what must have none
    # A request to elsewhere fails, and who looks for it is told; to be told of every request costs more than its page.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


@pytest.hookimpl(tryfirst=True)  # before those with a mark are chosen
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for the browser."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


class Chromium:
    """A browser whose contexts are kept: with a new one, all files of the site are loaded and compiled again.

    A page is a test's own, and with it its listeners, its routes, its window and what it stored for the session.
    """

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self._free: list[tuple[dict[str, Any], BrowserContext]] = []  # the one that was used last comes last

    @contextmanager
    def context(self, *, is_kept: bool = True, **options: Any) -> Iterator[BrowserContext]:
        """A context without pages and cookies, for a block; its reader likes less motion, unless an option says so.

        Each frame of a movement is drawn for nobody, for an eighth of what a phrase costs. A test of what moves asks
        for `reduced_motion="no-preference"`.

        Parameters
        ----------
        is_kept : bool
            Whether another test may have it. Not where the block sets the browser's clock, which stays set.
        **options : Any
            Playwright's of a context.
        """
        options = {"reduced_motion": "reduce", **options}
        context = self._taken(options) if is_kept else None
        context = context or self.browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        has_ended_well = False
        try:
            yield context
            has_ended_well = True
        finally:
            if has_ended_well and is_kept:
                self._keep(options, context)
            else:
                context.close()

    def _keep(self, options: dict[str, Any], context: BrowserContext) -> None:
        for page in context.pages:
            page.close()
        context.unroute_all()
        context.set_offline(False)
        context.clear_cookies()
        self._free.append((options, context))
        if len(self._free) > MAX_FREE:
            self._free.pop(0)[1].close()

    def _taken(self, options: dict[str, Any]) -> BrowserContext | None:
        fits = [number for number, (others, _) in enumerate(self._free) if others == options]
        return self._free.pop(fits[-1])[1] if fits else None


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """The one browser of the run: a second Playwright in this thread would not start."""
    # Playwright's loop runs in this thread from now on, and Django would take every query for one inside of it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=on_path(), args=CHROMIUM_FLAGS)
        yield Chromium(browser)
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
