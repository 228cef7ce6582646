"""The browser of a run."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.installed_browser import on_path

PATIENCE_MS = 60_000  # for what a page shows on a busy machine; Playwright's own patience ends after 5 s
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


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The one browser of the run: a second Playwright in this thread would not start."""
    # Playwright's loop runs in this thread from now on, and Django would take every query for one inside of it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=on_path(), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
