"""A whole visit by mouse."""

import re

from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from annotations.models import AnnotationSession, EndAnswer, Outcome, Phrase, Study
from clarify_errors.arrays.images.image_files import THUMBNAIL_SHORT_SIDE
from tests.browser.conftest import NewVisitor, ask_at_the_end
from tests.browser.visitor import Visitor


def test_a_person_goes_from_the_link_to_the_code(visitor: Visitor) -> None:
    page = visitor.page
    ask_at_the_end("How hard was it? | easy | hard\nAnything else?")
    for _ in visitor.walk_to_task():
        pass
    visitor.say_and_score("blue")
    expect(page.locator("#answer")).to_contain_text("The AI is wrong less often on images like that.")
    expect(page.locator("#history .star")).to_have_count(0)  # of words that do no better than guessing none is best
    visitor.say_and_score("red")
    expect(page.locator("#answer")).to_contain_text("explain the mistakes very well")
    assert visitor.history == ["blue", "red"]
    expect(page.locator("#history .best bdi")).to_have_text("red")
    expect(page.locator("#history .star")).to_have_text("★ best")
    visitor.say_and_score("red or tilted")
    expect(page.locator("#answer .next-step")).to_contain_text("leave out a word")
    visitor.press("done")
    expect(page.locator(".found")).to_contain_text("red very well")
    page.check("input[value=easy]")
    visitor.press("finish")
    assert visitor.code == "C0DE1234"
    assert AnnotationSession.objects.get().outcome == Outcome.COMPLETED
    assert EndAnswer.objects.get().answer == "easy"
    assert [phrase.text for phrase in Phrase.objects.order_by("ordinal")] == ["blue", "red", "red or tilted"]


def test_an_earlier_phrase_is_shown_again_with_one_click(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.say_and_score("blue")
    visitor.say_and_score("red")
    visitor.page.click("#history a:has-text('blue')")
    visitor.sees_score_of("blue")
    visitor.page.reload()
    visitor.sees_score_of("blue")
    assert Phrase.objects.count() == 2


def test_a_refused_phrase_is_explained_beside_the_field(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.page.fill("#text", "?!")
    visitor.page.press("#text", "Enter")
    expect(visitor.page.locator("#phrase-error")).to_contain_text("only punctuation")
    expect(visitor.page.locator("#text")).to_have_value("?!")
    visitor.say_and_score("red")
    expect(visitor.page.locator("#phrase-error")).to_be_empty()
    assert visitor.history == ["red"]


def test_an_image_is_enlarged_and_says_what_the_ai_said(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.page.click("#wrong-images a >> nth=1")
    expect(visitor.page.locator("#enlarged")).to_contain_text(
        re.compile(r"Image \d+, the AI was wrong\. It said: oval\.")
    )
    picture = visitor.page.locator("#enlarged img").bounding_box()
    assert picture
    assert min(picture["width"], picture["height"]) >= 2 * THUMBNAIL_SHORT_SIDE
    visitor.page.click("#enlarged button")
    expect(visitor.page.locator("#enlarged")).to_be_hidden()


def test_the_clock_counts_down(visitor: Visitor) -> None:
    visitor.go_to_task()
    timer = visitor.page.locator("#timer span")
    expect(timer).to_contain_text(":")
    shown = timer.inner_text()
    expect(timer).not_to_have_text(shown)


def test_the_code_is_copied(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(permissions=["clipboard-read", "clipboard-write"])
    visitor.go_to_task()
    visitor.say("red")
    visitor.press("done")
    visitor.press("finish")
    visitor.page.click("[data-copy]")
    expect(visitor.page.locator("[data-copy]")).to_have_text("Copied")
    assert visitor.page.evaluate("navigator.clipboard.readText()") == "C0DE1234"


def test_after_the_code_the_browser_goes_back_to_where_the_person_came_from(
    visitor: Visitor, live_server: LiveServer
) -> None:
    Study.objects.update(completion_url=f"{live_server.url}/came-from?cc={{code}}")
    visitor.page.route("**/came-from**", lambda route: route.fulfill(body="You are back"))
    visitor.go_to_task()
    visitor.say("red")
    visitor.press("done")
    visitor.press("finish")
    assert visitor.code == "C0DE1234"
    visitor.page.wait_for_url("**/came-from?cc=C0DE1234")
