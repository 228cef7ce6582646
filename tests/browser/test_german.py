"""The second language, all the way: no English is left over, no page breaks, no page has a violation."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from annotations.models import Study
from tests.browser.conftest import NewVisitor, ask_at_the_end
from tests.browser.visitor import Visitor, back_to_all_images
from tests.support import messages
from tests.support.accessibility import assert_no_violations, follow, overhang

_WITHOUT_THE_STUDYS_OWN_TEXTS = """() => {
    const copy = document.documentElement.cloneNode(true);
    copy.querySelectorAll(".prose").forEach((text) => text.remove());
    return copy.outerHTML;
}"""


def english() -> list[str]:
    """Sentences and words that only the English pages have."""
    texts = [message.id for message in messages.stored("de") if isinstance(message.id, str)]
    return [text for text in texts if len(text) > 12 and not re.search(r"%\(|[{<]", text)]


def check(visitor: Visitor, name: str) -> None:
    page = visitor.page
    expect(page.locator("html")).to_have_attribute("lang", "de")
    shown = page.evaluate(_WITHOUT_THE_STUDYS_OWN_TEXTS)
    assert [text for text in english() if text in shown] == [], name
    assert not re.search(r"\d%", page.inner_text("body")), f"{name}: a percent sign without its space"
    assert overhang(page) == 0, f"{name} scrolls sideways"
    assert_no_violations(page, name)


def all_pages(visitor: Visitor) -> Iterator[str]:
    """From the link to the end, with every kind of answer on the way."""
    yield from visitor.walk_to_task()
    visitor.say("blue")
    yield "scoring"
    visitor.say_and_score("light")
    yield "scored, with a question"
    visitor.page.fill("#text", "?!")
    visitor.page.press("#text", "Enter")
    visitor.page.wait_for_selector("#phrase-error:not(:empty)")
    yield "refused"
    visitor.press("done")
    yield "end"
    visitor.press("finish")
    yield "code"
    follow(visitor.page.locator("#withdrawal-link"))
    yield "withdraw"


@pytest.mark.parametrize(
    "options",
    [{}, {"viewport": {"width": 320, "height": 700}, "has_touch": True, "is_mobile": True}],
    ids=["1280", "320"],
)
def test_every_page_of_a_visit_is_german(new_visitor: NewVisitor, options: dict[str, object]) -> None:
    visitor = new_visitor(locale="de-DE", **options)
    ask_at_the_end("Wie schwer war es? | leicht | schwer")
    for name in all_pages(visitor):
        check(visitor, name)


def test_what_scripts_say_is_german_too(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(locale="de-DE")
    visitor.go_to_task()
    page = visitor.page
    visitor.say_and_score("red")
    expect(page.locator("#announcement")).to_contain_text("Ihre Wörter erklären die Fehler sehr gut.")
    visitor.take_handle()
    page.keyboard.press("PageUp")
    expect(page.locator("[data-percent]").first).to_have_text(re.compile(r"^\d+\u00a0%$"))
    back_to_all_images(page)
    page.click("#wrong-images a >> nth=0")
    expect(page.locator("#enlarged-caption")).to_have_text("Bild 2, die KI lag falsch. Sie sagte: oval.")
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    page.fill("#text", "blue")
    page.press("#text", "Enter")
    expect(page.locator("#offline")).to_contain_text("Es besteht keine Verbindung.")
    page.context.set_offline(False)
    expect(page.locator("#history li")).to_have_count(2)


def test_the_switch_changes_the_page_and_keeps_the_place(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.say_and_score("red")
    address = visitor.page.url
    visitor.press("language", "button[value=de]")
    expect(visitor.page.locator("#phrase button")).to_have_text("Prüfen")
    assert visitor.page.url == address
    assert visitor.history == ["red"]
    visitor.press("language", "button[value=en]")
    expect(visitor.page.locator("#phrase button")).to_have_text("Check")


def test_faults_are_told_in_german(new_visitor: NewVisitor, study: Study) -> None:
    visitor = new_visitor(locale="de-DE")
    for path in ("/nowhere", "/visit/", "/study/sprites/"):
        visitor.page.goto(visitor.origin + path)
        check(visitor, path)


def test_a_german_visit_of_an_english_study_says_in_which_language_to_write_and_asks_about_german_words(
    new_visitor: NewVisitor,
) -> None:
    visitor = new_visitor(locale="de-DE", viewport={"width": 390, "height": 740})
    visitor.go_to_task()
    page = visitor.page
    expect(page.locator("#phrase label")).to_contain_text("(auf Englisch)")
    assert overhang(page) == 0
    page.fill("#text", "rot")
    page.press("#text", "Enter")
    expect(page.get_by_role("alert")).to_contain_text("Bitte schreiben Sie auf Englisch.")
    expect(page.locator("#history h2")).to_contain_text("0 von 20")
    assert visitor.history == []
