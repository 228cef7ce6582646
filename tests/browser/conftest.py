"""A real Chromium on a real server. A test fails on any script error, policy violation or request to elsewhere."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from annotations.models import Study, StudyConfiguration
from tests.browser.visitor import Visitor

# What Chromium itself writes to the console when a page of ours answers with an error, or the network is cut.
_EXPECTED = "Failed to load resource"

NewVisitor = Callable[..., Visitor]


class Requests:
    """How many requests the live server is at work on."""

    def __init__(self) -> None:
        self._begun = self._ended = 0

    def began(self, **_: Any) -> None:
        self._begun += 1

    def ended(self, **_: Any) -> None:
        self._ended += 1

    def wait_until_idle(self) -> None:
        """Return once nothing has been under way for a moment."""
        begun_at = quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < 0.05:
            assert time.monotonic() - begun_at < 30, "a request does not end"
            time.sleep(0.005)
            if self._begun > self._ended:
                quiet_since = time.monotonic()


@pytest.fixture
def requests() -> Iterator[Requests]:
    """Counts the requests of a test."""
    counted = Requests()
    request_started.connect(counted.began)
    request_finished.connect(counted.ended)
    yield counted
    request_started.disconnect(counted.began)
    request_finished.disconnect(counted.ended)


@pytest.fixture
def study(transactional_db: None, open_study: Study) -> Study:
    """An open study whose completion sends nobody elsewhere."""
    open_study.completion_url = ""
    open_study.save()
    return open_study


@pytest.fixture
def new_visitor(chromium: Browser, live_server: LiveServer, study: Study, requests: Requests) -> Iterator[NewVisitor]:
    """Make visitors, each with a browser of their own; keyword arguments are Playwright's of a context."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def make(name: str = "carol", **options: Any) -> Visitor:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        _listen(page, live_server.url, complaints)
        return Visitor(page, live_server.url, study, name)

    yield make
    for context in contexts:
        context.close()
    requests.wait_until_idle()  # the database is emptied next
    assert complaints == []


@pytest.fixture
def visitor(new_visitor: NewVisitor) -> Visitor:
    """Someone with a laptop."""
    return new_visitor()


def ask_at_the_end(lines: str) -> None:
    """Let the open study ask its own questions, one a line."""
    configuration = StudyConfiguration.objects.get()
    configuration.data["study"]["end_questions"] = lines
    configuration.save()


def _listen(page: Page, origin: str, complaints: list[str]) -> None:
    def on_console(message: Any) -> None:
        if message.type == "error" and not message.text.startswith(_EXPECTED):
            complaints.append(message.text)

    def on_request(request: Any) -> None:
        if not request.url.startswith((origin, "data:")):
            complaints.append(f"request to {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", on_request)
