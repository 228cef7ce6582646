"""Narrow screens: nothing scrolls sideways but the strips of images, and the field stays in reach."""

import pytest
from playwright.sync_api import expect

from annotations.models import Task
from tests.browser.conftest import NewVisitor
from tests.support.accessibility import overhang


def test_no_page_scrolls_sideways(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(has_touch=True, is_mobile=True)

    def fits(name: str) -> None:
        for width in (390, 320):
            visitor.page.set_viewport_size({"width": width, "height": 700})
            assert overhang(visitor.page) == 0, (name, width)

    for name in visitor.walk_to_task():
        fits(name)
    visitor.say_and_score("an extraordinarilylongwordthatnobodywouldeverwrite red")
    fits("scored")
    visitor.press("done")
    fits("end")
    visitor.press("finish")
    fits("code")


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


def test_after_an_answer_the_first_touch_of_the_field_lets_new_words_replace_the_old(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    visitor.go_to_task()
    visitor.page.tap("#text")
    visitor.page.keyboard.type("red")
    visitor.page.get_by_role("button", name="Check").tap()
    expect(visitor.page.locator("#answer[data-text=red]")).to_be_attached()
    visitor.page.tap("h1")  # the keyboard goes
    visitor.page.tap("#text")
    visitor.page.keyboard.type("light background")
    expect(visitor.page.locator("#text")).to_have_value("light background")


def test_targets_are_large_enough_for_a_finger(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    Task.objects.update(suggested_words="blue")
    visitor.go_to_task()
    visitor.say_and_score("dark")
    visitor.page.click("#adjust summary")
    heights = "all => all.map(one => [one.textContent.trim(), Math.round(one.getBoundingClientRect().height)])"
    targets = visitor.page.eval_on_selector_all(
        "button:not(dialog *, #done *, .move), #text, #history a, .others, .chip, summary, #threshold-thumb",
        heights,
    )
    assert {"Check", "Yes", "Back to the best place", "blue"} <= {name for name, _ in targets}
    assert [target for target in targets if target[1] < 44] == []


def test_an_enlarged_image_leaves_its_close_button_room(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(has_touch=True, is_mobile=True)
    visitor.go_to_task()
    for width, height in ((390, 844), (844, 390), (667, 375)):
        visitor.load_in_window(width, height)
        visitor.page.tap("#wrong-images a >> nth=0")
        dialog, close = (visitor.page.locator(one).bounding_box() for one in ("#enlarged", "#enlarged button"))
        assert dialog
        assert close
        assert close["y"] + close["height"] + 8 <= dialog["y"] + dialog["height"] <= height - 4
