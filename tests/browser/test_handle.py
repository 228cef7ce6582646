"""The handle on the histogram: by mouse, touch and keys, and back to the best."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from annotations.models import Phrase, ThresholdChoice
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

HANDLE = "#threshold-handle"


def go_to_scored(visitor: Visitor, text: str = "red") -> Page:
    visitor.go_to_task()
    visitor.say_and_score(text)
    return visitor.page


def counts(page: Page) -> list[str]:
    """How many images are wrong and on each side, as the page says it at this moment."""
    return page.locator("#answer .side .share .count").all_inner_texts()


def wait_until_stored(page: Page) -> ThresholdChoice:
    expect(page.locator("#threshold-best")).to_be_enabled()
    return ThresholdChoice.objects.get()


def at(handle: Locator, share: float) -> tuple[float, float]:
    """A point on the handle's way, from its left end (0) to its right end (1)."""
    box = handle.bounding_box()
    assert box
    return box["x"] + box["width"] * share, box["y"] + box["height"] / 2


def test_with_the_mouse_the_numbers_follow_at_once_and_the_place_is_stored(visitor: Visitor) -> None:
    page = go_to_scored(visitor)
    before = counts(page)
    handle = page.locator(HANDLE)
    position = int(handle.input_value())
    page.mouse.move(*at(handle, 0.03 + 0.94 * position / 128))
    page.mouse.down()
    page.mouse.move(*at(handle, 0.1), steps=4)
    moved = counts(page)
    assert moved != before
    assert not ThresholdChoice.objects.exists()
    page.mouse.up()
    choice = wait_until_stored(page)
    assert counts(page) == moved  # what the script showed is what the server counts
    automatic = Phrase.objects.select_related("score").get().score.threshold
    assert choice.threshold is not None
    assert automatic is not None
    assert choice.threshold < automatic
    page.reload()
    assert counts(page) == moved


def test_with_keys_it_goes_a_step_a_page_and_to_the_ends_and_keeps_the_focus(visitor: Visitor) -> None:
    page = go_to_scored(visitor)
    handle = page.locator(HANDLE)
    start = int(handle.input_value())
    handle.focus()
    page.keyboard.press("ArrowRight")
    assert int(handle.input_value()) == start + 1
    wait_until_stored(page)
    assert page.evaluate("document.activeElement.id") == "threshold-handle"
    page.keyboard.press("Home")
    expect(page.locator("[data-side=with] [data-images]")).to_have_text("23")  # all but the least similar
    page.keyboard.press("End")
    expect(page.locator("[data-side=with] [data-images]")).to_have_text("0")
    expect(handle).to_have_attribute("aria-valuetext", "with: 0 of 0 images wrong")
    expect(page.locator("[data-side=with] .pictures li")).to_have_count(0)


def test_best_puts_it_back(visitor: Visitor) -> None:
    page = go_to_scored(visitor)
    before, position = counts(page), page.locator(HANDLE).input_value()
    page.locator(HANDLE).focus()
    page.keyboard.press("PageDown")
    wait_until_stored(page)
    assert counts(page) != before
    page.click("#threshold-best")
    expect(page.locator("#threshold-best")).to_be_disabled()
    assert counts(page) == before
    assert page.locator(HANDLE).input_value() == position
    assert ThresholdChoice.objects.get().threshold is None


def test_by_touch_on_a_phone(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = go_to_scored(visitor)
    handle = page.locator(HANDLE)
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box
    assert box["height"] >= 44
    page.touchscreen.tap(*at(handle, 0.2))
    wait_until_stored(page)
    assert int(handle.input_value()) < 64


def test_without_a_script_a_button_divides_there(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(java_script_enabled=False)
    page = go_to_scored(visitor)
    page.locator(HANDLE).focus()
    page.keyboard.press("Home")
    with page.expect_navigation():
        page.click("#threshold noscript button, #threshold button:has-text('Divide here')")
    assert counts(page)[1].startswith("9 of 23")
    with page.expect_navigation():
        page.click("#threshold-best")
    assert ThresholdChoice.objects.get().threshold is None


def test_the_handle_stands_over_its_threshold_in_the_picture(visitor: Visitor) -> None:
    page = go_to_scored(visitor)
    picture = page.locator(".histogram svg").first.bounding_box()
    line = float(page.locator(".threshold").get_attribute("x1") or "nan")
    assert picture
    stands = int(page.locator(HANDLE).input_value()) / 128
    assert abs(stands - line / 640) < 1 / 128
    thumb = page.evaluate("getComputedStyle(document.querySelector('.handle')).getPropertyValue('--thumb')")
    width = float(re.sub("px", "", thumb))
    box = page.locator(HANDLE).bounding_box()
    assert box
    assert abs((box["x"] + width / 2) - picture["x"]) < 1
    assert abs((box["x"] + box["width"] - width / 2) - (picture["x"] + picture["width"])) < 1


def test_on_a_large_screen_the_histogram_grows_with_the_text_and_the_handle_with_it(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(viewport={"width": 3840, "height": 2160})
    page = go_to_scored(visitor)
    heights = "all => all.map(one => one.getBoundingClientRect().height)"
    histogram, handle = page.eval_on_selector_all(".histogram > svg, #threshold-handle", heights)
    assert 100 < histogram < handle
