"""A sideways swipe leaves visitors on their page, though Chromium takes it for a step in the history."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import NewVisitor
from tests.browser.swipes import swipe

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SETTLE_MS = 400  # Chromium goes back some frames after the finger has left


def stays_after_swipes(page: Page, *heights: float) -> bool:
    """Swipe to the right and to the left at each height of the window; True if the page is still the same."""
    page.evaluate("window.isSamePage = true")
    for height in heights:
        for start, distance in ((40, 300), (350, -300)):
            swipe(page, (start, height), (distance, 0))
    page.wait_for_timeout(SETTLE_MS)
    return bool(page.evaluate("!!window.isSamePage"))


def test_a_sideways_swipe_leaves_every_page_as_it_is(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(**PHONE)
    moved = [name for name in visitor.walk_to_task() if not stays_after_swipes(visitor.page, 200, 600)]
    visitor.say_and_score("red")
    moved += [] if stays_after_swipes(visitor.page, 200, 600) else ["scored"]
    for form, name in (("done", "end"), ("finish", "code")):
        visitor.press(form)
        moved += [] if stays_after_swipes(visitor.page, 200, 600) else [name]
    assert moved == []


def test_the_browser_would_go_back_if_the_page_allowed_it(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(**PHONE)
    visitor.open_link()
    visitor.press("start")
    for element in ("documentElement", "body"):
        visitor.page.evaluate(f"document.{element}.style.overscrollBehaviorX = 'auto'")
    if stays_after_swipes(visitor.page, 600):
        pytest.skip("This browser has no swipe through the history.")
