"""A finger on the page."""

from playwright.sync_api import Page


def swipe(page: Page, start: tuple[float, float], by: tuple[float, float]) -> None:
    """Move one finger over the page in ten steps."""
    finger = page.context.new_cdp_session(page)
    (x, y), (dx, dy) = start, by
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 11):
        point = {"x": x + dx * step / 10, "y": y + dy * step / 10}
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    finger.detach()
