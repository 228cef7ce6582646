"""What the page makes of words that are none, and of words that are meant otherwise than they stand."""

import re

import pytest
from playwright.sync_api import expect

from annotations.models import Phrase
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.support.accessibility import assert_no_violations, overhang

REFUSED = {
    "empty": ("", "Please type a phrase first."),
    "blank": (" \u00a0 ", "nothing in it that shows"),
    "too long": ("very " * 24 + "red", "at most 120 characters"),
    "control characters": ("re\u0007d", "line breaks or control characters"),
    "a line separator": ("red\u2028squares", "line breaks or control characters"),
    "only punctuation": ("?!…", "only punctuation"),
}
TAKEN_AS_TYPED = {
    "as long as may be": ("very " * 23 + "red!!").ljust(120, "!")[:120],
    "emoji": "🟥 squares 👩‍🚀",
    "right to left": "مربعات red حمراء",
    "HTML": "<img src=x onerror=alert(1)><b>red</b> &amp; {phrase}",
    "a formula": "=HYPERLINK(red)",
}
READ_AS = {
    "no": ("no blue", "We looked for images without blue.", "0.8"),
    "a sentence": (
        "The AI is often wrong on images that have red squares in it.",
        "We looked for images with red squares.",
        "0.",
    ),
    "a denied sentence": ("they don't have blue", "We looked for images without blue.", "0.8"),
}


def test_what_cannot_be_scored_is_refused_beside_the_field_and_stays_in_it(visitor: Visitor) -> None:
    visitor.go_to_task()
    page, field = visitor.page, visitor.page.locator("#text")
    for number, (name, (text, sentence)) in enumerate(REFUSED.items()):
        page.fill("#text", text)
        page.press("#text", "Enter")
        expect(page.get_by_role("alert")).to_contain_text(sentence)
        expect(field).to_have_value(text)
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(page.locator("#phrase-error").inner_text())
        assert Phrase.objects.count() == number, name
        assert_no_violations(page, name)
        visitor.say(f"red {number}")
        expect(page.locator("#phrase-error")).to_be_empty()
        expect(field).not_to_have_attribute("aria-invalid", "true")


def test_any_other_words_are_shown_and_stored_as_they_were_typed(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    for number, (name, text) in enumerate(TAKEN_AS_TYPED.items(), start=1):
        visitor.say_and_score(text)
        assert visitor.history == list(TAKEN_AS_TYPED.values())[:number]
        assert Phrase.objects.latest("pk").text == text
        assert page.locator("#answer img[src=x], #history b").count() == 0, name
        assert overhang(page) == 0, name
        assert_no_violations(page, name)


def test_words_from_right_to_left_run_so_and_turn_nothing_else(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.say_and_score("مربعات red حمراء")
    page = visitor.page
    directions = "all => all.map(one => getComputedStyle(one).direction)"
    assert set(page.eval_on_selector_all("#text, #answer .side q, #history bdi", directions)) == {"rtl"}
    assert set(page.eval_on_selector_all("#answer, #history a, #phrase", directions)) == {"ltr"}


def test_a_negation_and_a_sentence_are_read_as_they_are_meant(visitor: Visitor) -> None:
    visitor.go_to_task()
    for text, sentence, score in READ_AS.values():
        visitor.say_and_score(text)
        expect(visitor.page.locator("#answer .read-as")).to_have_text(sentence)
        assert f"{Phrase.objects.latest('pk').score.value:.2f}".startswith(score), text
        expect(visitor.page.locator("#history .level").last).to_contain_text("well")
        expect(visitor.page.locator("#announcement")).to_contain_text(sentence)
        assert visitor.history[-1] == text


def test_a_plural_scores_like_its_singular(visitor: Visitor) -> None:
    visitor.go_to_task()
    for text in ("red square", "red squares"):
        visitor.say_and_score(text)
    assert [f"{phrase.score.value:.2f}" for phrase in Phrase.objects.all()] == ["0.87", "0.87"]
    expect(visitor.page.locator("#history .level")).to_have_text([re.compile("well"), re.compile("well")])


@pytest.mark.usefixtures("own_clock")
def test_a_word_that_no_list_has_is_asked_about_before_it_is_scored_and_uses_no_try(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(viewport={"width": 360, "height": 640})
    visitor.go_to_task()
    page = visitor.page
    page.clock.set_fixed_time(1_000)
    page.fill("#text", "rde")
    page.press("#text", "Enter")
    asked = page.get_by_role("alert")
    expect(asked).to_contain_text("Not checked yet: we may not know “rde”.")
    expect(asked).to_be_in_viewport(ratio=1)
    expect(asked).to_have_css("color", page.locator("main").evaluate("main => getComputedStyle(main).color"))
    expect(page.locator("#text")).not_to_have_attribute("aria-invalid", "true")  # a question is no error
    expect(page.locator("#text")).to_have_accessible_description(re.compile("Did you mean: red"))
    assert_no_violations(page)
    asked.get_by_role("link", name="red").click()
    expect(page.locator("#text")).to_have_value("red")
    expect(page.locator("#phrase-error")).to_be_empty()
    visitor.say_and_score("red")
    assert visitor.history == ["red"]
    page.fill("#text", "qwzx")
    page.press("#text", "Enter")
    expect(asked).to_contain_text("If it is spelled right, press Check once more.")
    expect(page.locator("#history h2")).to_contain_text("1 of 20 tries")
    page.clock.set_fixed_time(1_002)  # no double click
    page.press("#text", "Enter")
    expect(page.locator("#answer")).to_have_attribute("data-text", "qwzx")
    expect(page.locator("#phrase-error")).to_be_empty()
    assert visitor.history == ["red", "qwzx"]


def test_words_that_waited_for_the_network_are_taken_without_a_question(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    page.context.set_offline(True)
    page.fill("#text", "qwzx")
    page.press("#text", "Enter")
    expect(page.locator("#offline")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#answer")).to_have_attribute("data-text", "qwzx")
    assert visitor.history == ["qwzx"]


@pytest.mark.parametrize("text", ["square", "Squares", "a square"])
def test_the_name_of_the_class_is_answered_as_that(visitor: Visitor, text: str) -> None:
    visitor.go_to_task()
    visitor.say_and_score(text)
    expect(visitor.page.locator("#verdict")).to_contain_text("All of these images are square")
    expect(visitor.page.locator("#answer .side")).to_have_count(0)
    expect(visitor.page.locator("#announcement")).to_contain_text("What do only the wrong ones have?")
    expect(visitor.page.locator("#doubt")).to_have_count(0)
