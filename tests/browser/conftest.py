"""A real Chromium on a real server. A test fails on any script error, policy violation or request to elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from annotations.models import Study, StudyConfiguration
from tests.browser.visitor import Visitor
from tests.support.chromium import Chromium

# What Chromium itself writes to the console when a page of ours answers with an error, or the network is cut.
_EXPECTED = "Failed to load resource"

NewVisitor = Callable[..., Visitor]


@pytest.fixture
def study(transactional_db: None, open_study: Study) -> Study:
    """An open study whose completion sends nobody elsewhere."""
    open_study.completion_url = ""
    open_study.save()
    return open_study


@pytest.fixture
def own_clock() -> None:
    """For a test that sets the clock of its visitors' browsers, which no other test has after it."""


@pytest.fixture
def new_visitor(
    chromium: Chromium, live_server: LiveServer, study: Study, request: pytest.FixtureRequest
) -> Iterator[NewVisitor]:
    """Make visitors, each with a browser of their own; keyword arguments are Playwright's of a context."""
    is_kept = "own_clock" not in request.fixturenames
    problems: list[str] = []
    with ExitStack() as contexts:

        def make(name: str = "carol", **options: Any) -> Visitor:
            options = {"viewport": {"width": 1280, "height": 800}, **options}
            page = contexts.enter_context(chromium.context(is_kept=is_kept, **options)).new_page()
            _listen(page, live_server.url, problems)
            return Visitor(page, live_server.url, study, name)

        yield make
    assert problems == []


@pytest.fixture
def visitor(new_visitor: NewVisitor) -> Visitor:
    """Someone with a laptop."""
    return new_visitor()


def ask_at_the_end(lines: str) -> None:
    """Let the open study ask its own questions, one a line."""
    configuration = StudyConfiguration.objects.get()
    configuration.data["study"]["end_questions"] = lines
    configuration.save()


def _listen(page: Page, origin: str, problems: list[str]) -> None:
    def on_console(message: Any) -> None:
        if message.type == "error" and not message.text.startswith(_EXPECTED):
            problems.append(message.text)

    def on_failed(request: Any) -> None:
        if not request.url.startswith((origin, "data:")):
            problems.append(f"request to {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("requestfailed", on_failed)
