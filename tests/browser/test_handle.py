"""The handle between pictures in order of likeness: folded, moved only by dragging its thumb sideways or by keys."""

import re

import pytest
from playwright.sync_api import Page, expect

from annotations.models import Phrase, Reply, ThresholdChoice
from tests.browser.conftest import NewVisitor
from tests.browser.swipes import swipe
from tests.browser.visitor import Visitor

THUMB = "#threshold-thumb"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def go_to_scored(visitor: Visitor, text: str = "red") -> Page:
    visitor.go_to_task()
    visitor.say_and_score(text)
    visitor.take_handle()
    return visitor.page


def counts(page: Page) -> list[str]:
    """How many images are wrong and on each side, as the page says it at this moment."""
    shares: list[str] = page.locator("#answer .side .says").evaluate_all(
        "all => all.map(one => one.textContent.replace(/\\s+/g, ' ').trim())"
    )
    return shares


def wait_until_stored(page: Page) -> ThresholdChoice:
    expect(page.locator("#threshold-best")).to_be_enabled()
    return ThresholdChoice.objects.get()


def position(page: Page) -> int:
    return int(page.locator(THUMB).get_attribute("aria-valuenow") or "")


def middle(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_with_the_mouse_the_numbers_follow_at_once_and_the_place_is_stored(visitor: Visitor) -> None:
    page = go_to_scored(visitor)
    before = counts(page)
    x, y = middle(page, THUMB)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 150, y, steps=4)
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


def test_a_press_on_the_pictures_or_on_the_thumb_changes_nothing(visitor: Visitor) -> None:
    page = go_to_scored(visitor)
    before = position(page)
    drawing = page.locator(".drawing").bounding_box()
    assert drawing
    page.mouse.click(drawing["x"] + 20, drawing["y"] + 20)
    page.mouse.click(*middle(page, THUMB))
    page.keyboard.press("ArrowLeft")
    wait_until_stored(page)
    assert position(page) == before - 1
    assert Reply.objects.count() == 1


def test_a_swipe_across_the_pictures_does_nothing_and_a_drag_of_the_thumb_moves_it(new_visitor: NewVisitor) -> None:
    page = go_to_scored(new_visitor(**PHONE))
    before, said = position(page), counts(page)
    drawing = page.locator(".drawing").bounding_box()
    assert drawing
    swipe(page, (drawing["x"] + 30, drawing["y"] + 30), (250, 0))
    swipe(page, middle(page, ".drawing .pictures"), (5, -200))
    page.locator(THUMB).scroll_into_view_if_needed()
    swipe(page, middle(page, THUMB), (3, -150))  # up, beginning on the thumb itself
    assert (position(page), counts(page)) == (before, said)
    page.locator(THUMB).scroll_into_view_if_needed()
    swipe(page, middle(page, THUMB), (-100, 4))
    wait_until_stored(page)
    assert position(page) < before - 20
    assert Reply.objects.count() == 1


def test_with_keys_it_goes_a_step_a_page_and_to_the_ends_and_keeps_the_focus(visitor: Visitor) -> None:
    page = go_to_scored(visitor)
    start = position(page)
    page.keyboard.press("ArrowRight")
    assert position(page) == start + 1
    wait_until_stored(page)
    assert page.evaluate("document.activeElement.id") == "threshold-thumb"
    expect(page.locator("#adjust")).to_have_attribute("open", "")
    page.keyboard.press("PageUp")
    assert position(page) == start + 11
    page.keyboard.press("Home")
    expect(page.locator(".side[data-side=with] [data-images]")).to_have_text("23")  # all but the least similar
    page.keyboard.press("End")
    expect(page.locator(".side[data-side=with] .none")).to_be_visible()
    expect(page.locator(THUMB)).to_have_attribute("aria-valuetext", "0 of 24 images. The AI is wrong on 0 of them.")
    expect(page.locator(".side[data-side=with] .pictures li")).to_have_count(0)
    expect(page.locator(".verdict")).to_contain_text("no better than guessing")  # the verdict follows
    expect(page.locator("#history .level")).to_have_text("very well")  # of the best place
    expect(page.locator(".next-step")).to_have_text(
        "This is the result where you put the handle. The list keeps the best result."
    )


def test_best_puts_it_back(visitor: Visitor) -> None:
    page = go_to_scored(visitor)
    before, start = counts(page), position(page)
    page.keyboard.press("PageDown")
    wait_until_stored(page)
    assert counts(page) != before
    page.click("#threshold-best")
    expect(page.locator("#threshold-best")).to_be_disabled()
    assert counts(page) == before
    assert position(page) == start
    assert ThresholdChoice.objects.get().threshold is None


def test_the_thumb_is_large_enough_for_a_finger_and_stands_over_its_threshold(new_visitor: NewVisitor) -> None:
    page = go_to_scored(new_visitor(**PHONE))
    thumb = page.locator(THUMB).bounding_box()
    assert thumb
    assert min(thumb["width"], thumb["height"]) >= 44
    picture = page.locator(".drawing .pictures").bounding_box()
    line = float(page.locator(".threshold line").get_attribute("x1") or "nan")
    assert picture
    stands = (middle(page, THUMB)[0] - picture["x"]) / picture["width"]
    assert abs(stands - line / 100) < 1 / 128


@pytest.mark.parametrize("language", ["en", "de"])
def test_on_a_phone_both_percentages_are_beside_the_handle_and_follow_it(
    new_visitor: NewVisitor, language: str
) -> None:
    page = go_to_scored(new_visitor(locale=language, **PHONE))
    shares = page.locator(".both-shares [data-percent]")
    in_sides = page.locator(".side [data-percent]")
    bar = page.locator("#phrase").bounding_box()
    head = page.locator(".top").bounding_box()
    assert bar
    assert head
    x, y = middle(page, THUMB)
    page.mouse.move(x, y)
    page.mouse.down()
    seen = set()
    for across in (-60, -120):
        page.mouse.move(x + across, y, steps=3)
        seen.add(tuple(shares.all_text_contents()))
        assert shares.all_text_contents() == in_sides.all_text_contents()[::-1]
        for share in shares.all():
            box = share.bounding_box()
            assert box
            assert head["y"] + head["height"] <= box["y"] <= box["y"] + box["height"] <= bar["y"]
    page.mouse.up()
    assert len(seen) == 2


def test_the_line_leaves_as_many_of_the_pictures_in_order_as_there_are_images_without(visitor: Visitor) -> None:
    page = go_to_scored(visitor)
    page.keyboard.press("Home")
    wait_until_stored(page)
    for _ in range(4):
        page.keyboard.press("PageUp")
        n_without = int(page.locator(".side[data-side=without] [data-images]").inner_text())
        drawing = page.locator(".drawing").bounding_box()
        assert drawing
        share = (middle(page, THUMB)[0] - drawing["x"]) / drawing["width"]
        assert abs(24 * share - n_without) < 0.1
    wrong = page.locator(".in-order li").evaluate_all("all => all.map(one => one.classList.contains('is-wrong'))")
    assert len(wrong) == 20
    assert sum(wrong) in (7, 8)  # of 20, as 9 of 24
    assert sum(wrong[10:]) > sum(wrong[:10])


def test_without_a_script_it_is_a_number_field(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(java_script_enabled=False)
    visitor.go_to_task()
    visitor.say_and_score("red")
    page = visitor.page
    page.click("#adjust summary")
    expect(page.locator(THUMB)).to_be_hidden()
    page.get_by_role("spinbutton", name=re.compile("Where .with. begins")).fill("0")
    with page.expect_navigation():
        page.click("#threshold button:has-text('Split here')")
    assert "9 of 23" in counts(page)[0]
    page.click("#adjust summary")
    with page.expect_navigation():
        page.click("#threshold-best")
    assert ThresholdChoice.objects.get().threshold is None
