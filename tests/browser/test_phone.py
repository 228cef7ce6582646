"""Narrow screens: nothing scrolls sideways but the strips of images, and the field stays in reach."""

import pytest
from playwright.sync_api import expect

from annotations.models import Task
from tests.accessibility import overhang
from tests.browser.conftest import NewVisitor

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [320, 390])
def test_no_page_scrolls_sideways(new_visitor: NewVisitor, width: int) -> None:
    visitor = new_visitor(viewport={"width": width, "height": 700}, has_touch=True, is_mobile=True)
    for name in visitor.walk_to_task():
        assert overhang(visitor.page) == 0, name
    visitor.say_and_score("an extraordinarilylongwordthatnobodywouldeverwrite red")
    assert overhang(visitor.page) == 0
    visitor.press("done")
    assert overhang(visitor.page) == 0
    visitor.press("finish")
    assert overhang(visitor.page) == 0


@pytest.mark.parametrize("language", ["en", "de"])
def test_two_words_fit_into_the_field(new_visitor: NewVisitor, language: str) -> None:
    visitor = new_visitor(viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True, locale=language)
    visitor.go_to_task()
    visitor.page.fill("#text", "dark red")
    assert visitor.page.evaluate("(field => field.scrollWidth <= field.clientWidth)(document.getElementById('text'))")


def test_the_field_stays_in_reach_and_the_answer_comes_into_view(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    visitor.go_to_task()
    expect(visitor.page.locator("#text")).to_be_in_viewport()
    visitor.say_and_score("red")
    expect(visitor.page.locator("#text")).to_be_in_viewport()
    expect(visitor.page.locator(".share").first).to_be_in_viewport()


def test_targets_are_large_enough_for_a_finger(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    Task.objects.update(suggested_words="blue")
    visitor.go_to_task()
    visitor.say_and_score("dark")
    visitor.page.click("#adjust summary")
    heights = "all => all.map(one => [one.textContent.trim(), Math.round(one.getBoundingClientRect().height)])"
    targets = visitor.page.eval_on_selector_all(
        "button:not(dialog *, .more, .move), #text, #history a, .others, .chip, .said summary, #threshold-thumb",
        heights,
    )
    assert {"Check", "Yes", "Back to the best place", "blue"} <= {name for name, _ in targets}
    assert [target for target in targets if target[1] < 44] == []
