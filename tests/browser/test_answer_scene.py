"""The pictures are the answer: they move to their sides, large, marked where the AI was wrong; one press leads back."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from worker.phrases.scoring import score_due_phrases

PHONE = {"has_touch": True, "is_mobile": True}
_LEAST_CELL = "cells => Math.min(...cells.map(one => one.getBoundingClientRect().width))"
_BELOW_THE_BAR = """all => all.filter(one =>
    one.getBoundingClientRect().bottom > document.getElementById("phrase").getBoundingClientRect().top).length"""
_MOVES = """() => {
    window.moves = [];
    const animate = Element.prototype.animate;
    Element.prototype.animate = function (frames, options) {
        const name = this.querySelector("img").alt;
        window.moves.push({ name, ms: options.duration, goes: "transform" in frames[0] });
        return animate.call(this, frames, options);
    };
}"""


def least_cell(page: Page) -> float:
    return float(page.locator(".side li").evaluate_all(_LEAST_CELL))


@pytest.mark.parametrize(("width", "height", "least"), [(1366, 768, 84), (1600, 900, 110), (1366, 650, 64)])
@pytest.mark.parametrize("language", ["en", "de"])
def test_on_a_laptop_all_pictures_are_large_and_stand_above_the_sentence(
    new_visitor: NewVisitor, width: int, height: int, least: int, language: str
) -> None:
    visitor = new_visitor(viewport={"width": width, "height": height}, locale=language)
    visitor.go_to_task()
    for text in ("dark", "red"):
        visitor.say_and_score(text)
        assert least_cell(visitor.page) >= least
        assert visitor.page.locator(".verdict, .share, .side li").evaluate_all(_BELOW_THE_BAR) == 0
        assert visitor.page.evaluate("scrollY") == 0


@pytest.mark.parametrize("height", [664, 844])
@pytest.mark.parametrize("language", ["en", "de"])
def test_on_a_phone_pictures_have_56_pixels_and_both_shares_stand_above_the_sentence(
    new_visitor: NewVisitor, height: int, language: str
) -> None:
    visitor = new_visitor(viewport={"width": 390, "height": height}, locale=language, **PHONE)
    visitor.go_to_task()
    for text in ("dark", "red"):
        visitor.say_and_score(text)
        assert least_cell(visitor.page) >= 56
        assert visitor.page.locator(".verdict, .share").evaluate_all(_BELOW_THE_BAR) == 0


def test_wrong_pictures_are_marked_by_an_outline_a_mark_and_a_word_and_right_ones_are_not(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.say_and_score("red")
    marked = visitor.page.locator(".side .is-wrong")
    assert marked.count() == 9
    for style in marked.locator("img").evaluate_all("all => all.map(one => getComputedStyle(one).outlineWidth)"):
        assert style == "3px"
    marks = marked.evaluate_all("all => all.map(one => getComputedStyle(one, '::after').content)")
    assert all("✕" in mark for mark in marks)
    assert all("the AI was wrong" in name for name in marked.locator("img").evaluate_all("all => all.map(i => i.alt)"))
    others = visitor.page.locator(".side li:not(.is-wrong) img").evaluate_all("all => all.map(i => i.alt)")
    assert others
    assert all("the AI was right" in name for name in others)


def test_the_pictures_on_the_screen_move_to_their_sides_and_the_sentence_stays(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(reduced_motion="no-preference")
    page = visitor.page
    visitor.go_to_task()
    page.evaluate(_MOVES)
    bar = page.locator("#phrase").bounding_box()
    names = set(page.locator(".class-grid img").evaluate_all("all => all.map(one => one.alt)"))
    for text in ("red", "blue"):  # from the groups, then from the answer before
        visitor.say(text)
        assert page.evaluate("window.moves") == []
        visible = page.locator(".class-grid img:visible, .sides img:visible")
        assert set(visible.evaluate_all("all => all.map(one => one.alt)")) == names  # until the score is there
        score_due_phrases()
        visitor.sees_score_of(text)
        moves = page.evaluate("window.moves.splice(0)")
        assert {move["name"] for move in moves if move["goes"]} == names
        assert all(200 <= move["ms"] <= 400 for move in moves)
        assert page.locator("#phrase").bounding_box() == bar
        expect(page.locator(".former")).to_have_count(0)
        expect(page.locator(".class-grids")).to_be_hidden()


def test_with_reduced_motion_the_final_state_is_there_at_once(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(reduced_motion="reduce")
    visitor.go_to_task()
    visitor.page.evaluate(_MOVES)
    visitor.say_and_score("red")
    assert visitor.page.evaluate("window.moves") == []
    assert visitor.page.evaluate("document.getAnimations().length") == 0


@pytest.mark.parametrize("with_script", [True, False])
def test_one_press_leads_back_to_all_the_images_and_one_to_the_answer(
    new_visitor: NewVisitor, with_script: bool
) -> None:
    visitor = new_visitor(java_script_enabled=with_script)
    page = visitor.page
    visitor.go_to_task()
    visitor.say("red")
    score_due_phrases()
    if not with_script:
        page.reload()
    visitor.sees_score_of("red")
    expect(page.locator("#groups")).to_be_hidden()
    page.click("#all-images")
    expect(page.locator("#answer")).to_be_hidden()
    assert page.locator("#groups img:visible").count() == 24
    page.click("#to-answer")
    expect(page.locator("#answer")).to_be_visible()
    expect(page.locator("#groups")).to_be_hidden()


def test_words_said_while_all_images_are_looked_at_get_their_answer(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.say_and_score("red")
    visitor.page.click("#all-images")
    visitor.say_and_score("dark")
    expect(visitor.page.locator(".side >> nth=0")).to_be_visible()
