"""The images have the page until the first phrase; the sentence never moves, and hides nothing that has the focus."""

import pytest
from playwright.sync_api import Page, expect

from annotations.models import Study
from clarify_errors.arrays.images.image_files import THUMBNAIL_SHORT_SIDE
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from worker.phrases.scoring import score_due_phrases

_SIZES = "all => all.map(one => { const box = one.getBoundingClientRect(); return [box.width, box.height]; })"
_IN_VIEW = """all => all.filter(one => {
    const box = one.getBoundingClientRect(), bar = document.getElementById("phrase").getBoundingClientRect();
    return box.left >= 0 && box.right <= innerWidth && box.top >= 0 && box.bottom <= bar.top;
}).length"""

_IN_ITS_LIST = """all => all.filter(one => {
    const box = one.getBoundingClientRect(), list = one.parentElement.getBoundingClientRect();
    return box.top >= list.top - 1 && box.bottom <= list.bottom + 1;
}).length"""


def bar(page: Page) -> list[float]:
    return list(page.locator("#phrase").evaluate("bar => Object.values(bar.getBoundingClientRect().toJSON())"))


def test_at_1280_by_800_cells_are_110_pixels_and_all_are_in_view(visitor: Visitor) -> None:
    visitor.go_to_task()
    sizes = visitor.page.eval_on_selector_all(".class-grid li", _SIZES)
    assert min(min(size) for size in sizes) >= 110
    assert visitor.page.eval_on_selector_all(".class-grid li", _IN_VIEW) == 15 + 9
    for part in ("#answer", "#history", "#done"):
        expect(visitor.page.locator(part)).to_be_hidden()


def test_on_a_phone_two_rows_a_group_and_eight_in_view(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    visitor.go_to_task()
    assert visitor.page.eval_on_selector_all(".class-grid li", _IN_VIEW) >= 8


def test_a_long_history_keeps_the_newest_and_the_best_in_view(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.say_and_score("red")
    for number in range(11):
        visitor.say(f"dark thing {number}")
    score_due_phrases()
    visitor.sees_score_of("dark thing 10")
    for line in ("#history li:last-child", "#history .best"):
        assert visitor.page.eval_on_selector_all(line, _IN_ITS_LIST) == 1


def test_on_a_phone_done_and_both_shares_stand_above_the_sentence(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(has_touch=True, is_mobile=True)
    visitor.go_to_task()
    page = visitor.page
    for height, text in ((664, "red"), (740, "the red"), (844, "all red")):
        visitor.load_in_window(390, height)
        visitor.say_and_score(text)
        assert page.eval_on_selector_all(".share, #to-done", _IN_VIEW) == 3, height
        expect(page.locator("#done button")).to_be_hidden()  # there is one Done
        page.tap("#to-done")
        expect(page.get_by_role("dialog", name="Are you done with these images?")).to_be_visible()


def test_on_a_large_dense_screen_a_cell_has_no_more_pixels_than_its_picture(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(viewport={"width": 1920, "height": 1080}, device_scale_factor=2)
    visitor.go_to_task()
    sizes = visitor.page.eval_on_selector_all(".class-grid li", _SIZES)
    assert 2 * max(max(size) for size in sizes) <= THUMBNAIL_SHORT_SIDE


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (360, 740)])
@pytest.mark.parametrize("language", ["en", "de"])
def test_what_words_come_to_stands_above_the_fold_with_the_counts(
    new_visitor: NewVisitor, width: int, height: int, language: str
) -> None:
    is_phone = width < 720
    Study.objects.update(goal=0.7)
    visitor = new_visitor(
        viewport={"width": width, "height": height}, has_touch=is_phone, is_mobile=is_phone, locale=language
    )
    visitor.go_to_task()
    for text in ("dark", "blue", "squares"):
        visitor.say_and_score(text)
        answer = visitor.page.locator("#answer")
        bottoms = answer.locator(".conclusion, .side .says").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().bottom)"
        )
        assert max(bottoms) <= bar(visitor.page)[1], text
        assert bottoms[0] == min(bottoms), text


@pytest.mark.parametrize(("width", "height"), [(844, 390), (667, 375)])
@pytest.mark.parametrize("language", ["en", "de"])
def test_on_its_side_a_phone_shows_both_sides_and_done_at_once(
    new_visitor: NewVisitor, width: int, height: int, language: str
) -> None:
    visitor = new_visitor(viewport={"width": width, "height": height}, has_touch=True, is_mobile=True, locale=language)
    visitor.go_to_task()
    page, field = visitor.page, "field => field.getBoundingClientRect().toJSON()"
    before = page.locator("#text").evaluate(field)
    for text in ("dark", "red"):
        visitor.say_and_score(text)
        assert page.eval_on_selector_all(".verdict, .side", _IN_VIEW) == 3
        box = page.locator("#to-done").bounding_box()
        assert box
        assert box["y"] + box["height"] <= height
        assert box["x"] >= page.locator("#phrase button").evaluate("one => one.getBoundingClientRect().right")
        assert page.locator("#text").evaluate(field) == before


def test_the_head_of_a_group_is_no_wider_than_its_pictures_may_be(visitor: Visitor) -> None:
    visitor.go_to_task()
    over = "all => all.map(one => one.scrollWidth - one.clientWidth)"
    for width in (320, 390, 768, 844, 1280):
        visitor.load_in_window(width, 800)
        assert visitor.page.eval_on_selector_all(".class-grid header", over) == [0, 0], width


def test_the_sentence_takes_no_more_than_a_quarter_of_the_window_and_hides_no_focus(visitor: Visitor) -> None:
    windows = (
        *((1280, 800), (768, 1024), (390, 844), (844, 390), (667, 375), (320, 640)),
        *((390, 430), (640, 400), (320, 200)),
    )
    visitor.go_to_task()
    visitor.say_and_score("dark")
    page = visitor.page
    covered = """() => {
        const focused = document.activeElement, over = document.getElementById("phrase");
        if (focused === document.body || over.contains(focused)) return false;
        if (getComputedStyle(over).position !== "fixed") return false;
        if (getComputedStyle(focused).position === "fixed") return false; // Done, which lies on the bar
        return focused.getBoundingClientRect().bottom > over.getBoundingClientRect().top + 1;
    }"""
    for width, height in windows:
        visitor.load_in_window(width, height)
        is_over = page.locator("#phrase").evaluate("bar => getComputedStyle(bar).position === 'fixed'")
        assert not is_over or bar(page)[3] <= height / 4, (width, height)
        page.locator("#main").focus()
        for _ in range(25):
            page.keyboard.press("Tab")
            assert not page.evaluate(covered), (width, height, page.evaluate("document.activeElement.outerHTML"))
