"""The images have the page until the first phrase; the sentence never moves, and hides nothing that has the focus."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

_SIZES = "all => all.map(one => { const box = one.getBoundingClientRect(); return [box.width, box.height]; })"
_IN_VIEW = """all => all.filter(one => {
    const box = one.getBoundingClientRect(), bar = document.getElementById("phrase").getBoundingClientRect();
    return box.left >= 0 && box.right <= innerWidth && box.top >= 0 && box.bottom <= bar.top;
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


def test_after_a_phrase_the_groups_are_strips_that_open_again_and_the_sentence_stays(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    before = bar(page)
    visitor.say_and_score("red")
    assert bar(page) == before
    page.evaluate("() => Promise.all(document.getAnimations().map(each => each.finished))")  # they shrink for a moment
    sizes = page.eval_on_selector_all(".class-grid li", _SIZES)
    assert {tuple(size) for size in sizes} == {(52, 52)}
    more = page.locator("#right-images .more")
    expect(more).to_have_text("8 more")
    more.click()
    assert min(min(size) for size in page.eval_on_selector_all(".class-grid li", _SIZES)) >= 110
    visitor.say_and_score("dark")
    expect(more).to_have_text("8 more")
    assert bar(page) == before


def test_on_a_phone_the_answer_leads_to_done_once_it_is_well(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    visitor.go_to_task()
    page = visitor.page
    visitor.say_and_score("dark")
    expect(page.locator(".to-done")).to_have_count(0)
    visitor.say_and_score("red")
    assert page.eval_on_selector_all(".to-done", _IN_VIEW) == 1
    page.tap(".to-done a")
    page.wait_for_function(f"({_IN_VIEW})([document.querySelector('#done button')]) === 1")


def test_on_its_side_a_phone_shows_both_halves_of_the_split_above_the_sentence(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(viewport={"width": 844, "height": 390}, has_touch=True, is_mobile=True)
    visitor.go_to_task()
    visitor.say_and_score("red")
    assert visitor.page.eval_on_selector_all(".side", _IN_VIEW) == 2


@pytest.mark.parametrize("width", [320, 390, 768, 844, 1280])
def test_the_head_of_a_group_is_no_wider_than_its_pictures_may_be(new_visitor: NewVisitor, width: int) -> None:
    visitor = new_visitor(viewport={"width": width, "height": 800})
    visitor.go_to_task()
    over = visitor.page.eval_on_selector_all(
        ".class-grid header", "all => all.map(one => one.scrollWidth - one.clientWidth)"
    )
    assert over == [0, 0]


@pytest.mark.parametrize(
    ("width", "height"),
    [(1280, 800), (768, 1024), (390, 844), (844, 390), (320, 640), (390, 430), (640, 400), (320, 200)],
)
def test_the_sentence_takes_no_more_than_a_quarter_of_the_window_and_hides_no_focus(
    new_visitor: NewVisitor, width: int, height: int
) -> None:
    visitor = new_visitor(viewport={"width": width, "height": height})
    visitor.go_to_task()
    visitor.say_and_score("dark")
    page = visitor.page
    is_over = page.locator("#phrase").evaluate("bar => getComputedStyle(bar).position === 'fixed'")
    if is_over:
        assert bar(page)[3] <= height / 4
    covered = """() => {
        const focused = document.activeElement, over = document.getElementById("phrase");
        if (focused === document.body || over.contains(focused)) return false;
        if (getComputedStyle(over).position !== "fixed") return false;
        return focused.getBoundingClientRect().bottom > over.getBoundingClientRect().top + 1;
    }"""
    page.locator("#main").focus()
    for _ in range(25):
        page.keyboard.press("Tab")
        assert not page.evaluate(covered), page.evaluate("document.activeElement.outerHTML")
